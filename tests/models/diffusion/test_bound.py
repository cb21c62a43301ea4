"""The variational bound against closed forms for Gaussian data, and its decoder's probabilities."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import Stream
from minigen.errors import UserError
from minigen.models.diffusion.bound import log_discretised_normal, log_ndtr, prior_kl, variational_bound
from minigen.models.diffusion.paths import LinearPath


def closed_form(gaussian, path, cuts):
    """E[L_T], E[Σ L_t], E[L_0] over Gaussian data: x̂_0 errs by the variance of x_0 given x_t."""
    alpha, sigma = path.alpha(cuts), path.sigma(cuts)
    left = (gaussian.std * sigma) ** 2 / (alpha**2 * gaussian.std**2 + sigma**2)  # Var(x_0 | x_t)
    snr = (alpha / sigma) ** 2
    prior = sigma[-1] ** 2 / path.prior_std**2
    second = (gaussian.mean**2 + gaussian.std**2) * (alpha[-1] / path.prior_std) ** 2
    decoder = 0.5 * math.log(2 * math.pi / snr[0]) + 0.5 * left[0] * snr[0]
    return 0.5 * (second + prior - 1 - math.log(prior)), 0.5 * (-np.diff(snr) * left[1:]).sum(), decoder


def test_the_bound_of_gaussian_data_is_its_closed_form(path, gaussian):
    x_0 = gaussian.mean + gaussian.std * np.random.default_rng(0).normal(size=(8000, 1))
    parts = variational_bound(gaussian.denoiser(path), path, x_0, Stream(1), steps=60)
    assert set(parts) == {"L_T", "L_t", "L_0"}
    cuts = path.cuts(60)
    for (name, values), wanted in zip(parts.items(), closed_form(gaussian, path, cuts), strict=True):
        error = values.std() / math.sqrt(len(values))
        assert abs(values.mean() - wanted) < 4 * error + 1e-6, name


def test_the_bound_lies_below_the_truth_and_closes_as_steps_grow(path, gaussian):
    """−E[bound] ≥ −E[log p] for Gaussian data, and the gap shrinks with T: the model is the truth but for its steps."""
    entropy = 0.5 * math.log(2 * math.pi * math.e * gaussian.std**2)
    gaps = [sum(closed_form(gaussian, path, path.cuts(n))) - entropy for n in (10, 100, 999)]  # all evenly in λ
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.1


def test_drawn_terms_estimate_the_whole_sum(gaussian):
    path = LinearPath()
    x_0 = gaussian.mean + gaussian.std * np.random.default_rng(0).normal(size=(4000, 1))
    denoise = gaussian.denoiser(path)
    wanted = closed_form(gaussian, path, path.cuts(1000))[1]
    spread = {}
    for samples in (1, 8):
        drawn = variational_bound(denoise, path, x_0, Stream(2), samples=samples)["L_t"]
        spread[samples] = drawn.std()
        assert abs(drawn.mean() - wanted) < 4 * drawn.std() / math.sqrt(len(drawn)), samples
    assert spread[8] < 0.6 * spread[1]


@pytest.mark.parametrize("samples", [None, 1])
def test_streams_at_different_steps_draw_different_terms(gaussian, samples):
    """Batches are told apart by the stream's step: were their noise the same, a standard error would be too small."""
    path, x_0 = LinearPath(), np.full((500, 1), gaussian.mean)
    parts = [
        variational_bound(gaussian.denoiser(path), path, x_0, Stream(0).at(k), steps=3, samples=samples) for k in (0, 1)
    ]
    for name in ("L_t", "L_0"):
        assert abs(np.corrcoef(parts[0][name], parts[1][name])[0, 1]) < 0.2, name


def test_prior_kl_by_quadrature():
    path, z = LinearPath(), np.linspace(-9, 9, 20_001)
    alpha, sigma = 0.3, math.sqrt(1 - 0.09)
    path.alpha, path.sigma = lambda t: alpha, lambda t: sigma
    q = np.exp(-0.5 * ((z - alpha * 1.5) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    p = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    assert prior_kl(path, np.array([[1.5]]))[0] == pytest.approx(np.trapezoid(q * np.log(q / p), z), rel=1e-6)


@given(mean=st.floats(-1.5, 1.5), log_std=st.floats(-7, 1), levels=st.sampled_from([2, 17, 256]))
def test_probabilities_of_the_levels_sum_to_one(mean, log_std, levels):
    x = np.linspace(-1, 1, levels)
    log_p = log_discretised_normal(x, np.full(levels, mean), math.exp(log_std), levels)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-9)
    assert np.isfinite(log_p).all()


def test_log_ndtr_is_smooth_where_its_formula_changes():
    z = np.linspace(-37.2, -36.8, 401)
    np.testing.assert_allclose(np.diff(log_ndtr(z)) / np.diff(z), -z[:-1], rtol=2e-3)
    assert log_ndtr(0.0) == pytest.approx(-math.log(2))
    assert log_ndtr(np.inf) == 0


def test_an_exactly_black_pixel_costs_what_it_must():
    """With σ₁ = .01 and 256 levels even the perfect prediction pays .62 bit (see PUBLISHED)."""
    log_p = log_discretised_normal(np.array([-1.0]), np.array([-1.0]), 0.01, 256)
    assert -log_p[0] / math.log(2) == pytest.approx(0.62, abs=0.005)


def test_no_evaluation_is_no_bound(gaussian):
    with pytest.raises(UserError, match="samples=0"):
        variational_bound(gaussian.denoiser(LinearPath()), LinearPath(), np.zeros((1, 1)), Stream(0), samples=0)


def test_a_bound_begins_where_grey_levels_are_plain(path):
    """With 17 levels no noise below a fifth of a level counts; real numbers are followed to the path's end."""
    assert path.finest() == path.low
    first = path.finest(17)
    assert float(path.sigma(first) / path.alpha(first)) >= 0.9999 * 0.4 / 16
    assert path.cuts(1000, first)[0] == pytest.approx(first)
    assert path.facts(17)["log-SNR at the data"] == pytest.approx(float(path.log_snr(first)))
    if isinstance(path, LinearPath):  # 256 levels are finer than its first step: DDPM's own T times
        np.testing.assert_array_equal(path.cuts(1000, path.finest(256)), np.arange(1, 1001))
