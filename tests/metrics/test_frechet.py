"""The Fréchet distance: closed forms, SciPy's root, singular covariances, and an error that is right."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import ShapeError, UserError
from minigen.metrics import frechet, frechet_of_gaussians
from minigen.metrics.frechet import moments, root

seeds = st.integers(0, 10_000)


def covariance(rng, d, rank):
    factor = rng.normal(size=(d, rank))
    return factor @ factor.T


@given(seeds, st.integers(1, 12))
def test_shifted_gaussians_are_apart_by_the_squared_shift(seed, d):
    m = np.random.default_rng(seed).normal(size=d)
    assert frechet_of_gaussians(np.zeros(d), np.eye(d), m, np.eye(d)) == pytest.approx((m**2).sum(), rel=1e-12)


@given(seeds, st.integers(1, 12))
def test_diagonal_covariances(seed, d):
    """Σ (√a − √b)² + |m|², zeros among a and b included."""
    rng = np.random.default_rng(seed)
    a, b, m = rng.exponential(size=d) * rng.integers(2, size=d), rng.exponential(size=d), rng.normal(size=d)
    expected = ((np.sqrt(a) - np.sqrt(b)) ** 2).sum() + (m**2).sum()
    assert frechet_of_gaussians(m, np.diag(a), np.zeros(d), np.diag(b)) == pytest.approx(expected, rel=1e-10)


@given(seeds, st.integers(2, 8))
def test_against_scipy_s_matrix_root(seed, d):
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(seed)
    a, b = covariance(rng, d, d + 3), covariance(rng, d, d + 3)
    expected = np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    assert frechet_of_gaussians(np.ones(d), a, np.ones(d), b) == pytest.approx(expected, rel=1e-6)


@given(seeds, st.integers(2, 30), st.integers(1, 30))
def test_singular_covariances(seed, d, rank):
    """Nothing is away from itself; c² A is (1 − c)² tr A away from A."""
    a = covariance(np.random.default_rng(seed), d, min(d, rank))
    zero = np.zeros(d)
    assert frechet_of_gaussians(zero, a, zero, a) <= 1e-11 * np.trace(a)
    assert frechet_of_gaussians(zero, a, zero, 9 * a) == pytest.approx(4 * np.trace(a), rel=1e-10)
    np.testing.assert_allclose(root(a) @ root(a), a, atol=1e-11 * np.trace(a))


@given(seeds)
def test_symmetry_turns_and_the_order_of_rows(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(30, 5)), rng.exponential(size=(40, 5))
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    score = frechet(x, y)
    for other in (
        frechet(y, x), frechet(rng.permutation(x), rng.permutation(y)), frechet(x @ turn + 3, y @ turn + 3),
    ):  # fmt: skip
        assert other.value == pytest.approx(score.value, rel=1e-9)
        assert other.standard_error == pytest.approx(score.standard_error, rel=1e-7)
    assert score.n == 30


def test_moments_are_numpy_s():
    x = np.random.default_rng(0).normal(size=(20, 3))
    mean, a = moments(x)
    np.testing.assert_allclose(mean, x.mean(0))
    np.testing.assert_allclose(a, np.cov(x.T))


@pytest.mark.parametrize(("n", "d", "rank"), [(60, 4, 4), (50, 6, 3)])
def test_the_error_is_that_of_the_jackknife(n, d, rank):
    """An independent estimate from the definition alone: leave out one row at a time."""
    rng = np.random.default_rng(3)
    basis = rng.normal(size=(rank, d))
    x, y = rng.normal(size=(n, rank)) @ basis, (rng.normal(size=(n, rank)) * 1.5 + 0.5) @ basis
    without_x = np.array([frechet(np.delete(x, i, 0), y).value for i in range(n)])
    without_y = np.array([frechet(x, np.delete(y, i, 0)).value for i in range(n)])
    jackknife = math.sqrt((n - 1) / n * sum(((w - w.mean()) ** 2).sum() for w in (without_x, without_y)))
    assert frechet(x, y).standard_error == pytest.approx(jackknife, rel=0.1)


def test_fewer_rows_than_dimensions():
    rng = np.random.default_rng(0)
    score = frechet(rng.normal(size=(10, 40)), rng.normal(size=(12, 40)))
    assert 0 < score.value < 100 and 0 < score.standard_error < 50
    x = rng.normal(size=(10, 40))
    assert frechet(x, x).value == pytest.approx(0, abs=1e-11)
    assert frechet(np.ones((5, 3)), np.ones((5, 3))).value == 0


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match=r"\(3, 2\) and \(3, 3\)"):
        frechet(np.zeros((3, 2)), np.zeros((3, 3)))
    with pytest.raises(UserError, match="NaN"):
        frechet(np.zeros((3, 2)), np.full((3, 2), np.nan))
    with pytest.raises(ShapeError, match="covariances"):
        frechet_of_gaussians(np.zeros(2), np.eye(3), np.zeros(2), np.eye(2))
