import subprocess
import sys

import numpy as np
import pytest
from components import agree, check_derivative, example, goes_on, needs_cpp, trainer

import biossl

LOSSES = {"triplet": {}, "vicreg": {}, "lpl": {"rule.kind": "local"}}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_equals_that_in_cpp(name, small):
    needs_cpp("loss.kind", name)
    example(name)
    one, other = (trainer(small, {"loss.kind": kind, **LOSSES[name]}) for kind in (f"{name}_python", name))
    agree(one, other)


@pytest.mark.parametrize("micro_batch", [0, 10])
def test_the_hinge_equals_that_in_cpp(micro_batch, small):
    example("contrastive_hinge")
    kinds = ("contrastive_hinge_python", "contrastive_hinge")
    agree(*(trainer(small, {"loss.kind": kind, "train.micro_batch": micro_batch}) for kind in kinds))


@pytest.mark.parametrize("name", ["triplet", "vicreg", "lpl", "clapp_plus"])
def test_errors_are_derivatives(name):
    example(name)
    classes = {"triplet": "Triplet", "vicreg": "Vicreg", "lpl": "Lpl", "clapp_plus": "ClappPlus"}
    check_derivative(getattr(example(name), classes[name])())


@pytest.mark.parametrize("name", LOSSES)
def test_a_run_goes_on(name, small, tmp_path):
    example(name)
    goes_on(small, {"loss.kind": f"{name}_python", **LOSSES[name]}, tmp_path)


def test_state_is_kept(small, tmp_path):
    @biossl.register("with_memory", "pulls towards a mean that follows", replace=True)
    class WithMemory(biossl.Loss):
        share: float = 0

        def start(self, setup):
            self.mean = np.zeros((1, setup.features), np.float32)

        def evaluate(self, a, b, context):
            self.mean *= 0.9
            self.mean += 0.1 * a.mean(axis=0) + self.share
            return np.square(b - self.mean).sum(), np.zeros_like(a), 2 * (b - self.mean)

        def state(self):
            return {"mean": self.mean}

    goes_on(small, {"loss.kind": "with_memory"}, tmp_path)


def test_options(small):
    example("triplet")
    component = biossl.components("loss.kind")["triplet_python"]
    assert component.options[0][:2] == ("margin", 1.0) and "nearer" in component.options[0].comment
    assert "each view nearer" in component.summary
    recipe = biossl.recipe(small, set={"loss.kind": "triplet_python", "loss.margin": 2})
    assert "margin = 2.0" in recipe.to_toml()
    with pytest.raises(ValueError, match="did you mean 'margin'"):
        biossl.recipe(small, set={"loss.kind": "triplet_python", "loss.margn": 2})
    with pytest.raises(ValueError, match=r"'margin' must be a number"):
        biossl.recipe(small, set={"loss.kind": "triplet_python", "loss.margin": "wide"})
    with pytest.raises(ValueError, match=r"\[triplet_python\] margin = -1\.0 must be positive"):
        biossl.recipe(small, set={"loss.kind": "triplet_python", "loss.margin": -1})
    with pytest.raises(ValueError, match="triplet_python"):
        biossl.recipe(small, set={"loss.kind": "triplet_pythn"})


def test_describe(small):
    example("vicreg")
    text = biossl.describe(small, set={"loss.kind": "vicreg_python"})
    assert "biological plausibility (loss vicreg_python" in text
    assert "(i)   broken" in text and "(iv)  kept" in text


def test_registering_again_replaces(small):
    def register(factor):
        @biossl.register("replaced", "one after the other")
        class Replaced(biossl.Loss):
            def evaluate(self, a, b, context):
                return factor, np.zeros_like(a), np.zeros_like(b)

    losses = []
    for factor in (1.0, 2.0):
        register(factor)
        losses.append(trainer(small, {"loss.kind": "replaced"}).step())
    assert losses == [1, 2]


def test_names_of_biossl_are_kept():
    with pytest.raises(ValueError, match="replace=True"):
        biossl.register("nt_xent")(type("Mine", (biossl.Loss,), {}))
    with pytest.raises(TypeError, match="base class"):
        biossl.register("mine")(type("Mine", (), {}))
    with pytest.raises(TypeError, match="default"):
        biossl.register("mine")(type("Mine", (biossl.Loss,), {"__annotations__": {"size": int}}))


