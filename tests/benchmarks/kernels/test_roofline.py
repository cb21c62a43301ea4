"""Bounds, intensities and shares fit together, and the limits are those of kernels that compute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from benchmarks.kernels import limits
from benchmarks.kernels.method import Method
from benchmarks.kernels.roofline import bound, home, placed
from benchmarks.kernels.shapes import Product

MACHINE = {
    "gflops": 300.0,
    "gbps": {"first cache": 500.0, "second cache": 200.0, "third cache": 90.0, "memory": 20.0},
    "bytes": {"first cache": 1 << 15, "second cache": 1 << 20, "third cache": 1 << 25},
}
positive = st.integers(1, 10**10)


@given(positive, positive)
def test_a_bound_lies_on_the_roof(operations, size):
    found = bound(operations, size, MACHINE)
    roof = found["intensity"] * MACHINE["gbps"][found["memory"]]
    assert found["intensity"] == pytest.approx(operations / size)
    assert found["gflops"] == pytest.approx(min(MACHINE["gflops"], roof))
    assert found["gflops"] == pytest.approx(operations / found["seconds"] / 1e9)
    assert found["by"] == ("operations" if roof >= MACHINE["gflops"] * (1 - 1e-9) else "bytes")


@given(positive, positive)
def test_more_work_and_more_bytes_never_take_less_time(operations, size):
    seconds = bound(operations, size, MACHINE)["seconds"]
    assert bound(2 * operations, size, MACHINE)["seconds"] >= seconds
    assert bound(operations, 2 * size, MACHINE)["seconds"] >= seconds


@given(positive, positive, st.lists(st.tuples(positive, st.integers(0, 10**10)), min_size=1, max_size=4))
def test_stages_take_their_times_together(operations, size, stages):
    alone = [bound(slots, 1, MACHINE, ((slots, passed),))["seconds"] for slots, passed in stages]
    found = bound(operations, size, MACHINE, stages)
    assert found["seconds"] == pytest.approx(max(bound(operations, size, MACHINE)["seconds"], sum(alone)))
    longest = sum(alone) > bound(operations, size, MACHINE)["seconds"] * (1 + 1e-9)
    assert not longest or found["by"] == "stages"


def test_bytes_live_in_the_smallest_memory_that_holds_them():
    assert home(1 << 15, MACHINE) == "first cache"
    assert home((1 << 15) + 1, MACHINE) == "second cache"
    assert home(1 << 30, MACHINE) == "memory"


@given(st.builds(Product, *[st.integers(1, 500)] * 3), st.floats(1e-7, 1.0))
def test_what_was_achieved_stands_beside_the_bound(shape, seconds):
    found = placed(shape, Method("product", shape.operations), seconds, MACHINE)
    assert found["gflops"] == pytest.approx(found["share_of_bound"] * found["bound_gflops"])
    assert found["gflops"] == pytest.approx(found["gbps"] * found["intensity"])
    assert found["direct_gflops"] == found["gflops"]
    assert found["share_of_one_roof"] == found["share_of_bound"]


def test_the_caches_grow():
    sizes = list(limits.holds(2).values())
    assert sizes == sorted(sizes) and sizes[0] >= 2 * 8 << 10


@pytest.mark.needs_jit
def test_the_loop_of_the_peak_multiplies():
    rng = np.random.default_rng(0)
    rows, columns = limits.FULL, limits.VECTORS * limits.VECTOR_BYTES // 4
    a, b = rng.standard_normal((2, rows, limits.DEPTH)), rng.standard_normal((2, limits.DEPTH, columns))
    c = np.zeros((2, rows, columns), np.float32)
    flat = [x.astype(np.float32).reshape(-1) for x in (c, a, b)]
    limits._tiles_parallel(flat[0], limits.ZEROS[c.dtype], *flat[1:], 2, 3)
    np.testing.assert_allclose(flat[0].reshape(c.shape), 3 * a @ b, rtol=1e-3, atol=1e-3)


@pytest.mark.needs_jit
def test_the_triad_is_one():
    a, b, c = np.random.default_rng(0).random((3, 2, 50), np.float32)
    limits._triad_parallel(a, b, c, np.float32(0.5), 2)
    np.testing.assert_allclose(a, b + np.float32(0.5) * c, rtol=1e-6)


@pytest.mark.needs_jit
def test_every_limit_is_measured(monkeypatch):
    monkeypatch.setattr(limits, "ROUNDS", 2)
    monkeypatch.setattr(limits, "caches", lambda: (1 << 14, 1 << 15, 1 << 16))
    found = limits.measure(moved=1 << 18, rounds=1)
    assert list(found["gbps"]) == [*limits.NAMES, "memory"] and list(found["bytes"]) == list(limits.NAMES)
    assert found["gflops"] > 0 and min(found["gbps"].values()) > 0
    assert list(limits.measure(["second cache"], 1 << 18, 1)["gbps"]) == ["second cache"]


def test_the_best_limits_are_the_highest():
    several = [{"gflops": 1.0, "gbps": {"a": 3.0, "b": 1.0}}, {"gflops": 2.0, "gbps": {"a": 2.0, "c": 5.0}}]
    assert limits.best(several) == {"gflops": 2.0, "gbps": {"a": 3.0, "b": 1.0, "c": 5.0}}
