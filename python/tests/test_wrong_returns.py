"""What components return that is of the wrong kind is told in one line, which names the component and what belongs
there."""

import copy
from pathlib import Path

import numpy as np
import pytest
from components import trainer

import biossl

#: (what evaluate returns of a and b, whether it says stops_gradient, what is told)
LOSSES = {
    "nothing": (lambda a, b: None, r"evaluate returned None where \(loss, error_a, error_b\) belongs"),
    "a number": (lambda a, b: 1.0, r"evaluate returned 1.0 where \(loss, error_a, error_b\)"),
    "two": (lambda a, b: (1.0, a), r"evaluate returned a tuple of 2 where"),
    "an array": (lambda a, b: a, r"evaluate returned ndarray \(20, \d+\) of float32 where"),
    "no loss": (lambda a, b: (None, a, b), "the loss is None where an array of real numbers"),
    "a text": (lambda a, b: ("1", a, b), "the loss is '1' where"),
    "a matrix": (
        lambda a, b: (a, a, b),
        r"the loss is ndarray \(20, \d+\) of float32 where a number, or one a pair, \(20,\)",
    ),
    "no error": (lambda a, b: (1.0, a, None), "error_b is None where an array"),
    "a number as error": (lambda a, b: (1.0, a, 1.0), r"error_b is \(\) where \(20, \d+\) belongs"),
    "complex": (lambda a, b: (1.0, a * 1j, b), "error_a is .* of complex64 where an array of real numbers"),
    "masked": (lambda a, b: (1.0, np.ma.masked_less(a, 0), b), r"error_a is a masked array.* fill it: filled\(0\)"),
    "ragged": (lambda a, b: (1.0, a, [[1.0], [1.0, 2.0]]), "error_b are no array: they differ in their shapes"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, small):
    function, told = LOSSES[name]

    @biossl.register("wrong_loss", "returns something else", replace=True)
    class Wrong(biossl.Loss):
        def evaluate(self, a, b, context):
            return function(a, b)

    one = trainer(small, {"loss.kind": "wrong_loss"})
    with pytest.raises(ValueError, match=r"^\[wrong_loss\] [^\n]*" + told):
        one.step()


def test_a_loss_of_patches(small):
    @biossl.register("wrong_patches", "returns something else", replace=True)
    class Wrong(biossl.Loss):
        def evaluate_patches(self, patches, context):
            return 1.0

    changes = {
        "loss.kind": "wrong_patches",
        "views.kind": "patches",
        "views.crop": 16,
        "views.patch": 8,
        "views.stride": 4,
    }
    with pytest.raises(ValueError, match=r"\[wrong_patches\] evaluate_patches returned 1.0 where \(loss, error\)"):
        trainer(small, changes).step()


RULES = {
    "nothing": (None, r"step returned None where the loss, or \(loss, active\), belongs"),
    "three": ((1.0, 2.0, 3.0), "step returned a tuple of 3 where"),
    "half": ((1.0, None), "step returned a tuple of 2 where"),
    "a text": ("one", "the loss is 'one' where"),
    "too many": ((1.0, 1e9), r"step returned 1e\+09 as the number of active rows; a batch has 20 pairs"),
    "less than none": ((1.0, -1), "step returned -1 as the number of active rows"),
    "a vector": (np.ones(3), r"the loss is ndarray \(3,\) of float64 where one number belongs"),
}


@pytest.mark.parametrize("name", RULES)
def test_rules(name, small):
    returned, told = RULES[name]

    @biossl.register("wrong_rule", "returns something else", replace=True)
    class Wrong(biossl.LearningRule):
        def start(self, setup):
            pass

        def step(self, images, context):
            return returned

    one = trainer(small, {"rule.kind": "wrong_rule"})
    with pytest.raises(ValueError, match=r"\[wrong_rule\] [^\n]*" + told):
        one.step()


def test_a_rate_power_that_changes(small):
    powers = iter([0.5, 0.5, 0.7])

    @biossl.register("wrong_power", "changes its mind", replace=True)
    class Wrong(biossl.LearningRule):
        sends_errors = False

        def start(self, setup):
            self.encoder = setup.convolutions()

        def step(self, images, context):
            self.encoder.run(images)
            layer = self.encoder.layers[0]
            layer.learn(layer.input, layer.drive(layer.input).numpy(), 1e-3, rate_power=next(powers))
            return 0.0

    one = trainer(small, {"rule.kind": "wrong_power"})
    one.step()
    one.step()
    with pytest.raises(ValueError, match="rate_power = 0.7; that of a layer cannot change, and it was 0.5"):
        one.step()


def test_epochs_of_a_rule(small):
    @biossl.register("wrong_epochs", "counts no epochs", replace=True)
    class Wrong(biossl.LearningRule):
        def start(self, setup):
            pass

        def total_epochs(self):
            return "many"

    with pytest.raises(ValueError, match=r"\[wrong_epochs\] total_epochs = 'many'; a whole number"):
        trainer(small, {"rule.kind": "wrong_epochs"})


MEASURED = {
    "behind the last": ([0, 99], "measured_blocks names block 99; the network has blocks 0 to 1"),
    "before the first": ([-1], "measured_blocks names block -1; the network has"),
    "a fraction": ([0.5], r"measured_blocks returned \[0.5\] where a list of whole numbers belongs"),
    "a number": (1, "measured_blocks returned 1 where a list of whole numbers belongs"),
    "nothing": (None, "measured_blocks returned None where a list"),
}


@pytest.mark.parametrize("name", MEASURED)
def test_measured_blocks(name, small, tmp_path):
    blocks, told = MEASURED[name]
    with pytest.raises(ValueError, match=r"^\[measures\] [^\n]*" + told):
        run_measuring(blocks, small, tmp_path)


def test_measured_blocks_may_come_in_any_order(small, tmp_path):
    health = run_measuring([1, np.int64(0)], small, tmp_path).metrics["health"][-1]
    assert [block["block"] for block in health] == [0, 1]


def run_measuring(blocks, small, folder):
    @biossl.register("measures", "end to end", replace=True)
    class Measures(biossl.LearningRule):
        def start(self, setup):
            self.range = setup.block_range()

        def step(self, images, context):
            return self.range.step(images, context)

        def measured_blocks(self, epoch):
            return blocks

    changes = {"rule.kind": "measures", "train.epochs": 1, "probe.epochs": 1}
    return biossl.run(copy.deepcopy(small), set=changes, out=folder / "run", progress=False)


@pytest.mark.parametrize(
    ("returned", "told"), [(None, "weights returned is None where"), (3, r"where F of W's shape, \(64, 256\)")]
)
def test_feedback(returned, told, small):
    @biossl.register("wrong_path", "returns something else", replace=True)
    class Wrong(biossl.Feedback):
        def weights(self, W, steps):
            return returned

    with pytest.raises(ValueError, match=r"\[wrong_path\] [^\n]*" + told):
        trainer(small, {"rule.feedback": "wrong_path"}).step()


HEADS = {
    "features": (0, None, None, "features = 0; start sets a whole number"),
    "no embeddings": (4, None, None, "what forward returned is None where an array"),
    "other embeddings": (4, np.zeros((40, 3)), None, r"an array of shape \(40, 3\) where one of \(40, 4\) belongs"),
    "no error": (4, np.zeros((40, 4)), None, "what backward returned is None where an array"),
}


@pytest.mark.parametrize("name", HEADS)
def test_heads(name, small):
    size, embeddings, error, told = HEADS[name]

    @biossl.register("wrong_head", "returns something else", replace=True)
    class Wrong(biossl.Head):
        def start(self, setup):
            self.features = size

        def forward(self, activity, others):
            return embeddings

        def backward(self, activity, errors, begin, end):
            return error

    with pytest.raises(ValueError, match=r"\[wrong_head\] [^\n]*" + told):
        trainer(small, {"network.head.kind": "wrong_head", "loss.kind": "nt_xent"}).step()


BLOCKS = {
    "map": ((8, 8), None, None, r"output_map is \(8, 8\) where \(C, H, W\) belongs"),
    "nothing": (None, lambda x: None, None, r"forward returned None where \(output, kept\) belongs"),
    "one": (None, lambda x: x, None, r"forward returned ndarray \(\d+, 8, 8, 8\) of float32 where \(output, kept\)"),
    "another shape": (None, lambda x: (x[:1], x), None, r"an array of shape \(1, 8, 8, 8\) where one of"),
    "no error": (None, lambda x: (x, x), None, "what backward returned is None where an array"),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name, small):
    map, output, error, told = BLOCKS[name]

    @biossl.register("wrong_block", "returns something else", replace=True)
    class Wrong(biossl.Block):
        def start(self, setup):
            self.output_map, self.kept = map, [setup.map]

        def forward(self, x, training):
            return output(x)

        def backward(self, step, sends):
            return error

    recipe = copy.deepcopy(small)
    recipe["network"]["blocks"].insert(1, {"kind": "wrong_block"})
    with pytest.raises(ValueError, match=r"\[wrong_block\] [^\n]*" + told):
        trainer(recipe, {"loss.kind": "nt_xent"}).step()


#: what a rule's start does with its setup, its step with the part that start made, and what is told
CALLS = {
    "another name": (lambda setup: setup.block_range(begin=9), None, r"block_range\(first.*with \(begin: int\)"),
    "too little": (lambda setup: setup.own_head("p", "mlp"), None, r"own_head\(name: str, .*with \(str, str\)"),
    "another type": (
        lambda setup: setup.block_range(),
        lambda part, images, context: part.step(images, None),
        r"step\(images: Tensor[^,]*, context: StepContext\) was called with \(Tensor, NoneType\)",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_what_a_setup_makes(name, small):
    start, step, told = CALLS[name]

    @biossl.register("wrong_call", "calls with other arguments", replace=True)
    class Wrong(biossl.LearningRule):
        def start(self, setup):
            self.part = start(setup)

        def step(self, images, context):
            return step(self.part, images, context)

    with pytest.raises(TypeError, match=f"^{told}$") as fault:
        trainer(small, {"rule.kind": "wrong_call"}).step()
    assert fault.traceback[-1].path == Path(__file__)


def test_a_head_calls_what_a_setup_makes(small):
    @biossl.register("wrong_head", "calls with other arguments", replace=True)
    class Wrong(biossl.Head):
        def start(self, setup):
            setup.linear(2.5)

    with pytest.raises(TypeError, match=r"^linear\(outputs: int, .*\) was called with \(float\)$"):
        trainer(small, {"network.head.kind": "wrong_head", "loss.kind": "nt_xent"})


def test_states_that_are_other_arrays_each_time(small, tmp_path):
    @biossl.register("forgetful", "keeps copies")
    class Forgetful(biossl.Loss):
        def __post_init__(self):
            self.memory = np.zeros(3, np.float32)

        def evaluate(self, a, b, context):
            return np.square(a - b).sum(), 2 * (a - b), 2 * (b - a)

        def state(self):
            return {"memory": self.memory.copy()}

    trainer = biossl.Trainer(small, set={"loss.kind": "forgetful"}, progress=False)
    with pytest.raises(ValueError, match=r"\[forgetful\] state returned other arrays than before"):
        for name in ("first.safetensors", "second.safetensors"):
            trainer.save(tmp_path / name)


@pytest.mark.parametrize("name", ["my.images", "größe", "two words", ""])
def test_names_that_recipes_cannot_hold(name):
    with pytest.raises(ValueError):
        biossl.register(name, "noise")(type("Noise", (biossl.Dataset,), {}))
    if name.isidentifier():
        fields = {"__annotations__": {name: float}, name: 1.0}
        with pytest.raises(ValueError, match="cannot be an option of Wide: recipes name it with the letters"):
            biossl.register("wide", "an option")(type("Wide", (biossl.Loss,), fields))


def test_a_head_that_there_is_not(small):
    @biossl.register("headless", "asks for a head")
    class Headless(biossl.Loss):
        head = "lniear"

    with pytest.raises(
        ValueError, match=r"\[headless\] asks for the head 'lniear', which there is not; did you mean 'linear'"
    ):
        biossl.Trainer(small, set={"loss.kind": "headless"}, progress=False)
