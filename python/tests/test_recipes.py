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
    with pytest.raises(TypeError, match="int"):
        biossl.recipe(3)
    with pytest.raises(TypeError, match="object"):
        biossl.recipe("demo", {"train.epochs": object()})


def test_components():
    hinge = biossl.components("loss.kind")["contrastive_hinge"]
    assert hinge.summary and any(option.name == "weight" and option.default == 0.2 for option in hinge.options)
    assert "conv6" in biossl.components()["network.preset"]
    with pytest.raises(ValueError, match=r"loss\.kind"):
        biossl.components("los.kind")
