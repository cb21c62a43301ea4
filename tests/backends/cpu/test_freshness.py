"""A change of any file that a kernel's code comes from makes it compile again, and no other change does."""

import shutil
from pathlib import Path

import pytest

import minigen

pytestmark = pytest.mark.needs_jit

KERNEL = "from numba import njit\n{line}\n\n@njit(cache=True)\ndef {name}():\n    return {value}"
FILES = {
    "part": "from numba import njit\n\n@njit(inline='always')\ndef part():\n    return 2",
    "middle": "from .part import (\n    part,\n)",
    "kernel": KERNEL.format(line="from .middle import part", name="kernel", value="part()"),
    "other": KERNEL.format(line="from . import part", name="other", value="part.part() + 1"),
}

CALL = """
import sys
sys.path.insert(0, {place!r})
from minigen.backends.cpu import {module}
function = {module}.{module}
print(function(), sum(function.stats.cache_misses.values()))
"""


@pytest.fixture(params=["beside the source", "in a folder of its own"])
def call(request, script, tmp_path):
    """A function that calls a kernel of a copy of the package; it returns the result and what had to be compiled."""
    package = tmp_path / "minigen"
    shutil.copytree(Path(minigen.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    folder = package / "backends" / "cpu"
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "cache") if "own" in request.param else ""}

    def run(module):
        return [int(word) for word in script(CALL.format(place=str(tmp_path), module=module), **kept)]

    run.folder = folder
    return run


def test_a_kernel_is_compiled_again_when_what_it_inlines_has_changed_elsewhere(call):
    assert call("kernel") == [2, 1] and call("other") == [3, 1]
    assert call("kernel") == [2, 0] and call("other") == [3, 0]
    (call.folder / "middle.py").write_text(FILES["middle"] + "  # as before")
    assert call("kernel") == [2, 1] and call("other") == [3, 0]
    (call.folder / "part.py").write_text(FILES["part"].replace("2", "3"))
    assert call("kernel") == [3, 1] and call("other") == [4, 1]
    assert call("kernel") == [3, 0]


def test_kernels_from_elsewhere_are_kept_where_numba_keeps_them(tmp_path, script):
    (tmp_path / "own.py").write_text("from numba import njit\n\n@njit(cache=True)\ndef f():\n    return 2")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import minigen.backends.cpu, own; print(own.f())"
    assert script(code, NUMBA_CACHE_DIR="") == ["2"]
    assert list((tmp_path / "__pycache__").glob("own.f*.nbc"))
