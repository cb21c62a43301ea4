"""The examples in the docstrings of minigen.data run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import minigen.data

MODULES = ["minigen.data", *(m.name for m in pkgutil.walk_packages(minigen.data.__path__, "minigen.data."))]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples_to_run():
    """Else the test above would pass without having run any."""
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) >= 3
