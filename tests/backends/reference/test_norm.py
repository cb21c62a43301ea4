import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import norm

shapes = st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(1, 3), st.integers(0, 3))


@given(shapes, st.integers(0, 99))
def test_each_group_has_mean_zero_and_variance_one(shape, seed):
    x = np.random.default_rng(seed).normal(3, 2, size=shape)
    xhat, mean, var = norm.standardize(x, 0.25)
    assert xhat.shape == shape and mean.shape == var.shape == (shape[0], shape[2])
    if x.size:
        np.testing.assert_allclose(mean, x.mean(axis=(1, 3)))
        np.testing.assert_allclose(var, x.var(axis=(1, 3)))
        np.testing.assert_allclose(xhat.mean(axis=(1, 3)), 0, atol=1e-12)
        np.testing.assert_allclose(xhat.var(axis=(1, 3)), var / (var + 0.25), atol=1e-12)


def test_a_large_mean_costs_no_digits():
    deviations = np.random.default_rng(0).integers(-8, 9, size=(1, 5000, 2, 1)).astype(np.float32)
    xhat, _, var = norm.standardize(deviations + np.float32(2**20), 0.0)
    np.testing.assert_allclose(xhat, norm.standardize(deviations, 0.0)[0], atol=1e-6)
    np.testing.assert_allclose(var, deviations.var(axis=(1, 3), dtype=np.float64), rtol=1e-6)


@given(shapes, st.integers(0, 99))
def test_gradient_is_that_of_a_complex_step(shape, seed):
    rng = np.random.default_rng(seed)
    x, g, direction = rng.normal(size=(3, *shape))
    xhat, _, var = norm.standardize(x, 1e-3)
    stepped = norm.standardize(x + 1e-30j * direction, 1e-3)[0]
    dx = norm.standardize_grad(g, xhat, var, 1e-3)
    np.testing.assert_allclose(np.vdot(dx, direction), np.vdot(g, stepped.imag / 1e-30), atol=1e-9)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_norm_agrees_with_torch(torch, groups):
    x = np.random.default_rng(groups).normal(size=(3, 10, 4))
    expected = torch.nn.functional.group_norm(torch.tensor(x.swapaxes(1, 2).copy()), groups)
    xhat = norm.standardize(x.reshape(3, 10, groups, 4 // groups), 1e-5)[0].reshape(3, 10, 4)
    np.testing.assert_allclose(xhat.swapaxes(1, 2), expected, atol=1e-12)


def test_results_are_written_to_out():
    x, g = np.random.default_rng(0).normal(size=(2, 2, 3, 2, 4))
    out = np.empty_like(x), np.empty((2, 2)), np.empty((2, 2))
    assert norm.standardize(x, 1e-5, out=out) is out
    for o, expected in zip(out, norm.standardize(x, 1e-5), strict=True):
        np.testing.assert_array_equal(o, expected)
    dx = np.empty(x.shape[::-1]).T
    assert norm.standardize_grad(g, out[0], out[2], 1e-5, out=dx) is dx
    np.testing.assert_array_equal(dx, norm.standardize_grad(g, out[0], out[2], 1e-5))