def test_exceptions_come_through(small):
    @biossl.register("broken_loss", "raises", replace=True)
    class Broken(biossl.Loss):
        fault: str = ""

        def evaluate(self, a, b, context):
            if self.fault == "lookup":
                raise LookupError("mine")
            if self.fault == "shape":
                return 0.0, a[:, :1], b
            return 0.0, None, b

    with pytest.raises(LookupError, match="mine"):
        trainer(small, {"loss.kind": "broken_loss", "loss.fault": "lookup"}).step()
    with pytest.raises(ValueError, match="error_a is"):
        trainer(small, {"loss.kind": "broken_loss", "loss.fault": "shape"}).step()
    with pytest.raises(ValueError, match="stops_gradient"):
        trainer(small, {"loss.kind": "broken_loss"}).step()


def test_embeddings_are_read_only(small):
    @biossl.register("writes", "over its embeddings", replace=True)
    class Writes(biossl.Loss):
        def evaluate(self, a, b, context):
            assert not b.flags.writeable
            a *= 0

    with pytest.raises(ValueError, match="read-only"):
        trainer(small, {"loss.kind": "writes"}).step()


def test_patches(small):
    @biossl.register("patch_spread", "compares the patches of a column", replace=True)
    class PatchSpread(biossl.Loss):
        def evaluate_patches(self, patches, context):
            assert patches.ndim == 5 and patches.shape[0] == 1 and not patches.flags.writeable
            below = patches[:, :, 1:] - patches[:, :, :-1]
            error = np.zeros_like(patches)
            error[:, :, 1:] += 2 * below
            error[:, :, :-1] -= 2 * below
            return np.square(below).sum(), error

    changes = {"loss.kind": "patch_spread", "views.kind": "patches", "views.crop": 16, "views.patch": 8}
    one = trainer(small, {**changes, "views.stride": 4})
    losses = [one.step() for _ in range(4)]
    assert losses[-1] < losses[0]


def test_a_class_that_is_absent_is_named(small, tmp_path):
    example("triplet")
    text = biossl.recipe(small, set={"loss.kind": "triplet_python"}).to_toml()
    (tmp_path / "recipe.toml").write_text(text)
    code = f"import biossl; biossl.recipe({str(tmp_path / 'recipe.toml')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "the Python class examples_triplet.Triplet was registered: import it first" in done.stderr


def test_a_loss_in_torch(small):
    pytest.importorskip("torch")
    check_derivative(example("torch_loss").TorchCosine())
    one = trainer(small, {"loss.kind": "torch_cosine"})
    assert np.isfinite([one.step() for _ in range(4)]).all() and one.layers["blocks.0"].update.any()


def test_an_option_has_an_annotation_and_a_default_of_its_type():
    @biossl.register("bare_test_loss")
    class Bare(biossl.Loss):
        margin = 1.5

    with pytest.raises(ValueError, match=r"'margin' is no option.*written margin: float = 1\.5"):
        biossl.recipe("quick", {"loss.kind": "bare_test_loss", "loss.margin": 2.0})
    with pytest.raises(ValueError, match="there is no key 'other'; there are none"):
        biossl.recipe("quick", {"loss.kind": "bare_test_loss", "loss.other": 2.0})
    with pytest.raises(TypeError, match=r"Other\.weight: is annotated as float, and its default 'a' is none"):

        @biossl.register("other_test_loss")
        class Other(biossl.Loss):
            weight: float = "a"


def test_a_state_that_is_no_dict_is_one_line(small):
    @biossl.register("stateless_test_loss", replace=True)
    class Stateless(biossl.Loss):
        def evaluate(self, a, b, context):
            return 0.0, a

        def state(self):
            return [1]

    trainer = biossl.Trainer(small, set={"loss.kind": "stateless_test_loss"}, progress=False)
    with pytest.raises(ValueError, match=r"\[stateless_test_loss\] state returned a list of 1 where a dict"):
        _ = trainer.encoder
