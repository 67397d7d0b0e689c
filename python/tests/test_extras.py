"""What a package that is not there is told by."""

import sys

import pytest


@pytest.mark.parametrize(("module", "package"), [("biossl.sklearn", "sklearn.base"), ("biossl.torch", "torch")])
def test_a_missing_package_is_named_with_the_command_that_brings_it(module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(ImportError, match=rf"pip install '\.\[{module.split('.')[1]}\]'"):
        __import__(module)
