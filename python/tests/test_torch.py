import numpy as np
import pytest
from networks import NETWORKS, untrained

import biossl

torch = pytest.importorskip("torch", reason="needs PyTorch", exc_type=ImportError)


@pytest.fixture
def numbers(images):
    return images.astype(np.float32) / 255


def as_torch(numbers):
    return torch.from_numpy(np.ascontiguousarray(numbers.transpose(0, 3, 1, 2)))


@pytest.mark.parametrize("network", NETWORKS)
def test_outputs_equal(network, numbers):
    encoder = untrained(network)
    module = encoder.to_torch()
    with torch.no_grad():
        for block in range(encoder.depth):
            ours, theirs = encoder(numbers, block=block), module.features(as_torch(numbers), block).numpy()
            assert ours.std() > 0.01
            np.testing.assert_allclose(theirs, ours, atol=1e-5)
        np.testing.assert_array_equal(module(as_torch(numbers)), module.features(as_torch(numbers), -1))
        np.testing.assert_allclose(module.embed(as_torch(numbers)), encoder.embed(numbers), atol=1e-5)


def test_a_trained_network(trained, numbers):
    with torch.no_grad():
        outputs = trained.encoder.to_torch()(as_torch(numbers)).numpy()
    np.testing.assert_allclose(outputs, trained.encoder(numbers), atol=1e-5)


def test_every_head_of_a_layerwise_rule_comes_along(small, numbers):
    encoder = biossl.Encoder.untrained(small, {"rule.kind": "gll"})
    module = encoder.to_torch()
    assert list(module.heads) == ["0", "1"]
    assert module.embed(as_torch(numbers), 0).shape == (50, 64)
    assert [tuple(it.shape) for it in module.state_dict().values()] == [it.shape for it in encoder.weights().values()]


def test_a_head_of_pairs(numbers):
    encoder = biossl.Encoder.untrained({"data": {"pretrain": "world", "image_size": 16}, "loss": {"kind": "clapp"}})
    module = encoder.to_torch()
    images = as_torch(numbers[:6])
    with torch.no_grad():
        features = module(images)
        weight = torch.from_numpy(encoder.weights()["heads.4.weight"])[:, :, 0, 0]
        predicted = torch.einsum("oc,nchw->nhwo", weight, features[:3])
        expected = torch.cat([predicted, features[3:].permute(0, 2, 3, 1)]).flatten(1)
        np.testing.assert_allclose(module.embed(images), expected, atol=1e-5)
    with pytest.raises(ValueError, match="no pairs"):
        module.embed(images[:3])


def test_there_and_back(numbers):
    encoder = untrained("mlp")
    module = encoder.to_torch()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(0.5)
    changed = biossl.Encoder.from_torch(module, encoder.recipe)
    assert not np.allclose(changed.embed(numbers), encoder.embed(numbers), atol=1e-3)
    np.testing.assert_allclose(changed.embed(numbers), module.embed(as_torch(numbers)).detach(), atol=1e-5)
    for name, weights in encoder.weights().items():
        np.testing.assert_array_equal(changed.weights()[name], weights / 2)


def test_a_module_of_ones_own(numbers, small, tmp_path):
    own = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.nn.MaxPool2d(2), torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 3, padding=1), torch.nn.MaxPool2d(2), torch.nn.ReLU(),
    )  # fmt: skip
    encoder = biossl.Encoder.from_torch(own, small)
    np.testing.assert_allclose(encoder(numbers), own(as_torch(numbers)).detach(), atol=1e-5)
    assert encoder.epochs == 0 and encoder.path == ""
    encoder.save(tmp_path / "own.safetensors")
    np.testing.assert_array_equal(biossl.Encoder(tmp_path / "own.safetensors")(numbers), encoder(numbers))
    trainer = biossl.Trainer(small, set={"train.from": tmp_path / "own.safetensors"}, progress=False)
    np.testing.assert_array_equal(trainer(numbers), encoder(numbers))


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([(3, 8, False), (9, 16, True)], r"'1\.weight'.*\(16, 9, 3, 3\).*'blocks\.1\.weight', \(16, 8, 3, 3\)"),
        ([(3, 8, True)], r"'0\.bias'.*\(8,\).*'blocks\.1\.weight'"),
        ([(3, 8, False)], r"1 tensors, and none for the network's 'blocks\.1\.weight'"),
        ([(3, 8, False), (8, 16, True), (16, 64, False)], r"'2\.weight'.*'heads\.1\.weight'"),
    ],
)
def test_the_first_tensor_that_does_not_match(layers, words, small):
    module = torch.nn.Sequential(*(torch.nn.Conv2d(i, o, 3, bias=bias) for i, o, bias in layers))
    with pytest.raises(ValueError, match=words):
        biossl.Encoder.from_torch(module, small)


def test_too_many_tensors(small):
    module = biossl.Encoder.untrained(small).to_torch()
    module.more = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r"'more\.weight' is too much"):
        biossl.Encoder.from_torch(module, small)


def test_what_is_refused(numbers):
    module = untrained("pooled").to_torch(heads=False)
    with pytest.raises(ValueError, match="blocks 0 to 0"):
        module.features(as_torch(numbers), 1)
    with pytest.raises(ValueError, match="no head"):
        module.embed(as_torch(numbers))
    with pytest.raises(ValueError, match=r"\(N, 3, 16, 16\)"):
        module(torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize(("part", "name"), [("blocks", "blocks.0"), ("heads", "heads.1")])
def test_kinds_of_extensions_are_refused_by_name(part, name, small):
    from biossl.torch import TorchEncoder

    encoder = biossl.Encoder.untrained(small)
    structure = encoder.structure()
    structure[part][0]["kind"] = "residual"
    with pytest.raises(ValueError, match=f"{name} is of the kind 'residual'"):
        TorchEncoder(structure, encoder.weights())


def test_what_is_no_module_is_one_line():
    with pytest.raises(TypeError, match="module = 5; a torch.nn.Module is expected"):
        biossl.Encoder.from_torch(5, "quick")


def test_a_block_is_a_whole_number(numbers):
    module = untrained("plain").to_torch()
    for wrong in (True, 1.5, "a"):
        for call in (module.features, module.embed):
            with pytest.raises(TypeError, match=f"^block = {wrong!r}; a whole number is expected$"):
                call(as_torch(numbers), wrong)
    assert torch.equal(module.features(as_torch(numbers), np.int64(-1)), module(as_torch(numbers)))


def test_images_of_bytes_are_told(images):
    with pytest.raises(ValueError, match=r"in \[0,1\], not torch\.uint8; images\.float\(\) / 255$"):
        untrained("average").to_torch()(as_torch(images))


def test_tensors_that_numpy_has_no_arrays_for(trained, numbers):
    for wrong, told in (
        (torch.from_numpy(numbers).bfloat16(), r"images: NumPy has no torch\.bfloat16; use \.float\(\)"),
        (torch.from_numpy(numbers).to_sparse(), r"no arrays of layout torch\.sparse_coo; use \.to_dense\(\)"),
    ):
        with pytest.raises(ValueError, match=told) as fault:
            trained.encoder(wrong)
        assert "\n" not in str(fault.value)
