"""Switching backends: by name, for a block, and what happens where Numba is missing."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import minigen
from minigen import backends
from minigen.errors import UserError

WITHOUT_NUMBA = """
import sys, warnings
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "numba":
            raise ERROR
sys.meta_path.insert(0, Blocker())
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


@pytest.fixture
def settled(monkeypatch):
    """The default backend, which the test may change for good."""
    pytest.importorskip("numba", reason="the cpu backend needs Numba")
    default = in_another_thread(backends.current)
    monkeypatch.setattr(backends, "_chosen", list(backends._chosen))
    monkeypatch.setattr(backends, "_default", default)
    return default


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


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("ModuleNotFoundError('No module named numba', name='numba')", "Numba is not installed"),
        (
            "ImportError('Numba needs NumPy 2.3 or less.\\nGot 9.')",
            "Numba cannot be imported (ImportError: Numba needs NumPy 2.3 or less. Got 9.)",
        ),
        ("OSError('libllvmlite.so: no')", "Numba cannot be imported (OSError: libllvmlite.so: no)"),
    ],
)
def test_without_numba_the_reference_serves_with_one_sentence(error, reason):
    code = WITHOUT_NUMBA.replace("ERROR", error)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = result.stdout.strip().splitlines()
    assert first.startswith(f"reference [[2.0, 4.0]] 1 {reason}: minigen runs on its NumPy reference")
    assert second.startswith(f"the cpu backend needs Numba: {reason}; ")


def in_another_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_for_good_is_for_every_thread_and_a_block_for_its_own(settled):
    other = "reference" if settled.name == "cpu" else "cpu"
    minigen.backend(other)
    assert [backends.current().name, in_another_thread(backends.current).name] == [other, other]
    with minigen.backend(settled.name):
        assert [backends.current(), in_another_thread(backends.current).name] == [settled, other]
    assert [backends.current().name, in_another_thread(backends.current).name] == [other, other]


def test_a_backward_pass_leaves_the_thread_to_the_default(settled):
    x = minigen.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    for name in ("reference", "cpu"):
        minigen.backend(name)
        assert backends.current().name == name


def test_blocks_that_begin_at_once_leave_the_default_as_it_was(settled):
    """Both are made before either is entered, and left in the wrong order."""
    first, second = minigen.backend("reference"), minigen.backend("cpu")
    with second:
        with first:
            assert backends.current().name == "reference"
        assert in_another_thread(backends.current) is settled


def test_numba_is_not_looked_for_before_it_is_needed():
    code = """
import sys, minigen
with minigen.backend("reference"):
    minigen.tensor([1.0]).exp()
print("numba" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
