"""Flat storage: parameters and gradients are views of two arrays, whatever is done with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import Parameter, Tensor, grad, no_grad, optim
from minigen import functional as F
from minigen.core.optim.flat import Pack, Span
from minigen.errors import DTypeError, UserError

SHAPES = st.lists(st.lists(st.integers(0, 5), max_size=3).map(tuple), min_size=1, max_size=6)


def parameters(shapes=((3, 4), (4,), (), (2, 3)), dtype=np.float32):
    rng = np.random.default_rng(0)
    return [Parameter(rng.standard_normal(shape).astype(dtype)) for shape in shapes]


def loss_of(ps):
    return sum((p * p * (i + 1.0)).sum() for i, p in enumerate(ps))


@given(SHAPES, st.sampled_from([np.float32, np.float64]))
def test_packing_keeps_values_and_lays_parameters_out_on_cache_lines(shapes, dtype):
    ps = parameters(shapes, dtype)
    before = [p.numpy().copy() for p in ps]
    buffer = optim.FlatBuffer(ps)
    assert buffer.values.flags.c_contiguous and buffer.values.dtype == dtype
    assert buffer.size == sum(p._flat.stop - p._flat.start for p in ps)
    for p, old in zip(ps, before, strict=True):
        np.testing.assert_array_equal(p.numpy(), old)
        assert p.shape == old.shape and (not p.numel() or p._array.ctypes.data % 64 == 0)
        assert not p.numel() or np.shares_memory(p._array, p._flat.values)
        assert not p.numel() or np.shares_memory(p.grad.numpy(), p._flat.gradients)


def test_gradients_add_up_in_the_buffer_and_are_never_none():
    ps = parameters()
    optimiser = optim.SGD(ps, lr=0.1)
    loss_of(ps).backward()
    loss_of(ps).backward()
    for i, p in enumerate(ps):
        np.testing.assert_allclose(p.grad.numpy(), 4 * (i + 1) * p.numpy(), rtol=1e-6)
        assert np.shares_memory(p.grad.numpy(), p._flat.gradients)
    optimiser.zero_grad()
    assert all(p.grad is not None and not p.grad.numpy().any() for p in ps)
    loss_of(ps).backward()
    np.testing.assert_allclose(ps[0].grad.numpy(), 2 * ps[0].numpy(), rtol=1e-6)


def test_a_stale_gradient_is_not_used_after_zero_grad():
    ps = parameters()
    optimiser = optim.SGD(ps, lr=0.1)
    loss_of(ps).backward()
    optimiser.zero_grad()
    before = [p.numpy().copy() for p in ps]
    (ps[0] * 2.0).sum().backward()
    optimiser.step()
    np.testing.assert_allclose(ps[0].numpy(), before[0] - 0.2, rtol=1e-5)
    for p, old in zip(ps[1:], before[1:], strict=True):
        np.testing.assert_array_equal(p.numpy(), old)


def test_a_first_gradient_is_computed_where_it_stays():
    """The weight's gradient is written to the buffer by the product itself; a second, and a tied one, are added."""
    w, b, x = Parameter(np.ones((2, 2))), Parameter(np.ones(2)), Tensor(np.array([[1.0, 2.0]]))
    optimizer, ones = optim.SGD([w, b], lr=0.1), np.ones((1, 2))
    rooms, take = [], Parameter.room

    def passes(*losses):
        optimizer.zero_grad()
        rooms.clear()
        for loss in losses:
            loss.backward()
        return w.grad.numpy(), b.grad.numpy()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Parameter, "room", lambda p: rooms.append(take(p)) or rooms[-1])
        once = passes((F.linear(x, w, b) * 3.0).sum())
        assert [room is not None for room in rooms] == [True, True]
        assert rooms[0] is w._gradient_view and rooms[1] is b._gradient_view
        np.testing.assert_array_equal(once[0], [[3, 3], [6, 6]])
        np.testing.assert_array_equal(once[1], 3 * ones[0])
        twice = passes((F.linear(x, w, b) * 3.0).sum(), F.linear(x, w, b).sum())
        assert [room is not None for room in rooms] == [True, True, False, False]
        np.testing.assert_array_equal(twice[0], [[4, 4], [8, 8]])
        both = passes(F.linear(w, w, b).sum())  # the same parameter as input and as weight: 1 Wᵀ + Wᵀ 1
        np.testing.assert_array_equal(both[0], [[4, 4], [4, 4]])
        rooms.clear()
        grad(F.linear(x, w, b).sum(), [w])  # not for .grad
        assert not rooms


