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
    assert not x.to(np.int64).requires_grad
    for wrong in ("cpu", str):
        with pytest.raises(DTypeError, match="holds numbers"):
            x.to(wrong)


@pytest.mark.parametrize("leaf", [True, False])
def test_gradients_pass_through_another_dtype_to_any_order(leaf):
    """d/dx x³ = 3x², d²/dx² = 6x, computed in the other dtype and cast back."""
    x = data([1.5, -2.0], requires_grad=True)
    y = (x if leaf else x * 1.0).to(np.float32)
    first = minigen.grad((y * y * y).sum(), x, create_graph=True)[0]
    assert first.dtype == np.float64
    np.testing.assert_allclose(first.numpy(), 3 * x.numpy() ** 2)
    (second,) = minigen.grad(first.sum(), x)
    np.testing.assert_allclose(second.numpy(), 6 * x.numpy())


def test_a_list_of_tensors_with_a_graph_is_not_cut_off_silently():
    x = data(1.0, requires_grad=True)
    for nested in ([x, x * 2.0], [[1.0, x]], (x,)):
        with pytest.raises(GraphError, match=r"F\.stack"):
            minigen.tensor(nested)
    assert minigen.tensor([x.detach(), x.detach()]).tolist() == [1.0, 1.0]


def test_integers_compute_in_single_precision():
    n = minigen.tensor([1, 2])
    for y in (n * 0.5, n / 2, n / n, n.mean(), F.exp(n), 1.5 - n):
        assert y.dtype == np.float32
    for y in (n * 2, n + n, n.sum(), n.max()):
        assert y.dtype == np.int64
    assert (n > 1.5).tolist() == [False, True]


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
        "erf",
        "gelu",
        "silu",
        "expm1",
        "rsqrt",
        "sum",
        "prod",
        "isnan",
        "isfinite",
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
            r"embedding got indices in \[7, 7\]",
        ),
        (lambda: data(np.ones((2, 3))).permute(0, 0), r"permute got dims \(0, 0\)"),
        (lambda: data(np.ones((0, 2))).amax(0), "empty axis"),
        (lambda: data(np.ones(4)).narrow(0, 3, 5), r"narrow got start 3 and length 5 .* \(4,\)"),
        (lambda: data(np.ones(4)).narrow(0, -5, 1), "narrow got start -5"),
        (lambda: data(np.ones(4)).narrow(0, 1, -1), "length -1"),
        (lambda: data(np.ones(4)).split([5, -1]), r"split got sections \[5, -1\]"),
        (lambda: data(np.ones(4)).chunk(0), "chunk got 0 chunks"),
        (lambda: data(np.ones((2, 3, 4))).flatten(2, 1), "flatten got start_dim 2 after end_dim 1"),
        (lambda: F.pad(data(np.ones(4)), (-5, 0), "reflect"), "cuts more than 4 entries"),
        (lambda: data(1.0).split(1), "split got a tensor without axes"),
        (lambda: F.stack([]), "stack got no tensors"),
        (lambda: data(np.ones(4)).sum("rows"), "dim is 'rows'; it must be an integer"),
        (lambda: data(np.ones(4)).max(data(np.ones(4))), "it must be an integer"),
        (lambda: data(np.ones(4)).reshape(2.0, 2), r"shape is \(2.0, 2\)"),
        (lambda: F.conv2d(data(np.ones((1, 4, 4, 1))), data(np.ones((0, 3, 1, 1)))), "kernel size must be at least 1"),
        (lambda: F.conv2d(data(np.ones((1, 4, 4, 1))), data(np.ones((3, 3, 1, 1))), stride=0), "stride is 0"),
        (
            lambda: F.conv_transpose2d(data(np.ones((1, 4, 4, 1))), data(np.ones((3, 0, 1, 1)))),
            "conv_transpose2d got weight .* at least 1",
        ),
        (lambda: F.max_pool2d(data(np.ones((1, 4, 4, 1))), 0), "kernel_size is 0"),
        (lambda: data(np.ones(3)).copy_(np.ones(2)), r"copy_ got values of shape \(2,\) for a tensor of shape \(3,\)"),
        (lambda: data(np.ones(1)).expand(3).zero_(), r"zero_: this tensor of shape \(3,\) cannot be written to"),
        (lambda: data(np.ones(3)).__setitem__(7, 1.0), r"shape \(3,\)"),
        (lambda: minigen.tensor([[1.0], [1.0, 2.0]]), "rows of equal lengths"),
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


def test_what_a_dtype_cannot_do_names_op_and_dtype():
    with pytest.raises(DTypeError, match=r"Neg of \(1,\) cannot be computed in bool"):
        -(data([1.0]) > 0)
    with pytest.raises(DTypeError, match=r"Add of \(1,\), a number cannot be computed in uint8"):
        data([1], np.uint8) + 300
    for compute in (lambda n: n & n, lambda n: n | True, lambda n: ~n, lambda n: (n > 0) & 1):
        with pytest.raises(DTypeError, match="takes booleans only"):
            compute(data([1, 2], np.int64))


