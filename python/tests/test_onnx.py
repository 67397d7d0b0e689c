import os

import numpy as np
import pytest
from networks import NETWORKS, untrained

import biossl

onnx = pytest.importorskip("onnx", reason="needs onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")


def run_model(model, images):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert [(it.name, it.shape[0]) for it in session.get_inputs()] == [("images", "N")]
    values = session.run(None, {"images": np.ascontiguousarray(images.transpose(0, 3, 1, 2))})
    return dict(zip([it.name for it in session.get_outputs()], values))


@pytest.mark.parametrize("network", NETWORKS)
def test_outputs_equal(network, images):
    from biossl.export.onnx import model_of

    encoder = untrained(network)
    model = model_of(encoder).SerializeToString()
    numbers = images.astype(np.float32) / 255
    outputs = run_model(model, numbers)
    np.testing.assert_allclose(outputs["features"], encoder(numbers), atol=1e-5)
    np.testing.assert_allclose(outputs["embeddings"], encoder.embed(numbers), atol=1e-5)
    np.testing.assert_allclose(run_model(model, numbers[:3])["features"], encoder(numbers[:3]), atol=1e-5)


def test_a_head_of_pairs_and_no_heads_leave_no_embeddings():
    from biossl.export.onnx import model_of

    recipe = {"data": {"pretrain": "world", "image_size": 16}, "loss": {"kind": "clapp"}}
    for model in (model_of(biossl.Encoder.untrained(recipe)), model_of(untrained("pooled"), heads=False)):
        assert [output.name for output in model.graph.output] == ["features"]


def test_a_run_is_exported(trained, images, tmp_path):
    from biossl.export.onnx import export

    line = export(trained.path, tmp_path / "encoder.onnx")
    assert "2 blocks after 2 epochs" in line and "features, embeddings" in line
    numbers = images.astype(np.float32) / 255
    outputs = run_model(str(tmp_path / "encoder.onnx"), numbers)
    np.testing.assert_allclose(outputs["features"], trained.encoder(numbers), atol=1e-5)


def test_faults(tmp_path, trained):
    from biossl.export.onnx import export

    with pytest.raises(ValueError, match="nowhere"):
        export(tmp_path / "nowhere", tmp_path / "encoder.onnx")
    with pytest.raises(OSError):
        export(trained.path, tmp_path / "no" / "such" / "folder.onnx")


def test_an_export_that_fails_leaves_the_old_file_alone(tmp_path, trained, monkeypatch):
    from biossl.export.onnx import export

    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "encoder.onnx").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        export(trained.path, tmp_path / "encoder.onnx")
    assert (tmp_path / "encoder.onnx").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_the_command(trained, tmp_path, capsys):
    from biossl.export.__main__ import main

    assert main(["--onnx", str(tmp_path / "encoder.onnx"), str(trained.path)]) == 0
    assert "features, embeddings" in capsys.readouterr().out and (tmp_path / "encoder.onnx").exists()
    assert main(["--onnx", str(tmp_path / "encoder.onnx"), str(tmp_path / "nowhere")]) == 3
    assert "nowhere" in capsys.readouterr().err


def test_a_run_is_no_encoder(trained):
    from biossl.export.onnx import model_of

    with pytest.raises(TypeError, match="a biossl.Encoder is expected"):
        model_of(trained)
