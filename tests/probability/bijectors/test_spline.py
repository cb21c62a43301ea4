"""Laws of the rational-quadratic spline, its knots and its ends in particular."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import grad, tensor
from minigen.core.ops.spline import composed
from minigen.errors import ShapeError
from minigen.probability.bijectors import spline, spline_inverse
from minigen.probability.bijectors.spline import parameters_of
from minigen.testing import check_gradients

BOUND = 2.5
seeds = st.integers(0, 2**32 - 1)


def drawn(seed, bins=5, n=200, scale=2.0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.3 * BOUND, 1.3 * BOUND, n), rng.normal(scale=scale, size=parameters_of(bins))


def at(x, theta, dtype=np.float64, f=spline):
    """The function with one set of parameters for all of x (N,)."""
    x = np.asarray(x, dtype)
    y, log_slope = f(tensor(x), tensor(np.broadcast_to(theta.astype(dtype), (*x.shape, theta.size))), BOUND)
    return y.numpy(), log_slope.numpy()


def knots(theta, bins=5):
    """The x of all knots, by the paper's formulas."""
    e = np.exp(theta[:bins] - theta[:bins].max())
    widths = 1e-3 + (1 - 1e-3 * bins) * e / e.sum()
    return np.concatenate([[-BOUND], -BOUND + 2 * BOUND * np.cumsum(widths)])


@given(seeds, st.integers(2, 9))
def test_inverse_undoes_it(seed, bins):
    x, theta = drawn(seed, bins)
    y, log_slope = at(x, theta)
    back, opposite = at(y, theta, f=spline_inverse)
    np.testing.assert_allclose(back, x, atol=1e-9)
    np.testing.assert_allclose(opposite, -log_slope, atol=1e-6)
    y, _ = at(x, theta, np.float32)
    error = np.abs(at(y, theta, np.float32, spline_inverse)[0] - x)
    assert (error < 1e-5 + 2e-6 * np.exp(-log_slope)).all()  # where y is flat, one rounding of y is many of x


@given(seeds)
def test_the_slope_is_the_derivative(seed):
    """log dy/dx against autograd's derivative of y, and y against a difference."""
    x, theta = drawn(seed)
    leaf = tensor(x, requires_grad=True)
    y, log_slope = spline(leaf, tensor(np.broadcast_to(theta, (len(x), theta.size))), BOUND)
    (slope,) = grad(y.sum(), [leaf])
    np.testing.assert_allclose(np.log(slope.numpy()), log_slope.numpy(), atol=1e-9)


@given(seeds)
def test_it_increases_and_is_continuous_at_every_knot(seed):
    """At each knot, the ends included, value and slope from the left meet those from the right."""
    _, theta = drawn(seed)
    edges, step = knots(theta), 1e-12
    for side in (edges - step, edges, edges + step):
        assert np.isfinite(at(side, theta)).all()
    left, middle, right = (at(edges + d, theta) for d in (-step, 0.0, step))
    np.testing.assert_allclose(left[0], middle[0], atol=1e-6)
    np.testing.assert_allclose(right[0], middle[0], atol=1e-6)
    np.testing.assert_allclose(left[1], right[1], atol=1e-4)
    y, _ = at(np.linspace(-3, 3, 2001), theta)
    assert (np.diff(y) > 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends_meet_the_identity_exactly(dtype):
    _, theta = drawn(3)
    ends = np.array([-BOUND, BOUND], dtype)
    for f in (spline, spline_inverse):
        y, log_slope = at(ends, theta, dtype, f)
        np.testing.assert_array_equal(y, ends)
        np.testing.assert_allclose(log_slope, 0, atol=1e-6)
        inner = np.nextafter(ends, dtype(0))
        np.testing.assert_allclose(at(inner, theta, dtype, f)[0], ends, atol=1e-4)
        outside = np.array([-100, -2.6, 2.6, 1e30], dtype)
        y, log_slope = at(outside, theta, dtype, f)
        np.testing.assert_array_equal(y, outside)
        np.testing.assert_array_equal(log_slope, 0)


@pytest.mark.parametrize("f", [spline, spline_inverse])
def test_gradients_are_finite_at_knots_and_ends(f):
    _, theta = drawn(5)
    edges = knots(theta) if f is spline else at(knots(theta), theta)[0]
    x = tensor(np.concatenate([edges, [-50, 50]]), requires_grad=True)
    parameters = tensor(np.broadcast_to(theta, (*x.shape, theta.size)), requires_grad=True)
    y, log_slope = f(x, parameters, BOUND)
    for gradient in grad((y * 2 + log_slope).sum(), [x, parameters]):
        assert np.isfinite(gradient.numpy()).all()


def test_zeros_are_the_identity():
    x = np.linspace(-4, 4, 101)
    y, log_slope = at(x, np.zeros(parameters_of(6)))
    np.testing.assert_allclose(y, x, atol=1e-12)
    np.testing.assert_allclose(log_slope, 0, atol=1e-12)


@pytest.mark.parametrize("f", [spline, spline_inverse])
def test_gradients_of_both_orders(f):
    """In x and in the parameters, away from knots, where the second derivative jumps."""
    rng = np.random.default_rng(0)
    theta = rng.normal(size=(6, parameters_of(3)))
    x = np.array([-3.0, -2.2, -0.3, 0.4, 1.9, 2.9])
    check_gradients(lambda x, theta: f(x, theta, BOUND), x, theta, order=2, method="difference")


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@given(seeds, st.integers(2, 9), st.sampled_from([(), (0,), (7,), (3, 70)]))
def test_the_op_is_its_composition(backend, seed, bins, shape):
    """Values and gradients, whichever of them are asked for."""
    rng, dtype = np.random.default_rng(seed), np.float32 if backend == "cpu" else np.float64  # that it has kernels for
    tolerance = 3e-3 if backend == "cpu" else 1e-9
    arrays = rng.uniform(-1.3 * BOUND, 1.3 * BOUND, shape), 0.5 * rng.normal(size=(*shape, parameters_of(bins)))
    arrays = [a.astype(dtype) for a in arrays]
    weights = [tensor(w.astype(dtype)) for w in rng.normal(size=(2, *shape))]
    for wanted in ((True, True), (True, False), (False, True)):
        found = []
        with minigen.backend(backend):
            for f in (spline, composed):
                inputs = [tensor(a, requires_grad=g) for a, g in zip(arrays, wanted, strict=True)]
                outputs = f(*inputs, BOUND)
                total = sum((w * y).sum() for w, y in zip(weights, outputs, strict=True))
                gradients = grad(total, [x for x in inputs if x.requires_grad])
                found.append([a.numpy() for a in (*outputs, *gradients)])
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_second_derivatives_where_x_made_the_parameters():
    """What reaches x through the parameters counts once."""
    theta, x = np.random.default_rng(0).normal(size=(6, parameters_of(3))), np.linspace(-2, 2, 6)

    def f(x, theta):
        y, log_slope = spline(x, theta * (x * x).unsqueeze(-1), BOUND)
        return y + log_slope * 2

    check_gradients(f, x, theta, order=2, method="difference")


@pytest.mark.parametrize("shape", [(), (4,), (4, 4), (4, 7), (3, 8)])
def test_parameters_that_do_not_fit(shape):
    with pytest.raises(ShapeError, match=r"it needs \(4, '3 K − 1'\) for K bins, 2 to 500"):
        spline(tensor(np.zeros(4)), tensor(np.zeros(shape)), BOUND)
