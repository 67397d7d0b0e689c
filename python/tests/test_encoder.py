import pickle
import subprocess
import threading

import numpy as np
import pytest

import biossl
from biossl import _program


def test_shapes_and_types(trained, images):
    encoder = trained.encoder
    assert encoder.depth == 2 and encoder.epochs == 2 and encoder.image_shape == (16, 16, 3)
    features = encoder(images)
    assert features.dtype == np.float32 and features.shape == (50, 16, 4, 4) == (50, *encoder.output_shape())
    assert encoder(images, block=0).shape == (50, 8, 8, 8)
    assert np.array_equal(encoder(images, block=-2), encoder(images, block=0))
    assert encoder.embed(images).shape == (50, 64)
    assert encoder(images[:0]).shape == (0, 16, 4, 4)


def test_bytes_and_numbers_agree(trained, images):
    numbers = images.astype(np.float32) / 255
    np.testing.assert_allclose(trained.encoder(numbers), trained.encoder(images), atol=1e-6)
    np.testing.assert_allclose(trained.encoder(numbers.astype(np.float64)), trained.encoder(images), atol=1e-6)


def test_any_number_of_images_and_any_strides(trained):
    many = np.random.default_rng(2).integers(0, 256, (257, 16, 16, 3), np.uint8)
    whole = trained.encoder(many)
    np.testing.assert_array_equal(whole[100:103], trained.encoder(many[100:103]))
    np.testing.assert_array_equal(whole[::2], trained.encoder(many[::2]))
    turned = np.asfortranarray(many)
    np.testing.assert_array_equal(whole, trained.encoder(turned))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x[:, :8], "trained on"),
        (lambda x: x[..., :1], "trained on"),
        (lambda x: x[0, 0], r"\(N, H, W, C\)"),
        (lambda x: x.astype(np.int32), "uint8"),
        (lambda x: x.astype(np.float32), "divide by 255"),
        (lambda x: np.full(x.shape, np.nan, np.float32), "NaN"),
    ],
)
def test_other_images_are_refused(trained, images, change, words):
    with pytest.raises(ValueError, match=words):
        trained.encoder(change(images))


def test_an_unknown_block(trained, images):
    with pytest.raises(ValueError, match="blocks 0 to 1"):
        trained.encoder(images, block=2)


def test_the_program_reads_the_same(images, small, tmp_path):
    program = _program.path()
    if not program.exists():
        pytest.skip("the package is not built: its program is missing")
    np.save(tmp_path / "images.npy", images)
    recipe = {
        **small,
        "views": {"kind": "deform"},
        "data": {"pretrain": "array", "probe": "array", "array": {"path": "images.npy"}},
    }
    run = biossl.pretrain(recipe=recipe, data=tmp_path, out=tmp_path / "run", progress=False)
    out = tmp_path / "features.npy"
    command = [program, "embed", run.path, "--data", tmp_path, "--split", "train", "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    np.testing.assert_array_equal(np.load(out), run.encoder(images))


def test_weights_share_memory_and_can_be_set(trained, images):
    encoder = biossl.Encoder(trained.path)
    layer = encoder.layers["blocks.0"]
    assert layer.weight.shape == (8, 3, 3, 3) and layer.weight.dtype == np.float32
    assert not layer.weight.flags.writeable and layer.bias is None
    before = encoder(images)
    kept = layer.weight
    layer.weight = np.zeros(layer.weight.shape)
    assert not kept.any()
    assert not np.array_equal(encoder(images), before)
    with pytest.raises(ValueError, match=r"\(8, 3, 3, 3\)"):
        layer.weight = np.zeros((8, 3, 3, 2))
    with pytest.raises(ValueError, match="bias"):
        layer.bias = np.zeros(8)
    del encoder
    assert kept.sum() == 0  # the memory lives on


def test_pickle(trained, images):
    copy = pickle.loads(pickle.dumps(trained.encoder))
    np.testing.assert_array_equal(copy(images), trained.encoder(images))


def test_threads_share_an_encoder(trained, images):
    expected = trained.encoder(images)
    results = [None] * 4

    def read(i):
        results[i] = trained.encoder(images)

    threads = [threading.Thread(target=read, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_damaged_checkpoints_are_bad_input(tmp_path):
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    with pytest.raises(biossl.BadInput, match="broken"):
        biossl.Encoder(tmp_path / "broken.safetensors")
