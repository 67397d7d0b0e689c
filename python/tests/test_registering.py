"""What a class says of itself is taken as it is written, or refused in one line before anything runs."""

import dataclasses
import threading
import time
from typing import Annotated, ClassVar

import numpy as np
import pytest
from components import trainer

import biossl


class Written(biossl.Loss):
    """A loss that does nothing."""

    def evaluate(self, a, b, context):
        return 0.0, np.zeros_like(a), np.zeros_like(b)


def options_of(cls, name="registering_test", kind="loss.kind"):
    biossl.register(name, replace=True)(cls)
    return {it.name: it.default for it in biossl.components(kind)[name].options}


def refused(cls, error=TypeError):
    with pytest.raises(error) as fault:
        biossl.register("registering_test", replace=True)(cls)
    assert "\n" not in str(fault.value)
    return str(fault.value)


@biossl.register("registering_test_base", replace=True)
class Known(Written):
    x: float = biossl.option(1.0, "how much")


class Unknown(Written):
    """A base that no name stands for."""

    z: float = 5
    q: Annotated[int, "how many"] = 3
    shared: ClassVar[int] = 4
    mean: np.ndarray


class Mixin:
    m: bool = biossl.option(True, "whether")
    _private: int = 0


def test_a_default_is_replaced_without_an_annotation(small):
    class Replaced(Known):
        x = 7

    class Between(Known):
        x = 8.0

    class Below(Between):
        pass

    assert options_of(Replaced) == {"x": 7.0} and options_of(Below) == {"x": 8.0} and options_of(Known) == {"x": 1.0}
    biossl.register("registering_test", replace=True)(Replaced)
    option = biossl.components("loss.kind")["registering_test"].options[0]
    assert type(option.default) is float and option.comment == "how much"
    assert "x = 7.0" in biossl.recipe(small, {"loss.kind": "registering_test"}).to_toml()
    assert (Replaced().x, Below().x, Known().x) == (7, 8.0, 1.0)


def test_fields_of_bases_are_options(small):
    class Own(Unknown, Mixin):
        x: float = 1.0

    class Below(Own):
        z = 9.0

    assert options_of(Own) == {"m": True, "z": 5.0, "q": 3, "x": 1.0}
    comments = {it.name: it.comment for it in biossl.components("loss.kind")["registering_test"].options}
    assert comments == {"m": "whether", "z": "", "q": "how many", "x": ""}
    assert options_of(Below) == {"m": True, "z": 9.0, "q": 3, "x": 1.0}
    recipe = biossl.recipe(small, {"loss.kind": "registering_test", "loss.z": 2})
    assert "z = 2.0" in recipe.to_toml() and not hasattr(Unknown, "__dataclass_fields__")


def test_what_recipes_say_of_a_component_is_one_line(small):
    class Broken(Written):
        x: float = biossl.option(1.0, "how\nmuch\r\n  of it\u2028all")
        y: Annotated[int, "how\x00many"] = 3

    biossl.register("registering_test", "one line\nnonsense = 1\x1b\u2029\tand more ", replace=True)(Broken)
    component = biossl.components("loss.kind")["registering_test"]
    assert component.summary.startswith("one line nonsense = 1 and more (Python class ")
    assert [it.comment for it in component.options] == ["how much of it all", "how many"]
    recipe = biossl.recipe(small, {"loss.kind": "registering_test"})
    assert biossl.recipe(recipe.to_toml()) == recipe
    Broken.__doc__ = "A\x0bdoc.\n\nMore."
    assert options_of(Broken) and biossl.components("loss.kind")["registering_test"].summary.startswith("A doc. (")


def test_comments_are_texts():
    message = refused(type("Made", (Written,), {"__annotations__": {"x": float}, "x": biossl.option(1.0, 3)}))
    assert message == "the comment of Made.x = 3; a text is expected"


def test_a_dataclass_leaves_nothing_out():
    for base, body in ((Known, {"x": 7.0}), (Unknown, {})):
        message = refused(dataclasses.dataclass(type("Made", (base,), body)))
        assert "Made." in message and "leave out @dataclasses.dataclass" in message
    assert "leave out frozen=True" in refused(dataclasses.dataclass(frozen=True)(type("Made", (Written,), {})))
    assert options_of(dataclasses.dataclass(type("Made", (Known,), {"__annotations__": {"x": float}, "x": 2.0})))


def test_an_option_does_not_become_a_method():
    assert "Made.x: options are bool, int, float or str, not function" in refused(
        type("Made", (Known,), {"x": lambda self: 0})
    )


