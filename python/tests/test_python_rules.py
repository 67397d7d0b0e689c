import numpy as np
import pytest
from components import agree, example, goes_on, needs_cpp, trainer

import biossl

#: A stack without pools whose convolutions learn by themselves.
STACK = [
    {"kind": "standardize"},
    {"channels": 8, "activation": "relu"},
    {"kind": "standardize"},
    {"channels": 12, "activation": "relu"},
]
RULES = {
    "cyclic": {},
    "sign_broadcast": {"loss.kind": "nt_xent"},
    "byol": {"loss.kind": "nt_xent", "network.head.kind": "mlp"},
    "softhebb": {"train.optimizer": "sgd", "train.learning_rate": 1e-2},
    "scff": {},
}
BLOCKS = {"softhebb": STACK, "scff": STACK}


def job(small, name):
    return {**small, "network": {"blocks": BLOCKS.get(name, small["network"]["blocks"])}}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_equals_that_in_cpp(name, small):
    needs_cpp("rule.kind", name)
    example(name)
    one, other = (trainer(job(small, name), {"rule.kind": kind, **RULES[name]}) for kind in (f"{name}_python", name))
    assert one.epochs == other.epochs
    agree(one, other, rtol=1e-3)


@pytest.mark.parametrize("name", RULES)
def test_a_run_goes_on(name, small, tmp_path):
    example(name)
    goes_on(job(small, name), {"rule.kind": f"{name}_python", **RULES[name]}, tmp_path)


@biossl.register("by_hand", "end to end, layer by layer")
class ByHand(biossl.LearningRule):
    def start(self, setup):
        self.depth = setup.depth
        self.encoder, self.head, self.loss = setup.encoder_pass(), setup.head(), setup.loss()

    def step(self, images, context):
        self.encoder.run(images)
        embeddings = self.head.forward(self.encoder.output(self.depth - 1))
        errors, loss, active = self.loss.evaluate(embeddings, context)
        error = self.head.backward(errors, context.learning_rate)
        for block in reversed(range(self.depth)):
            error = self.encoder.backward(block, error, context.learning_rate, sends=block > 0)
        return loss, active


def test_end_to_end_by_hand(small):
    changes = {"loss.kind": "nt_xent"}
    agree(trainer(small, {**changes, "rule.kind": "by_hand"}), trainer(small, changes), rtol=1e-5)


@biossl.register("last_block", "looks at the last block's activity by a negative number")
class LastBlock(ByHand):
    def step(self, images, context):
        result = super().step(images, context)
        np.testing.assert_array_equal(self.encoder.output(-1), self.encoder.output(self.depth - 1))
        np.testing.assert_array_equal(self.encoder.input(-self.depth), images)
        for block in (self.depth, -self.depth - 1):
            for look in (self.encoder.input, self.encoder.output):
                with pytest.raises(ValueError, match=f"there is no block {block}; the network has {self.depth}"):
                    look(block)
        return result


def test_blocks_count_from_the_end_too(small):
    trainer(small, {"rule.kind": "last_block"}).step()


@biossl.register("mirroring", "writes views of memory into that memory")
class Mirroring(ByHand):
    def step(self, images, context):
        before = np.array(images)
        apart = np.array(images)
        apart[:] = 0
        np.testing.assert_array_equal(images, before)
        images.write(images.numpy()[..., ::-1])
        np.testing.assert_array_equal(images, before[..., ::-1])
        return super().step(images, context)


def test_a_copy_is_a_copy_and_a_view_may_be_written_into_its_own_memory(small):
    mirrored = trainer(small, {"rule.kind": "mirroring"})
    mirrored.step()
    layer = mirrored.layers["blocks.1"]
    weight = layer.weight.copy()
    layer.weight = layer.weight[..., ::-1]
    np.testing.assert_array_equal(layer.weight, weight[..., ::-1])


