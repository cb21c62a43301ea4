"""The shapes that are timed are all that a workload calls, as often as it calls them."""

import re

import pytest

pytest.importorskip("numba")

from benchmarks import ddpm
from benchmarks.kernels import record
from minigen import backends
from minigen.insight import count_operations

WHAT = re.compile("MatMul|Linear|MultilayerPerceptron|Conv2d")


@pytest.fixture
def few_images(monkeypatch):
    monkeypatch.setattr(ddpm, "BATCH", 4)


@pytest.mark.needs_jit
@pytest.mark.parametrize("workload", record.CONTENDERS)
def test_the_shapes_cover_what_a_workload_calls(few_images, workload):
    """Every operation of a product or a convolution in a step, as `minigen.insight` counts them op by op."""
    contender = record.CONTENDERS[workload]()
    with count_operations() as count:
        contender.step()
    called = sum(n for name, n in count.by_op.items() if WHAT.match(name))
    found = record.calls_of(workload)
    assert called == sum(calls * shape.operations for shape, calls in found.items()) > 0
    assert backends.current().name in backends.NAMES and not isinstance(backends.current(), record.Recorder)


def test_shapes_are_joined_and_in_order(monkeypatch):
    few = {
        "vae": {record.Product(2, 3, 4): 5, record.Product(1, 1, 1): 1},
        "gan": {record.Convolution("forward", (1, 4, 4, 1), (3, 3), 2): 1, record.Product(2, 3, 4): 2},
    }
    monkeypatch.setattr(record, "calls_of", few.__getitem__)
    found = record.recorded(("gan", "vae"))
    assert found[record.Product(2, 3, 4)] == {"gan": 2, "vae": 5}
    assert [shape.kind for shape in found] == ["matmul NN", "matmul NN", "conv2d forward"]
    assert [shape.operations for shape in found][:2] == [2, 48]