def test_a_gradient_from_before_packing_is_kept():
    ps = parameters()
    loss_of(ps).backward()
    expected = [p.grad.numpy().copy() for p in ps]
    optim.FlatBuffer(ps)
    for p, gradient in zip(ps, expected, strict=True):
        np.testing.assert_array_equal(p.grad.numpy(), gradient)


def test_a_graph_recorded_before_packing_goes_backward_after_it():
    ps = parameters()
    loss = loss_of(ps)
    optim.FlatBuffer(ps)
    loss.backward()
    np.testing.assert_allclose(ps[1].grad.numpy(), 4 * ps[1].numpy(), rtol=1e-6)


def test_optimisers_and_averages_share_one_buffer():
    ps = parameters()
    first, average = optim.Adam(ps, lr=0.1), optim.EMA(ps[1:])
    buffer = ps[0]._flat.buffer
    second = optim.SGD(ps[2:], lr=0.1)
    assert all(p._flat.buffer is buffer for p in ps)
    loss_of(ps).backward()
    before = [p.numpy().copy() for p in ps]
    second.step()
    np.testing.assert_array_equal(ps[1].numpy(), before[1])
    assert not np.array_equal(ps[3].numpy(), before[3])
    first.step()
    average.update()


def test_an_optimiser_gives_its_gradients_as_one_array():
    ps = parameters()
    optimiser = optim.Adam(ps)
    loss_of(ps[:2]).backward()
    (whole,) = optimiser.gradients()
    assert whole.size == ps[0]._flat.buffer.size and not ps[3].grad.numpy().any()
    whole *= 2
    np.testing.assert_allclose(ps[1].grad.numpy(), 8 * ps[1].numpy(), rtol=1e-6)
    ps[2].requires_grad_(False)
    assert len(optimiser.gradients()) == 2


def test_neighbours_are_joined_and_keys_cut():
    ps = parameters()
    pack = Pack(ps, "test")
    ((whole, _),) = pack.stretches()
    assert (whole.start, whole.stop) == (0, whole.buffer.size) and isinstance(whole, Span)
    cut = pack.stretches([1, 1, None, 2])
    assert [(s.start, s.stop, key) for s, key in cut] == [
        (0, ps[1]._flat.stop, 1),
        (ps[3]._flat.start, ps[3]._flat.stop, 2),
    ]


def test_each_dtype_has_its_own_buffer():
    ps = [*parameters(), *parameters(dtype=np.float64)]
    pack = Pack(ps, "test")
    with pytest.raises(DTypeError, match="float32"):
        optim.FlatBuffer(ps)
    assert [str(span.buffer.values.dtype) for span, _ in pack.stretches()] == ["float32", "float64"]


def test_the_memory_of_parameters_goes_without_the_garbage_collector():
    import gc
    import weakref

    ps = parameters()
    optimiser = optim.Adam(ps)
    buffer = weakref.ref(ps[0]._flat.buffer)
    loss_of(ps).backward()
    optimiser.step()
    gc.disable()
    try:
        del ps, optimiser
        assert buffer() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "bad, message",
    [
        ([], "no parameters"),
        ([Tensor([1.0])], "got a Tensor as parameter 0"),
        ([("weight", 1)], "got a tuple as parameter 0"),
        (parameters() * 2, "twice"),
    ],
)
def test_bad_lists_are_refused(bad, message):
    with pytest.raises(UserError, match=message):
        Pack(bad, "test")


def test_writing_a_parameter_in_place_reaches_the_buffer():
    ps = parameters()
    buffer = optim.FlatBuffer(ps)
    with no_grad():
        ps[1].copy_(5.0)
    assert (buffer.values[ps[1]._flat.start :][:4] == 5).all()
