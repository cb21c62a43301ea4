"""A profile names every kernel of a step as often as it is called, and its parts are the whole."""

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks import profile
from benchmarks.kernels.record import READ, calls_of
from minigen import backends

LIMITS = {"gflops": 100.0, "gbps": {"first cache": 200.0, "memory": 20.0}, "bytes": {"first cache": 65536}}


@pytest.fixture(scope="module")
def found():
    return profile.profile("flow2d", steps=3, limits=LIMITS)


@pytest.mark.needs_jit
def test_the_parts_are_the_whole(found):
    kernels = sum(row["ms"] for row in found["kernels"])
    assert found["step_ms"] == pytest.approx(kernels + found["rest_ms"], rel=1e-3)
    assert found["bound_ms"] == pytest.approx(sum(row["bound_ms"] for row in found["kernels"]), rel=1e-3)
    assert [row["ms"] for row in found["kernels"]] == sorted((row["ms"] for row in found["kernels"]), reverse=True)
    assert all(row["ms"] > 0 and row["calls"] > 0 for row in found["kernels"])


@pytest.mark.needs_jit
def test_products_are_those_that_the_kernels_benchmark_times(found):
    called = Counter()
    for row in found["kernels"]:
        if row["kernel"] in READ:
            assert row["method"] and row["bound_ms"] > 0
            called.update(name for name in row["on"].split(", ") for _ in range(row["calls"]))
    expected = Counter()
    for shape, calls in calls_of("flow2d").items():
        expected[shape.name] += calls
    assert called == expected
    assert {"adam_step", "affine_coupling", "affine_coupling_grad"} <= {row["kernel"] for row in found["kernels"]}


@pytest.mark.needs_jit
def test_the_table_has_a_row_for_each_of_the_longest(found):
    lines = profile.table(found).splitlines()
    assert len(lines) == 2 + min(profile.SHOWN, len(found["kernels"])) + (len(found["kernels"]) > profile.SHOWN) + 2
    assert found["kernels"][0]["kernel"] in lines[2]
    assert isinstance(backends.current(), backends.Backend)  # the clock is gone again


def test_a_clock_changes_no_result_and_counts_what_moves():
    clock = profile.ClockedBackend(backends.Backend("reference"))
    a, b = np.ones((3, 4)), np.ones((4, 5))
    assert (clock.matmul(a, b) == a @ b).all() and not clock.calls  # nobody looks
    clock.looking = True
    clock.relu_grad(a, a)
    clock.matmul(a, b)
    assert list(clock.calls.values()) == [1, 1]
    assert list(clock.bytes.values()) == [8 * (12 + 12), 8 * (12 + 20 + 15)]  # an array that is read twice moves once
