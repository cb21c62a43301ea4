"""Switching backends: by name, for a block, and what happens where Numba is missing."""

import subprocess
import sys

import pytest

import minigen
from minigen import backends
from minigen.errors import UserError

WITHOUT_NUMBA = """
import sys, warnings
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "numba":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else found(name, *rest)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import minigen
    x = minigen.tensor([[1.0, 2.0]], requires_grad=True)
    (x @ x.T).sum().backward()
print(minigen.backends.current().name, x.grad.tolist(), len(told), str(told[0].message))
try:
    minigen.backend("cpu")
except minigen.errors.UserError as error:
    print(error)
"""


def test_a_block_switches_and_switches_back():
    before = backends.current().name
    with minigen.backend("reference") as active:
        assert active.name == "reference"
        assert backends.current() is active
        with minigen.backend("cpu"):
            assert backends.current().name == "cpu"
        assert backends.current() is active
    assert backends.current().name == before


def test_an_error_inside_switches_back_too():
    before = backends.current().name
    with pytest.raises(ZeroDivisionError), minigen.backend("reference"):
        raise ZeroDivisionError
    assert backends.current().name == before


def test_unknown_names_are_told():
    with pytest.raises(UserError, match="unknown backend 'tpu'; choose one of: cpu, reference"):
        minigen.backend("tpu")
    with pytest.raises(AttributeError, match="no kernel named 'fft'"):
        _ = backends.current().fft


def test_without_numba_the_reference_serves_with_one_sentence():
    result = subprocess.run([sys.executable, "-c", WITHOUT_NUMBA], capture_output=True, text=True, check=True)
    first, second = result.stdout.strip().splitlines()
    assert first.startswith("reference [[2.0, 4.0]] 1 Numba is not installed: minigen runs on its NumPy reference")
    assert "needs Numba" in second
