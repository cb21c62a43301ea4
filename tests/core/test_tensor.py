"""Tensor: what it holds, how it meets numbers and arrays, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given

import minigen
from minigen import functional as F
from minigen.errors import DTypeError, GraphError, ShapeError
from minigen.testing.strategies import arrays


def data(values, dtype=np.float64, **options):
    return minigen.tensor(np.array(values, dtype=dtype), **options)


# dtypes


@pytest.mark.parametrize(
    ("values", "dtype"),
    [(1.5, "float32"), ([1, 2], "int64"), ([1.0, 2.0], "float32"), ([True], "bool"), (np.float64(1), "float64")],
)
def test_dtype_of_what_it_is_made_of(values, dtype):
    assert minigen.tensor(values).dtype == dtype


@given(arrays())
def test_numbers_take_the_dtype_of_the_tensor(x):
    t = minigen.tensor(x)
    for number in (2, 2.5, True, np.float64(2.5), np.float32(2.5), np.int64(2)):
        for y in (t * number, number + t, number - t, number / (t**2 + number), F.maximum(t, number)):
            assert y.dtype == x.dtype


@pytest.mark.parametrize("op", [F.add, F.mul, F.matmul, F.maximum, F.logaddexp, lambda a, b: F.cat([a, b]), F.linear])
def test_mixed_dtypes_are_an_error_that_names_op_and_dtypes(op):
    with pytest.raises(DTypeError, match=r"[A-Z]\w+ got dtypes float32 and float64.*\.to\(dtype\)"):
        op(data(np.ones((2, 2)), np.float32), data(np.ones((2, 2))))


def test_mixed_dtypes_of_arrays_are_an_error_too():
    with pytest.raises(DTypeError, match="Mul got dtypes float32 and float64"):
        data([1.0], np.float32) * np.ones(1)


def test_integers_cannot_require_a_gradient():
    with pytest.raises(DTypeError, match="int64 cannot require a gradient"):
        data([1], np.int64, requires_grad=True)
    with pytest.raises(DTypeError, match="holds numbers"):
        minigen.tensor(["a"])


def test_to_another_dtype():
    x = data([1.5], requires_grad=True)
    assert x.to("float64") is x
    assert x.to(np.float32).dtype == np.float32
    assert x.to(np.float32).requires_grad
    assert not x.to(np.int64).requires_grad
    with pytest.raises(GraphError, match="made by Mul"):
        (x * 2.0).to(np.float32)


# meeting arrays


@given(arrays(shape=(2, 3), dtype=np.float64, low=0.5))
def test_an_array_on_either_side_gives_one_tensor(x):
    t = data(np.ones((2, 3)) * 2)
    for y, expected in (
        (x + t, x + 2), (t + x, 2 + x), (x - t, x - 2), (t - x, 2 - x), (x * t, x * 2), (x / t, x / 2), (t / x, 2 / x),
        (x**t, x**2), (t**x, 2**x), (x @ t.T, x @ np.full((3, 2), 2.0)), (t @ x.T, np.full((2, 3), 2.0) @ x.T),
    ):  # fmt: skip
        assert isinstance(y, minigen.Tensor)
        np.testing.assert_allclose(y, expected)


def test_comparisons_with_arrays_and_numbers():
    t, x = data([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    for y, expected in (
        (t == x, x == t.numpy()), (t != x, t.numpy() != x), (t < x, t.numpy() < x), (t <= 2, t.numpy() <= 2),
        (t > x, t.numpy() > x), (t >= x, t.numpy() >= x), (x < t, x < t.numpy()),
        ((t > 1) & (t < 3), [False, True, False]), (~(t > 1), [True, False, False]),
        ((t < 2) | (t > 2), [True, False, True]),
    ):  # fmt: skip
        assert isinstance(y, minigen.Tensor)
        assert y.dtype == bool
        np.testing.assert_array_equal(y, expected)


def test_numpy_functions_read_a_tensor():
    x = data([[1.0, 2.0]])
    np.testing.assert_array_equal(np.asarray(x), [[1.0, 2.0]])
    assert np.array(x, dtype=np.float32).dtype == np.float32


# what it is


def test_attributes():
    x = data(np.ones((2, 3)))
    assert (x.shape, x.ndim, x.numel(), len(x), x.device, x.is_leaf) == ((2, 3), 2, 6, 2, "cpu", True)
    assert x.T.shape == x.mT.shape == (3, 2)
    assert [row.tolist() for row in x] == [[1.0] * 3] * 2
    assert (float(data(2.5)), int(data(2.5)), bool(data(0.0))) == (2.5, 2, False)
    assert len({x, x, data(1.0)}) == 2


def test_repr():
    assert repr(data([1.0])) == "tensor([1.], dtype=float64)"
    assert repr(data([1.0], requires_grad=True)) == "tensor([1.], dtype=float64, requires_grad=True)"
    assert repr(data([1.0], requires_grad=True) * 2.0) == "tensor([2.], dtype=float64, made by Mul)"


def test_what_needs_one_element_or_an_axis():
    with pytest.raises(ShapeError, match=r"shape \(2,\); it needs exactly one"):
        data([1.0, 2.0]).item()
    with pytest.raises(ShapeError, match="without axes"):
        len(data(1.0))


def test_leaves_and_gradients():
    x = data([1.0, 2.0], requires_grad=True)
    assert x.grad is None
    with pytest.raises(ShapeError, match=r"grad of shape \(3,\) for a tensor of shape \(2,\)"):
        x.grad = data([1.0, 2.0, 3.0])
    x.grad = data([1.0, 1.0])
    (x * 2.0).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    with pytest.raises(GraphError, match="no leaf"):
        (x * 2.0).requires_grad_(False)
    assert not x.requires_grad_(False).requires_grad


def test_detach_shares_memory_and_clone_does_not():
    x = data([1.0, 2.0])
    x.detach()[0] = 5.0
    x.clone()[1] = 7.0
    assert x.tolist() == [5.0, 2.0]
    y = data([1.0], requires_grad=True)
    (y.clone() * 3.0).sum().backward()
    assert y.grad.item() == 3.0


@given(arrays(dtype=np.float64, low=0.5))
def test_methods_are_the_functions(x):
    t = minigen.tensor(x)
    for name in (
        "abs",
        "sign",
        "exp",
        "log",
        "log1p",
        "sqrt",
        "square",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "softplus",
        "relu",
        "sum",
    ):
        np.testing.assert_array_equal(getattr(t, name)(), getattr(F, name)(t))


# wrong shapes name op and shapes


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: data(np.ones(3)) + data(np.ones(4)), r"Add of \(3,\), \(4,\) cannot be computed"),
        (lambda: data(np.ones((2, 3))) @ data(np.ones((2, 3))), r"matmul of \(2, 3\) and \(2, 3\)"),
        (lambda: data(np.ones(6)).reshape(4), r"Reshape of \(6,\)"),
        (lambda: data(np.ones((2, 3))).sum(2), r"dim 2 is out of range for a tensor of shape \(2, 3\)"),
        (lambda: data(np.ones((2, 3))).sum((0, 0)), "twice"),
        (lambda: data(np.ones(3))[5], r"Slice of \(3,\)"),
        (lambda: F.cat([data(np.ones((2, 3))), data(np.ones((2, 4)))]), r"Cat of \(2, 3\), \(2, 4\)"),
        (lambda: F.linear(data(np.ones((2, 3))), data(np.ones((4, 5)))), r"linear got x \(2, 3\), weight \(4, 5\)"),
        (
            lambda: F.conv2d(data(np.ones((1, 4, 4, 3))), data(np.ones((3, 3, 2, 5)))),
            r"conv2d got 3 channels, weight \(3, 3, 2, 5\)",
        ),
        (lambda: F.conv2d(data(np.ones((1, 2, 2, 1))), data(np.ones((3, 3, 1, 1)))), "reaches over 3 pixels"),
        (lambda: F.max_pool2d(data(np.ones((2, 2))), 2), r"max_pool2d got a tensor of shape \(2, 2\)"),
        (lambda: F.layer_norm(data(np.ones((2, 3))), 4), r"layer_norm got x \(2, 3\) and normalized_shape \(4,\)"),
        (lambda: F.mse_loss(data(np.ones(3)), data(np.ones((3, 1)))), r"mse_loss got input \(3,\) and target \(3, 1\)"),
        (
            lambda: F.embedding(np.array([7]), data(np.ones((3, 2)))),
            r"indices in \[7, 7\] for axis 0",
        ),
        (lambda: data(np.ones((2, 3))).permute(0, 0), r"permute got dims \(0, 0\)"),
        (lambda: data(np.ones((0, 2))).amax(0), "empty axis"),
    ],
)
def test_wrong_shapes_name_op_and_shapes(compute, message):
    with pytest.raises(ShapeError, match=message):
        compute()


def test_what_cannot_meet_a_tensor():
    with pytest.raises(DTypeError, match="a str cannot meet a tensor"):
        data([1.0]) + "a"
    with pytest.raises(DTypeError, match="at least one Tensor"):
        F.add(1.0, 2.0)