def test_numpy_functions_refuse_a_tensor():
    with pytest.raises(TypeError, match="'Tensor' does not support ufuncs"):
        np.exp(data([1.0]))


# NumPy's integers are integers


def test_sizes_axes_and_windows_may_be_numpy_integers():
    two, x, image = np.int64(2), data(np.arange(6.0).reshape(2, 3)), data(np.arange(16.0).reshape(1, 4, 4, 1))
    for y, shape in (
        (x.reshape(np.prod(x.shape)), (6,)), (x.reshape(np.array([3, 2])), (3, 2)), (x.reshape(two, -1), (2, 3)),
        (x.sum(np.int64(0)), (3,)), (x.mean((np.int64(1),)), (2,)), (x.argmax(np.int64(1)), (2,)),
        (x.max(np.int64(1))[0], (2,)), (x.split(two, np.int64(1))[0], (2, 2)), (x.flip(np.int64(0)), (2, 3)),
        (x.expand(np.int64(4), 2, 3), (4, 2, 3)), (x.permute(np.int64(1), np.int64(0)), (3, 2)),
        (x.unsqueeze(np.int64(0)), (1, 2, 3)), (x.narrow(np.int64(0), np.int64(1), np.int64(1)), (1, 3)),
        (x.chunk(two)[0], (1, 3)), (F.pad(x, np.array([1, 1])), (2, 5)), (F.layer_norm(x, np.int64(3)), (2, 3)),
        (F.conv2d(image, data(np.ones((2, 2, 1, 1))), stride=two), (1, 2, 2, 1)),
        (F.conv_transpose2d(image, data(np.ones((2, 2, 1, 1))), stride=(two, two), groups=np.int64(1)), (1, 8, 8, 1)),
        (F.max_pool2d(image, two), (1, 2, 2, 1)), (F.interpolate(image, scale_factor=two), (1, 8, 8, 1)),
        (F.interpolate(image, size=two), (1, 2, 2, 1)), (F.group_norm(image, np.int64(1)), (1, 4, 4, 1)),
    ):  # fmt: skip
        assert y.shape == shape
        assert all(type(n) is int for n in y.shape)


def test_views_count_from_either_end():
    x = data([1.0, 2.0, 3.0])
    assert x.narrow(0, -2, 2).tolist() == [2.0, 3.0]
    assert x.narrow(0, 3, 0).shape == (0,)
    assert data(2.0).cumsum(0).item() == 2.0


# changes in place


def test_a_step_of_gradient_descent_in_place():
    w = data([1.0, 2.0], requires_grad=True)
    alias, before = w, w.version[0]
    (w * w).sum().backward()
    with minigen.no_grad():
        w -= 0.1 * w.grad
    assert w is alias
    assert w.requires_grad and w.is_leaf
    assert w.version[0] == before + 1
    np.testing.assert_allclose(w.numpy(), [0.8, 1.6])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: x.__iadd__(1.0), [2.0, 3.0]),
        (lambda x: x.__isub__(data([1.0, 0.0])), [0.0, 2.0]),
        (lambda x: x.__imul__(np.array([2.0, 3.0])), [2.0, 6.0]),
        (lambda x: x.__itruediv__(2), [0.5, 1.0]),
    ],
)
def test_operators_in_place(change, expected):
    x = data([1.0, 2.0])
    view = x.detach()
    assert change(x) is x
    assert view.tolist() == x.tolist() == expected
    leaf = data([1.0, 2.0], requires_grad=True)
    with pytest.raises(GraphError, match="no_grad"):
        change(leaf)
    made = leaf * 1.0
    result = change(made)
    assert result is not made
    assert (made.tolist(), result.tolist()) == ([1.0, 2.0], expected)


def test_a_sum_of_losses_keeps_its_graph():
    x, total = data([1.0, 2.0], requires_grad=True), data(0.0)
    start = total
    for _ in range(3):
        total += (x * x).sum()
    total.backward()
    assert start.item() == 0.0
    assert x.grad.tolist() == [6.0, 12.0]


def test_in_place_keeps_shape_and_dtype():
    with pytest.raises(ShapeError, match=r"add in place gives float64 \(2, 2\), the tensor is float64 \(2,\)"):
        data([1.0, 2.0]).__iadd__(np.ones((2, 2)))
    with pytest.raises(DTypeError, match="div in place gives float32"):
        data([1], np.int64).__itruediv__(2)


def test_in_place_is_seen_by_a_graph_that_saved_the_value():
    x = data([1.0], requires_grad=True)
    c = data([2.0])
    y = (x * c).sum()
    c += 1.0
    with pytest.raises(GraphError, match="changed in place"):
        y.backward()


def test_nothing_equals_none_and_a_clone_equals_all():
    x = data([-0.0, np.nan], requires_grad=True)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    np.testing.assert_array_equal(np.signbit(x.clone().numpy()), [True, False])
    assert x.clone().op is not None
    assert x.detach().clone().op is None
