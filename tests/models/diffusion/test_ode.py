"""The probability-flow ODE against densities that are known, and against itself backwards."""

import math

import numpy as np
import pytest

from minigen import Tensor, functional
from minigen.models.diffusion.ode import log_density, runge_kutta, transport
from minigen.models.diffusion.paths import PATHS

MEANS, STDS = np.array([[-1.0, 0.5], [0.8, -0.3]]), np.array([[0.4, 0.7], [0.5, 0.3]])


def mixture_log_density(x, alpha=1.0, sigma=0.0):
    """log p(x_t) of two equal Gaussians in the plane, (N,)."""
    spread = np.hypot(alpha * STDS, sigma)
    z = (x[:, None] - alpha * MEANS) / spread
    return np.logaddexp.reduce((-0.5 * z**2 - np.log(spread)).sum(2), axis=1) - math.log(2) - math.log(2 * math.pi)


def mixture_velocity(path):
    """ε̂ − x̂_0 of the mixture, as a function of tensors."""

    def velocity(x, t):
        alpha, sigma = float(path.alpha(t)), float(path.sigma(t))
        variance = (alpha * STDS) ** 2 + sigma**2
        off = x.unsqueeze(1) - alpha * MEANS  # (N, 2 components, 2)
        share = functional.softmax((off.square() * (-0.5 / variance) - 0.5 * np.log(variance)).sum(-1), -1)
        x_0 = ((off * (alpha * STDS**2 / variance) + MEANS) * share.unsqueeze(-1)).sum(1)
        return (x - x_0 * alpha) * (1 / sigma) - x_0

    return velocity


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    k = rng.integers(2, size=12)
    return MEANS[k] + STDS[k] * rng.normal(size=(12, 2))


@pytest.mark.parametrize("name", sorted(PATHS))
def test_the_likelihood_of_a_mixture_is_its_density(name, points):
    path = PATHS[name]()
    wanted = mixture_log_density(points, float(path.alpha(path.low)), float(path.sigma(path.low)))
    found = log_density(mixture_velocity(path), path, points, 60)
    np.testing.assert_allclose(found, wanted, atol=6e-3)  # some of the datum, α_T about 1/1,000, is left in the noise


def test_the_error_falls_with_at_least_the_fourth_power_of_the_step(points):
    path = PATHS["edm"]()
    fine = log_density(mixture_velocity(path), path, points, 80)
    errors = [np.abs(log_density(mixture_velocity(path), path, points, n) - fine).max() for n in (10, 20)]
    assert math.log2(errors[0] / errors[1]) > 3.5


def test_hutchinsons_estimate_is_exact_on_average(points):
    """For two values the probes (1, 1) and (1, −1) average to the trace itself, where volumes add linearly."""
    path = PATHS["vp"]()
    exact = log_density(mixture_velocity(path), path, points, 40)
    probes = [np.tile(v, (len(points), 1)) for v in ([1.0, 1.0], [1.0, -1.0])]
    estimates = [log_density(mixture_velocity(path), path, points, 40, probe) for probe in probes]
    assert np.abs(estimates[0] - exact).max() > 1e-3
    np.testing.assert_allclose(np.mean(estimates, axis=0), exact, atol=1e-10)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_there_and_back(name, points):
    path = PATHS[name]()
    cuts = path.cuts(101)
    z = transport(mixture_velocity(path), path, points, cuts)
    np.testing.assert_allclose(transport(mixture_velocity(path), path, z, cuts[::-1]), points, atol=1e-4)
    assert np.abs(z).max() < 5 * path.prior_std


def test_runge_kutta_integrates_cubics_exactly():
    (y,) = runge_kutta(lambda y, t: (np.array([4 * t**3]),), (np.array([1.0]),), [0.0, 0.3, 2.0])
    assert y[0] == pytest.approx(17)


def test_float32_stays_float32(points):
    path = PATHS["vp"]()

    def velocity(x, t):
        assert x.dtype == np.float32
        return Tensor(np.zeros(x.shape, np.float32)) + x * 0.5

    assert transport(velocity, path, points.astype(np.float32), path.cuts(4)).dtype == np.float32