@pytest.mark.parametrize("name", ["state", "evaluate", "restored", "plausibility"])
def test_names_that_the_base_class_has(name):
    cls = type("Made", (Written,), {"__annotations__": {name: float}, name: 1.0})
    assert refused(cls) == f"Made.{name}: biossl.Loss.{name} is no option; call the option otherwise"


def test_constants_of_the_base_class_may_be_options():
    cls = type("Made", (Written,), {"__annotations__": {"head": str}, "head": "mlp"})
    assert options_of(cls) == {"head": "mlp"}


def test_constants():
    assert refused(type("Made", (Written,), {"abbreviation": 3})) == "Made.abbreviation = 3; a text is expected"
    message = refused(type("Made", (Written,), {"plausibility": "yes"}))
    assert message == "Made.plausibility = 'yes'; a biossl.Plausibility is expected"
    with pytest.raises(TypeError, match="^summary = 3; a text is expected$"):
        biossl.register("registering_test", 3)
    with pytest.raises(ValueError, match=r"^summary = '\\ud800'; half a surrogate pair"):
        biossl.register("registering_test", "\ud800")


def test_plausibility_that_depends_on_the_options(small):
    class Depends(Written):
        plausibility = property(lambda self: "yes")

    biossl.register("registering_test", replace=True)(Depends)
    with pytest.raises(ValueError, match=r"^\[registering_test\] plausibility is 'yes' where a biossl\.Plausibility"):
        biossl.describe(small, {"loss.kind": "registering_test"})


def test_a_plan_comes_with_show():
    class Planned(biossl.Views):
        def plan(self, image):
            return biossl.ViewPlan(image)

    assert refused(Planned) == "Planned has a plan, so it needs a method show(self, images)"
    Planned.show = lambda self, images: images
    assert options_of(Planned, kind="views.kind") == {}


#: what a loss says of itself, and what is told
SAID = {
    "predictions": [(0, "= 0; a whole number from 1 on"), (2.5, "= 2.5; a whole number is expected")],
    "memory_span": [("x", "= 'x'; a whole number is expected"), (-2, "= -2; a whole number from -1 on")],
    "head": [(3, "= 3; the name of a kind of head is expected")],
}


@pytest.mark.parametrize(("name", "value", "told"), [(name, *each) for name in SAID for each in SAID[name]])
def test_what_a_loss_says_names_the_loss(name, value, told, small):
    biossl.register("registering_test", replace=True)(type("Made", (Written,), {name: value}))
    with pytest.raises(ValueError, match=rf"^([^\n]*: )?\[registering_test\] {name} {told}"):
        trainer(small, {"loss.kind": "registering_test"})


def test_names_of_a_state_are_texts(small):
    biossl.register("registering_test", replace=True)(
        type("Made", (Written,), {"state": lambda self: {1: np.zeros(2, np.float32)}})
    )
    with pytest.raises(ValueError, match=r"^\[registering_test\] state returned an array under 1; names are texts$"):
        _ = trainer(small, {"loss.kind": "registering_test"}).encoder


def test_a_class_may_take_another_ones_place_while_that_is_made(small):
    class Later(Written):
        x: float = 2.0

    class First(Written):
        x: float = 1.0

        def __post_init__(self):
            biossl.register("registering_test", replace=True)(Later)

    for make in (biossl.recipe, trainer, biossl.describe):
        biossl.register("registering_test", replace=True)(First)
        make(small, {"loss.kind": "registering_test", "loss.x": 3.0})
        assert biossl.components("loss.kind")["registering_test"].options[0].default == 2.0


def test_threads_register_while_others_read_recipes(small):
    stopped = threading.Event()

    def register():
        while not stopped.is_set():
            biossl.register("registering_test", replace=True)(type("Made", (Written,), {}))
            time.sleep(0.001)  # the registry keeps every class

    thread = threading.Thread(target=register)
    biossl.register("registering_test", replace=True)(type("Made", (Written,), {}))
    thread.start()
    try:
        for _ in range(5):
            assert np.isfinite(trainer(small, {"loss.kind": "registering_test"}).step())
    finally:
        stopped.set()
        thread.join()


def test_a_head_that_predicts_is_read_with_a_linear_head_and_says_so(small):
    @biossl.register("foretelling", replace=True)
    class Foretelling(biossl.Head):
        predicts = "tomorrow"

        def start(self, setup):
            self.features = 4

    @biossl.register("foretold", replace=True)
    class Foretold(Written):
        head = "foretelling"

    notes = biossl.recipe(small, set={"loss.kind": "foretold", "network.head.features": 4}).notes
    assert "network.head.features = 4 changes nothing: loss foretold predicts tomorrow" in notes
