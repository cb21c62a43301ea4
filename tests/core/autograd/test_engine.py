"""Laws of the engine: what it computes, what it visits, what it refuses, and where it runs."""

import threading

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen.core.autograd import Op
from minigen.core.ops.trigonometry import Tanh
from minigen.errors import GraphError, ShapeError


def leaf(*values):
    return minigen.tensor(np.array(values[0] if len(values) == 1 else values, dtype=np.float64), requires_grad=True)


class Passage(Op):
    """y = x, counting how often backward is visited."""

    def forward(self, x):
        return x.copy()

    def backward(self, g):
        self.visits.append(self.label)
        return g


# what it computes


def test_gradients_along_several_paths_add_up():
    x = leaf(0.3)
    a = x * 2.0
    b, c = a.sin(), a * a
    (b * c + a).backward()
    a = 0.6
    assert x.grad.item() == pytest.approx(2 * (np.cos(a) * a * a + np.sin(a) * 2 * a + 1), rel=1e-14)


def test_diamonds_stacked_fifty_high_take_linear_time():
    """2⁵⁰ paths, each op visited once."""
    x = leaf(1.0)
    y = x
    for _ in range(50):
        y = (y + y) * 0.5
    y.backward()
    assert x.grad.item() == 1.0


def test_same_tensor_twice_in_one_op():
    x = leaf(3.0)
    (x * x * x).backward()
    assert x.grad.item() == 27.0


def test_backward_accumulates_and_grad_does_not():
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    (x * 3.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [5.0, 7.0])
    minigen.grad((x * x).sum(), x)
    np.testing.assert_array_equal(x.grad, [5.0, 7.0])


def test_gradients_of_leaves_do_not_share_memory():
    """z = x + y hands the same gradient to both; changing one must not change the other."""
    x, y, seed = leaf([1.0, 2.0]), leaf([3.0, 4.0]), minigen.tensor(np.array([1.0, 1.0]))
    (x + y).backward(seed)
    x.grad.zero_()
    seed[...] = 7.0
    np.testing.assert_array_equal(y.grad, [1.0, 1.0])
    x.sum().backward()
    x.grad.zero_()  # the gradient of a sum is broadcast: it must be writable all the same


def test_grad_of_unused_and_intermediate_inputs():
    x, unused = leaf([1.0, 2.0]), leaf(5.0)
    hidden = x * x
    y = (hidden * 3.0).sum()
    by_hidden, by_x, by_unused = minigen.grad(y, [hidden, x, unused])
    np.testing.assert_array_equal(by_hidden, [3.0, 3.0])
    np.testing.assert_array_equal(by_x, [6.0, 12.0])
    assert by_unused is None
    assert x.grad is hidden.grad is None


def test_grad_of_an_output_by_itself():
    x = leaf(2.0)
    y = x * 3.0
    (one,) = minigen.grad(y, [y])
    assert one.item() == 1.0
    (one,) = minigen.grad(x, [x])
    assert one.item() == 1.0


def test_several_outputs_and_their_vectors():
    x = leaf([1.0, 2.0])
    vectors = [minigen.tensor(np.array([1.0, -1.0])), minigen.tensor(np.array(2.0))]
    (g,) = minigen.grad([x * x, x.sum()], [x], vectors)
    np.testing.assert_array_equal(g, [2.0 + 2.0, -4.0 + 2.0])
    (g,) = minigen.grad([x.sum(), (x * x).sum()], [x])
    np.testing.assert_array_equal(g, [3.0, 5.0])


@pytest.mark.parametrize(
    ("f", "derivatives"),
    [
        (lambda x: x**4, lambda x: [4 * x**3, 12 * x**2, 24 * x, 24.0]),
        (F.exp, lambda x: [np.exp(x)] * 4),
        (F.sin, lambda x: [np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)]),
        (
            F.tanh,
            lambda x: [
                1 - (t := np.tanh(x)) ** 2,
                -2 * t * (1 - t**2),
                (1 - t**2) * (6 * t**2 - 2),
                8 * t * (1 - t**2) * (2 - 3 * t**2),
            ],
        ),
    ],
)
def test_create_graph_to_the_fourth_order(f, derivatives):
    x = leaf(0.7)
    y = f(x)
    for expected in derivatives(0.7):
        (y,) = minigen.grad(y, [x], create_graph=True)
        assert y.item() == pytest.approx(expected, rel=1e-12)


def test_third_order_through_a_convolution():
    """y = Σ (x ∗ w)³: ∂³y by x is 6 w³ for a 1×1 kernel."""
    x, w = leaf(np.ones((1, 2, 2, 1))), leaf(np.full((1, 1, 1, 1), 2.0))
    y = (F.conv2d(x, w) ** 3).sum()
    for expected in (3 * 2.0**3, 6 * 2.0**3, 6 * 2.0**3):
        (g,) = minigen.grad(y, [x], create_graph=True)
        np.testing.assert_allclose(g, np.full((1, 2, 2, 1), expected))
        y = g.sum()


# what it visits


