"""An array that the graph saved and that was changed since is an error, never a silently wrong gradient."""

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen import optim
from minigen.errors import GraphError


def leaf(values):
    return minigen.tensor(np.array(values, dtype=np.float64), requires_grad=True)


def data(values):
    return minigen.tensor(np.array(values, dtype=np.float64))


CHANGES = {
    "setitem": lambda t: t.__setitem__(0, 9.0),
    "copy_": lambda t: t.copy_(np.array([9.0, 9.0])),
    "zero_": lambda t: t.zero_(),
    "detach": lambda t: t.detach().zero_(),
    "slice": lambda t: t.detach()[:1].zero_(),
    "reshape": lambda t: t.detach().reshape(2, 1).zero_(),
    "flip": lambda t: t.detach().flip(0).zero_(),
    "expand": lambda t: t.detach().unsqueeze(0).zero_(),
    "view of a view": lambda t: t.detach()[:1].detach().reshape(1, 1).copy_(5.0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_input(change):
    x, y = leaf([1.0, 2.0]), data([3.0, 4.0])
    z = (x * y).sum()
    change(y)
    with pytest.raises(GraphError, match=r"Mul of \(2,\), \(2,\) saved an array .* changed in place"):
        z.backward()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_leaf(change):
    x = leaf([1.0, 2.0])
    z = x.square().sum()
    change(x)
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


@pytest.mark.parametrize("name", ["detach", "slice", "reshape", "flip", "expand", "view of a view"])
def test_changed_output(name):
    x = leaf([1.0, 2.0])
    y = x.tanh()
    z = y.sum()
    CHANGES[name](y)
    with pytest.raises(GraphError, match=r"Tanh of \(2,\) saved an array"):
        z.backward()


def test_changed_base_of_a_saved_view():
    base = data([1.0, 2.0, 3.0])
    x = leaf([1.0, 1.0])
    z = (x * base[1:]).sum()
    base[0] = 5.0  # not even part of the view: refused rather than guessed
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


def test_a_tensor_of_the_graph_cannot_be_changed_itself():
    y = leaf([1.0, 2.0]).tanh()
    with pytest.raises(GraphError, match="made by Tanh cannot be changed in place"):
        y[0] = 1.0
    with pytest.raises(GraphError, match="made by Tanh"):
        y.copy_(0.0)


def test_what_no_gradient_reads_may_be_changed():
    x, y = leaf([1.0, 2.0]), data([3.0, 4.0])
    z = (x + y).sum()
    y[0] = 9.0
    z.backward()
    np.testing.assert_array_equal(x.grad, [1.0, 1.0])


def test_a_changed_copy_is_no_matter():
    x, y = leaf([1.0, 2.0]), data([3.0, 4.0])
    z = (x * y).sum()
    y.detach().clone()[0] = 9.0
    z.backward()
    np.testing.assert_array_equal(x.grad, [3.0, 4.0])


def test_a_condition_of_where_that_was_changed():
    x, condition = leaf([1.0, 2.0]), data([1.0, -1.0]) > 0
    z = F.where(condition, x, 0.0).sum()
    condition[1] = True
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


def test_arrays_of_numpy_are_copied_where_they_enter():
    """An array has no version: what the graph keeps of it is its own."""
    x, factor, mask, index = leaf([1.0, 2.0]), np.array([3.0, 4.0]), np.array([True, False]), np.array([1, 1])
    z = (x * factor).sum() + F.where(mask, x, 0.0).sum() + x[index].sum() + F.index_select(x, 0, index).sum()
    factor[...], mask[...], index[...] = 0.0, False, 0
    z.backward()
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])


def test_saved_arrays_are_watched_in_higher_orders():
    x, y = leaf([1.0, 2.0]), data([3.0, 4.0])
    (g,) = minigen.grad((x * y).sin().sum(), [x], create_graph=True)
    y.zero_()
    with pytest.raises(GraphError, match="changed in place"):
        g.sum().backward()


def test_changes_are_counted_in_the_message():
    x, y = leaf([1.0, 2.0]), data([3.0, 4.0])
    z = (x * y).sum()
    y[0], y[1] = 0.0, 0.0
    with pytest.raises(GraphError, match=r"2 time\(s\)"):
        z.backward()


def test_numpy_gives_a_view_that_cannot_be_written_to():
    x = data([1.0, 2.0])
    view = x.numpy()
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 5.0
    x[0] = 7.0
    assert view[0] == 7.0


def test_a_tensor_copies_what_it_is_made_of():
    array = np.array([1.0, 2.0])
    x = minigen.tensor(array)
    array[0] = 9.0
    assert x.tolist() == [1.0, 2.0]


def test_a_gradient_buffer_that_a_graph_saved_is_guarded():
    """A packed parameter's gradient is a view of a buffer that later passes overwrite: the graph notices."""

    def clip(p):
        optim.clip_grad_norm_([p], 0.1)

    def again(p):
        (p * 100.0).sum().backward()

    def forget(p):
        p.grad = None
        assert p.grad.tolist() == [0, 0, 0]

    for change in (clip, again, forget, lambda p: optim.clip_grad_value_([p], 0.1)):
        p = minigen.Parameter(np.ones(3))
        optim.SGD([p], lr=0.1)
        (p * p).sum().backward()
        w = minigen.tensor(np.ones(3), requires_grad=True)
        product = (p.grad * w).sum()
        change(p)
        with pytest.raises(GraphError, match="changed in place"):
            product.backward()
