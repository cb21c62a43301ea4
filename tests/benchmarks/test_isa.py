"""Each instruction set is measured in a process that is compiled for it, and held against its own limit."""

import platform

import pytest

pytest.importorskip("numba")

from benchmarks import isa, isa_kernels
from minigen.backends.cpu.vectors import FEATURES
from minigen.errors import UserError


@pytest.mark.needs_jit
def test_every_set_compiles_for_itself():
    if not {"+avx2", "+fma"} <= FEATURES:
        pytest.skip("this CPU cannot run what is compiled for AVX2")
    result = isa.measure(1, ("peak", "tile"))
    widths = [one["vector"].split(":")[0] for one in result["sets"].values()]
    assert widths[1:] == ["256 bits", "128 bits"]
    for one in result["sets"].values():
        assert list(one["kernels"]) == ["peak", "tile"]
        assert one["kernels"]["peak"]["of_peak"] == 1
        assert all(kernel["gflops"] > 0 for kernel in one["kernels"].values())
    assert all(kernel["of_host"] == 1 for kernel in result["sets"]["host"]["kernels"].values())


def test_rates_are_held_against_the_own_peak_and_the_host_s_speed():
    said = {"compiled for": "x", "vector": "y", "tile": "z"}
    told = {
        "host": {**said, "operations": {"peak": 4e9, "f": 1e9}},
        "b": {**said, "operations": {"peak": 2e9, "f": 1e9}},
    }
    found = isa._compared(told, {"host": {"peak": 1.0, "f": 1.0}, "b": {"peak": 1.0, "f": 1.25}})
    assert found["host"]["kernels"]["f"] == {"ms": 1000.0, "gflops": 1.0, "of_peak": 0.25, "of_host": 1.0}
    assert found["b"]["kernels"]["f"] == {"ms": 1250.0, "gflops": 0.8, "of_peak": 0.4, "of_host": 0.8}
    assert "0.8 ( 40%,  80%)" in isa.table({"sets": found})


@pytest.mark.parametrize("name", isa_kernels.KERNELS)
@pytest.mark.needs_jit
def test_every_kernel_runs(name):
    call, operations = isa_kernels.KERNELS[name]()
    call()
    assert operations > 1e6


@pytest.mark.needs_jit
def test_the_tile_sums_ones_to_its_depth(monkeypatch):
    """In all of its rows and columns: what is timed is the whole tile."""
    found = {}
    monkeypatch.setattr(isa_kernels, "_tiles", lambda c, *rest: found.update(c=c, rest=rest))
    call, _ = isa_kernels.tile()
    call()
    monkeypatch.undo()
    isa_kernels._tiles(found["c"], *found["rest"])
    assert (found["c"] == isa_kernels.DEPTH).all()


def test_other_processors_are_told_so(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    with pytest.raises(UserError, match="arm64 processor"):
        isa.measure(1)
