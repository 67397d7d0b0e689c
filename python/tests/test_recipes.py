import copy
import pickle

import numpy as np
import pytest

import biossl


def test_sources_agree(tmp_path, small):
    text = biossl.recipe(small).to_toml()
    file = tmp_path / "recipe.toml"
    file.write_text(text)
    assert biossl.recipe(file).to_toml() == biossl.recipe(str(file)).to_toml() == biossl.recipe(text).to_toml() == text
    dotted = {"data.pretrain": "world", **{key: value for key, value in small.items() if key != "data"}}
    assert 'pretrain = "world"' in biossl.recipe(dotted).to_toml()


def test_shipped_recipes():
    assert {"quick", "demo"} <= set(biossl.recipes.shipped())
    assert biossl.recipe("quick").name == "quick"


def test_changes_and_seed(small):
    changed = biossl.recipe(small, set={"train.epochs": np.int64(7), "loss.weight": 0.5, "probe.pixels": True}, seed=9)
    assert changed.seed == 9
    for line in ("epochs = 7", "weight = 0.5", "pixels = true", "seed = 9"):
        assert line in changed.to_toml()
    again = biossl.recipe(changed, set={"train.epochs": 3})
    assert again.seed == 9 and "epochs = 3" in again.to_toml()


@pytest.mark.parametrize(
    ("source", "set", "words"),
    [
        ("quik", None, "quick"),
        ("demo", {"train.epoch": 3}, "epochs"),
        ("demo", {"train.epochs": "three"}, "whole number"),
        ("demo", {"loss.kind": "contrastive_hing"}, "contrastive_hinge"),
        ({"train": {"epochs": -1}}, None, "epochs"),
        ("seed = ", None, "recipe"),
    ],
)
def test_faults_name_what_is_wrong(source, set, words):
    with pytest.raises(ValueError, match=words):
        biossl.recipe(source, set)


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(biossl.BadInput, match="there.toml"):
        biossl.recipe(tmp_path / "not" / "there.toml")


def test_what_is_no_recipe():
    with pytest.raises(TypeError, match="recipe = 3; a name, a path"):
        biossl.recipe(3)
    with pytest.raises(TypeError, match=r"train\.epochs: .*object"):
        biossl.recipe("demo", {"train.epochs": object()})


def test_values_of_numpy(small):
    """Its numbers, and its arrays without axes, are those of Python; arrays are lists."""
    changes = {"probe.pixels": np.True_, "train.epochs": np.array(7), "loss.weight": np.array(0.5), "seed": np.int64(9)}
    plain = {"probe.pixels": True, "train.epochs": 7, "loss.weight": 0.5, "seed": 9}
    assert biossl.recipe(small, changes).to_toml() == biossl.recipe(small, plain).to_toml()
    with pytest.raises(ValueError, match=r"'weight' must be a number"):
        biossl.recipe(small, {"loss.weight": np.array([0.5])})


@pytest.mark.parametrize("wrong", [b"x", bytearray(b"x"), memoryview(b"x"), np.datetime64("2026"), 1j])
def test_values_that_a_recipe_cannot_hold(wrong):
    with pytest.raises(TypeError, match=r"^loss\.s: a recipe holds booleans, numbers, texts, lists and dicts, not"):
        biossl.recipe("quick", {"loss.s": wrong})


def test_changes_in_sections_are_those_by_key(small):
    nested = biossl.recipe(small, {"train": {"epochs": 5}, "loss": {"kind": "nt_xent"}})
    assert nested.to_toml() == biossl.recipe(small, {"train.epochs": 5, "loss.kind": "nt_xent"}).to_toml()
    assert nested.to_toml() != biossl.recipe(small).to_toml()


@pytest.mark.parametrize("set", [["train.epochs=5"], "train.epochs=5", [("train.epochs", 5)], 5])
def test_changes_are_a_dict(set):
    with pytest.raises(TypeError, match=r'a dict is expected, as set=\{"train.epochs": 5\}'):
        biossl.recipe("demo", set)


def test_keys_are_texts():
    with pytest.raises(TypeError, match="5 is no key"):
        biossl.recipe("demo", {5: 5})


def test_a_run_directory_stands_for_its_recipe(trained):
    assert biossl.recipe(trained.path) == biossl.recipe(trained) == trained.recipe


def test_recipes_are_values(small):
    recipe = biossl.recipe(small, seed=9)
    assert recipe == biossl.recipe(small, seed=9) != biossl.recipe(small)
    assert recipe != small and len({recipe, biossl.recipe(small, seed=9), biossl.recipe(small)}) == 2
    for same in (pickle.loads(pickle.dumps(recipe)), copy.deepcopy(recipe), copy.copy(recipe)):
        assert same == recipe and same.name == recipe.name


def test_no_name_is_no_recipe():
    with pytest.raises(ValueError, match="no recipe ''"):
        biossl.recipe("")


def test_a_recipe_says_in_a_line_what_it_is(small):
    shown = repr(biossl.recipe(small, seed=9))
    assert shown == (
        "Recipe('recipe': rule e2e, loss contrastive_hinge, views moments of world, network of the recipe's own, "
        "2 epochs, batches of 20, seed 9)"
    )
    assert "network conv6, 3 epochs" in repr(biossl.recipe("quick"))


def test_components():
    hinge = biossl.components("loss.kind")["contrastive_hinge"]
    assert hinge.summary and any(option.name == "weight" and option.default == 0.2 for option in hinge.options)
    assert "conv6" in biossl.components()["network.preset"]
    with pytest.raises(ValueError, match=r"did you mean 'loss\.kind'"):
        biossl.components("los.kind")
    with pytest.raises(KeyError, match="did you mean 'contrastive_hinge'"):
        biossl.components("loss.kind")["contrastive_hing"]


def test_a_section_is_no_key():
    with pytest.raises(ValueError, match=r"'loss' is a section of keys, not one; loss\.kind names its kind"):
        biossl.recipe("quick", {"loss": "nt_xent"})
    with pytest.raises(ValueError, match="'train' is a section of keys, not one$"):
        biossl.recipe({"train": 5})


def test_blocks_are_no_change_of_a_recipe():
    with pytest.raises(ValueError, match="blocks exclude a preset.*in the recipe"):
        biossl.recipe("quick", {"network.blocks": [{"channels": 8}]})


def test_a_description_is_shown_as_it_is_printed(small):
    text = biossl.describe(small)
    shown = []

    class Printer:
        text = shown.append

    text._repr_pretty_(Printer, False)
    assert shown == [str(text)] and text.count("\n") > 5 and isinstance(text, str)
