import numpy as np
import pytest
from components import agree, example, goes_on, needs_cpp, trainer

import biossl

PATHS = {"noisy_transpose": {}, "kolen_pollack": {}, "weight_mirror": {"feedback.samples": 7}}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_equals_that_in_cpp(name, small):
    needs_cpp("rule.feedback", name)
    example(name)
    one, other = (
        trainer(small, {"rule.feedback": kind, "loss.kind": "nt_xent", **PATHS[name]})
        for kind in (f"{name}_python", name)
    )
    agree(one, other)
    for layer in one.layers:
        np.testing.assert_allclose(one.layers[layer].feedback, other.layers[layer].feedback, rtol=1e-3, atol=1e-5)
        assert one.layers[layer].errors_sent == other.layers[layer].errors_sent


@pytest.mark.parametrize("name", PATHS)
def test_a_run_goes_on(name, small, tmp_path):
    example(name)
    goes_on(small, {"rule.feedback": f"{name}_python", **PATHS[name]}, tmp_path)


def test_without_noise_it_is_backpropagation(small):
    example("noisy_transpose")
    one, other = trainer(small, {"rule.feedback": "noisy_transpose_python", "feedback.noise": 0.0}), trainer(small)
    for _ in range(4):
        assert one.step() == other.step()
    for name, layer in one.layers.items():
        np.testing.assert_array_equal(layer.weight, other.layers[name].weight)


def test_a_path_of_another_shape(small):
    @biossl.register("misshapen", "not of the shape of W", replace=True)
    class Misshapen(biossl.Feedback):
        def weights(self, W, steps):
            return W[:1, :1]

    with pytest.raises(ValueError, match="misshapen"):
        trainer(small, {"rule.feedback": "misshapen"}).step()


def test_describe(small):
    example("kolen_pollack")
    text = biossl.describe(small, set={"rule.feedback": "kolen_pollack_python"})
    assert "weights of their own that learn" in text and "(iii) kept" in text