def test_ops_that_do_not_lead_to_the_inputs_are_not_visited():
    x, other, visits = leaf(1.0), leaf(2.0), []
    wanted = Passage.apply(x, label="wanted", visits=visits)
    aside = Passage.apply(other, label="aside", visits=visits)
    minigen.grad(wanted * aside, [x])
    assert visits == ["wanted"]


def test_ops_behind_the_inputs_are_not_visited():
    x, visits = leaf(1.0), []
    hidden = Passage.apply(x, label="behind", visits=visits)
    minigen.grad(Passage.apply(hidden, label="after", visits=visits), [hidden])
    assert visits == ["after"]


def test_gradients_that_nobody_wants_are_not_computed():
    computed = []

    class Pair(Op):
        def forward(self, a, b):
            return a + b

        def backward(self, g):
            return lambda: computed.append("a") or g, lambda: computed.append("b") or g

    Pair.apply(leaf(1.0), minigen.tensor(np.array(2.0))).backward()
    assert computed == ["a"]


# what it refuses


def test_backward_twice_is_an_error_that_tells_what_to_do():
    x = leaf([1.0, 2.0])
    y = (x.tanh() * x).sum()
    y.backward()
    with pytest.raises(GraphError, match=r"Sum of \(2,\) a second time.*retain_graph=True"):
        y.backward()


def test_a_released_part_of_a_graph_is_an_error_too():
    x = leaf(1.0)
    shared = x.tanh()
    (shared * 2.0).backward()
    with pytest.raises(GraphError, match="a second time"):
        (shared * 3.0).backward()


def test_retain_graph_allows_a_second_pass():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0


def test_outputs_that_need_a_vector_or_have_no_graph():
    x = leaf([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"shape \(2,\), not one element"):
        (x * 2.0).backward()
    with pytest.raises(ShapeError, match=r"output of shape \(2,\) has shape \(3,\)"):
        (x * 2.0).backward(minigen.tensor(np.ones(3)))
    with pytest.raises(GraphError, match="nothing to differentiate"):
        minigen.tensor(1.0).backward()
    with pytest.raises(GraphError, match="input 0 does not require a gradient"):
        minigen.grad((x * 2.0).sum(), [minigen.tensor(1.0)])
    with pytest.raises(GraphError, match="2 outputs and 1 grad_outputs"):
        minigen.grad([x, x], [x], [x])


def test_wrong_ops_are_refused():
    class TooMany(Op):
        def forward(self, x):
            return x.copy()

        def backward(self, g):
            return g, g

    class WrongShape(TooMany):
        def backward(self, g):
            return g.sum()

    class NoBackward(Op):
        def forward(self, x):
            return x.copy()

    x = leaf([1.0, 2.0])
    with pytest.raises(GraphError, match="returned 2 gradients for 1 inputs"):
        TooMany.apply(x).sum().backward()
    with pytest.raises(GraphError, match=r"shape \(\) for input 0 of shape \(2,\)"):
        WrongShape.apply(x).sum().backward()
    with pytest.raises(GraphError, match="NoBackward has no derivative"):
        NoBackward.apply(x).sum().backward()


# where it runs


def test_a_graph_keeps_its_backend():
    used = []

    class Spy(Op):
        def forward(self, x):
            return x.copy()

        def backward(self, g):
            used.append(minigen.backends.current().name)
            return g

    import_before = minigen.backends.current()
    with minigen.backend("reference"):
        y = Spy.apply(leaf(1.0))
    with minigen.backend("cpu"):
        z = Spy.apply(y)
    z.backward()
    assert used == ["cpu", "reference"]
    assert minigen.backends.current() is import_before


def test_an_error_in_backward_restores_backend_and_recording():
    class Fails(Op):
        def forward(self, x):
            return x.copy()

        def backward(self, g):
            raise RuntimeError("on purpose")

    with minigen.backend("reference"):
        y = Fails.apply(leaf(1.0))
    before = minigen.backends.current()
    with pytest.raises(RuntimeError, match="on purpose"):
        y.backward()
    assert minigen.backends.current() is before
    assert (leaf(1.0) * 2.0).requires_grad


def test_threads_differentiate_side_by_side():
    """Each thread has its own recording flag and its own graphs; the clock is shared."""
    results, start = {}, threading.Barrier(4)

    def work(i):
        start.wait()
        x = leaf(float(i))
        for _ in range(50):
            if i % 2:
                with minigen.no_grad():
                    assert not (x * x).requires_grad
            y = x
            for _ in range(20):
                y = y.sin()
            (g,) = minigen.grad(y, [x])
        results[i] = g.item()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        x = leaf(float(i))
        y = x
        for _ in range(20):
            y = y.sin()
        assert results[i] == minigen.grad(y, [x])[0].item()


def test_empty_batches_have_empty_gradients():
    x, w = leaf(np.zeros((0, 3))), leaf(np.ones((3, 2)))
    F.linear(x, w).tanh().sum().backward()
    assert x.grad.shape == (0, 3)
    np.testing.assert_array_equal(w.grad, np.zeros((3, 2)))


def test_names_of_ops_in_descriptions():
    y = leaf([1.0]).tanh()
    assert isinstance(y.op, Tanh)
    assert y.op.describe() == "Tanh of (1,)"
    assert "made by Tanh" in repr(y)