@biossl.register("setting", "sets the weights of its convolutions")
class Setting(biossl.LearningRule):
    def start(self, setup):
        self.convolutions = setup.convolutions()

    def step(self, images, context):
        self.convolutions.run(images)
        first = self.convolutions.layers[0]
        weight = first.weight.copy()
        first.weight = first.weight[..., ::-1]
        np.testing.assert_array_equal(first.weight, weight[..., ::-1])
        with pytest.raises(ValueError, match="holds NaN"):
            first.weight = np.full_like(weight, np.nan)
        return 0.0, 0


def test_a_rule_sets_weights(small):
    trainer(job(small, "softhebb"), {"rule.kind": "setting", "train.optimizer": "sgd"}).step()


def test_micro_batches(small):
    example("cyclic")
    changes = {"rule.kind": "cyclic_python", "train.micro_batch": 10}
    assert np.isfinite(trainer(small, changes).step())
    with pytest.raises(ValueError, match=r"micro_batch = 10"):
        trainer(small, {"rule.kind": "by_hand", "train.micro_batch": 10})


def test_describe(small):
    example("cyclic")
    text = biossl.describe(small, set={"rule.kind": "cyclic_python"})
    assert "rule cyclic_python: layer-wise in turns" in text and "4 epochs in all" in text


def test_a_tensor_is_an_array(small):
    seen = {}

    @biossl.register("looks", "looks at what it gets", replace=True)
    class Looks(biossl.LearningRule):
        def start(self, setup):
            pass

        def step(self, images, context):
            seen.update(shape=images.shape, array=np.asarray(images).copy(), half=len(images.rows(0, 20)))
            seen["dlpack"] = np.from_dlpack(images).copy()
            return 0.0

    one = trainer(small, {"rule.kind": "looks"})
    views = one.next_views().copy()
    one.step()
    assert seen["shape"] == (40, 3, 16, 16) and seen["half"] == 20
    np.testing.assert_array_equal(seen["array"], views)
    np.testing.assert_array_equal(seen["dlpack"], views)


#: What a rule may hand on in place of the tensor that it was handed, by the name under which it is refused.
OTHERS = {
    "ndarray": lambda images: images.numpy(),
    "NoneType": lambda images: None,
    "an empty one": lambda images: biossl.Tensor.__new__(biossl.Tensor),
}


@pytest.mark.parametrize("name", OTHERS)
def test_something_else_in_place_of_a_tensor_is_one_line(name, small):
    @biossl.register("hands_others", "hands the engine something else", replace=True)
    class HandsOthers(ByHand):
        def step(self, images, context):
            self.encoder.run(OTHERS[name](images))

    with pytest.raises(TypeError) as refused:
        trainer(small, {"rule.kind": "hands_others"}).step()
    assert str(refused.value) == f"a biossl.Tensor is expected, as it was handed over, not {name}"


@pytest.mark.filterwarnings("ignore:.*uninitialized instance:RuntimeWarning")
@pytest.mark.parametrize(
    "other, told", [(None, "NoneType"), (3, "int"), (biossl.Tensor.__new__(biossl.Tensor), "Tensor")]
)
def test_something_else_in_place_of_an_array_is_one_line(other, told, small):
    @biossl.register("hands_nothing", "hands a head nothing", replace=True)
    class HandsNothing(ByHand):
        def step(self, images, context):
            self.encoder.run(images)
            self.head.forward(other)

    with pytest.raises(ValueError) as refused:
        trainer(small, {"rule.kind": "hands_nothing"}).step()
    assert str(refused.value) == f"[head] an array on the host belongs here, not a {told}"


def test_a_range_that_ends_before_it_begins(small):
    @biossl.register("backwards", "names its blocks in the wrong order", replace=True)
    class Backwards(ByHand):
        def start(self, setup):
            setup.block_range(first=1, last=0)

    with pytest.raises(ValueError, match=r"\[backwards\] a range from block 1 to block 0; the first one comes first$"):
        trainer(small, {"rule.kind": "backwards"})
