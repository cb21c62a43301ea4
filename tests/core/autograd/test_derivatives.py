"""vjp, jvp, jacobian and hvp against closed forms and against each other."""

import numpy as np
import pytest
from hypothesis import given

import minigen
from minigen import functional as F
from minigen.errors import GraphError
from minigen.testing.strategies import arrays

A = np.array([[2.0, -1.0, 0.5], [0.3, 1.0, 4.0]])


def data(values):
    return minigen.tensor(np.array(values, dtype=np.float64))


@given(arrays(shape=(3,), dtype=np.float64), arrays(shape=(2,), dtype=np.float64))
def test_of_a_linear_map(x, v):
    """f(x) = A x: J = A, vᵀJ = Aᵀv, J u = A u."""

    def f(x):
        return data(A) @ x

    y, product = minigen.vjp(f, data(x), data(v))
    np.testing.assert_allclose(y, A @ x)
    np.testing.assert_allclose(product, A.T @ v)
    np.testing.assert_allclose(minigen.jvp(f, data(x), data(x))[1], A @ x, atol=1e-15)
    np.testing.assert_allclose(minigen.jacobian(f, data(x)), A)


@given(arrays(shape=(3,), dtype=np.float64), arrays(shape=(3,), dtype=np.float64))
def test_of_a_nonlinear_map(x, u):
    """f(x) = tanh(A x): J = diag(1 − f²) A; the two products agree with the matrix."""

    def f(x):
        return (data(A) @ x).tanh()

    jacobian = (1 - np.tanh(A @ x)[:, None] ** 2) * A
    np.testing.assert_allclose(minigen.jacobian(f, data(x)), jacobian, atol=1e-14)
    np.testing.assert_allclose(minigen.jvp(f, data(x), data(u))[1], jacobian @ u, atol=1e-14)
    np.testing.assert_allclose(minigen.vjp(f, data(x), f(data(u)))[1], jacobian.T @ np.tanh(A @ u), atol=1e-14)


@given(arrays(shape=(3,), dtype=np.float64), arrays(shape=(3,), dtype=np.float64))
def test_hvp(x, v):
    """f(x) = Σ x³ + (Σ x)²: H = 6 diag(x) + 2."""
    y, product = minigen.hvp(lambda x: (x**3).sum() + x.sum() ** 2, data(x), data(v))
    np.testing.assert_allclose(y, (x**3).sum() + x.sum() ** 2, atol=1e-13)
    np.testing.assert_allclose(product, 6 * x * v + 2 * v.sum(), atol=1e-13)


def test_tuples_of_inputs():
    x, y = data([1.0, 2.0]), data([3.0, 5.0])

    def f(x, y):
        return x * y

    value, (by_x, by_y) = minigen.vjp(f, (x, y), data([1.0, 10.0]))
    assert (value.tolist(), by_x.tolist(), by_y.tolist()) == ([3.0, 10.0], [3.0, 50.0], [1.0, 20.0])
    assert minigen.jvp(f, (x, y), (data([1.0, 0.0]), data([0.0, 1.0])))[1].tolist() == [3.0, 2.0]
    by_x, by_y = minigen.jacobian(f, (x, y))
    np.testing.assert_array_equal(by_x, np.diag([3.0, 5.0]))
    np.testing.assert_array_equal(by_y, np.diag([1.0, 2.0]))
    _, (hx, hy) = minigen.hvp(lambda x, y: (x * y).sum(), (x, y), (data([1.0, 2.0]), data([3.0, 4.0])))
    assert (hx.tolist(), hy.tolist()) == ([3.0, 4.0], [1.0, 2.0])


def test_shapes_of_jacobians():
    x = data(np.ones((2, 3)))
    assert minigen.jacobian(lambda x: x.sum(0), x).shape == (3, 2, 3)
    assert minigen.jacobian(lambda x: x.sum(), x).shape == (2, 3)
    assert minigen.jacobian(lambda x: x[:0], x).shape == (0, 3, 2, 3)


def test_unused_and_constant_functions_have_zero_derivatives():
    x, y = data([1.0, 2.0]), data([3.0, 4.0])
    _, (by_x, by_y) = minigen.vjp(lambda x, y: x.sum(), (x, y))
    assert (by_x.tolist(), by_y.tolist()) == ([1.0, 1.0], [0.0, 0.0])
    assert minigen.hvp(lambda x: x.sum(), x, y)[1].tolist() == [0.0, 0.0]
    assert minigen.jvp(lambda x: F.sign(x), x, y)[1].tolist() == [0.0, 0.0]


def test_a_function_that_cannot_be_differentiated_is_an_error_not_a_zero():
    with pytest.raises(GraphError, match="nothing to differentiate"):
        minigen.vjp(lambda x: data(3.0), data([1.0, 2.0]))
    with minigen.no_grad(), pytest.raises(GraphError, match="nothing to differentiate"):
        minigen.vjp(lambda x: x.sum(), data([1.0, 2.0]))


def test_inputs_are_left_alone():
    x = data([1.0, 2.0])
    minigen.vjp(lambda x: (x * x).sum(), x)
    assert x.grad is None
    assert not x.requires_grad


def test_directions_must_fit():
    x, v = minigen.tensor(np.ones(3)), minigen.tensor(np.ones(1))
    for product in (minigen.jvp, minigen.hvp):
        with pytest.raises(minigen.errors.ShapeError, match=r"input of shape \(3,\) has shape \(1,\)"):
            product(lambda t: (t * t).sum(), x, v)


def test_a_seed_of_another_dtype_is_refused_by_name():
    x = minigen.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(minigen.errors.DTypeError, match="output of float32 is float64"):
        (x * 2).backward(minigen.tensor(np.ones(2)))
    with pytest.raises(minigen.errors.ShapeError, match="a number"):
        (x * 2).backward(2.0)
