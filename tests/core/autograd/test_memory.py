"""What a graph keeps, and when it lets go: no recursion, no reference cycles, memory back as backward goes."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen.core.autograd import Op


def leaf(values):
    return minigen.tensor(np.array(values, dtype=np.float64), requires_grad=True)


@pytest.fixture
def no_gc():
    """Whatever is freed inside is freed by reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_chain_of_100_000_nodes_goes_backward_and_dies_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    y = x
    for _ in range(100_000):
        y = -y
    del y  # never gone through: taking it apart must not recurse either


def test_memory_is_released_as_backward_goes(no_gc):
    x, alive, seen = leaf(np.ones(10)), [], []

    class Watch(Op):
        def forward(self, x):
            return x.copy()

        def backward(self, g):
            seen.append(sum(ref() is not None for ref in alive))
            return g

    y = x
    for _ in range(5):
        y = Watch.apply(y.tanh())
        alive.append(weakref.ref(y.op))
    y = y.sum()
    y.backward()
    # the caller holds y, y the ops, but what they saved is gone; and the loop itself keeps no op for long
    assert seen == sorted(seen, reverse=True)
    assert all(ref() is None or not hasattr(ref(), "_saved") for ref in alive)


def test_released_ops_keep_no_arrays(no_gc):
    x = leaf(np.ones(1000))
    hidden = x.exp()
    array = weakref.ref(hidden._array)
    y = hidden.sum()
    del hidden
    assert array() is not None  # exp saves its output
    y.backward()
    assert array() is None


def test_no_reference_cycles(no_gc):
    def step():
        x, w = leaf(np.ones((8, 100))), leaf(np.ones((100, 50)))
        y = F.softmax(F.linear(x, w).tanh(), -1).exp().mean()
        y.backward()
        (g,) = minigen.grad(F.logsumexp(F.linear(x, w), -1).sum(), [w], create_graph=True)
        (g * g).sum().backward()
        F.linear(x, w).sigmoid()  # never gone through

    step()
    tracemalloc.start()
    step()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(20):
        step()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 8 * 100 * 50, f"{grown} bytes were left behind by 20 steps"


def test_tensors_die_with_their_last_reference(no_gc):
    x = leaf(np.ones(3))
    y = x.tanh()
    ref = weakref.ref(y.op)
    z = y + 1.0
    del y, z
    assert ref() is None


def test_an_op_that_saves_nothing_keeps_nothing(no_gc):
    """z = y + 1 needs no y to go backward: y's memory is free while z lives."""
    x = leaf(np.ones(1000))
    y = x * 2.0
    array = weakref.ref(y._array)
    z = y + 1.0
    del y
    assert array() is None
    z.sum().backward()
