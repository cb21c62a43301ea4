"""What the network predicts: conversions there and back, EDM's table, weights by their papers' formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.models.diffusion.paths import PATHS, EDMPath, LinearPath, VPPath
from minigen.models.diffusion.prediction import PREDICTIONS, Prediction, eps_of, weight
from minigen.models.diffusion.process import q_sample


@given(data=st.data())
def test_the_target_gives_back_data_and_noise(data):
    path = PATHS[data.draw(st.sampled_from(sorted(PATHS)))]()
    prediction = Prediction(data.draw(st.sampled_from(sorted(PREDICTIONS))), path, data.draw(st.floats(0.2, 3)))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    x_0, eps = rng.normal(size=(2, 6, 3))
    t = path.cuts(8)[1:-1]
    x_t, target = q_sample(path, x_0, t, eps), prediction.target(x_0, eps, t)
    np.testing.assert_allclose(prediction.x_0(x_t, target, t), x_0, atol=1e-8)
    np.testing.assert_allclose(prediction.eps(x_t, target, t), eps, atol=1e-6)
    np.testing.assert_allclose(eps_of(path, x_t, x_0, t), eps, atol=1e-6)


def test_v_and_eps_and_x0_say_the_same():
    path, t = VPPath(), np.array([0.1, 0.5, 0.9])
    x_0, eps = np.random.default_rng(0).normal(size=(2, 3, 4))
    x_t = q_sample(path, x_0, t, eps)
    v = path.alpha(t)[:, None] * eps - path.sigma(t)[:, None] * x_0
    np.testing.assert_allclose(Prediction("v", path).target(x_0, eps, t), v)
    np.testing.assert_allclose(Prediction("v", path).x_0(x_t, v, t), x_0)
    np.testing.assert_allclose(Prediction("eps", path).x_0(x_t, eps, t), x_0)
    np.testing.assert_allclose(Prediction("u", path).target(x_0, eps, t), eps - x_0)


@given(st.floats(-6, 4), st.floats(0.2, 2))
def test_edm_preconditioning_is_table_1(log_sigma, sigma_data):
    path, sigma = EDMPath(), np.exp(log_sigma)
    skip, out = Prediction("edm", path, sigma_data).coefficients(sigma)
    assert skip == pytest.approx(sigma_data**2 / (sigma**2 + sigma_data**2))
    assert out == pytest.approx(sigma * sigma_data / np.sqrt(sigma**2 + sigma_data**2))
    scale = path.input_scale(sigma, sigma_data)
    assert scale**2 * (sigma_data**2 + sigma**2) == pytest.approx(1)  # the network's input has variance 1
    target_variance = ((1 - skip) ** 2 * sigma_data**2 + skip**2 * sigma**2) / out**2
    assert target_variance == pytest.approx(1)  # and so has what it must say
    by_formula = (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2
    assert weight("simple", Prediction("edm", path, sigma_data), np.array([sigma])) / out**2 == pytest.approx(
        by_formula
    )


def test_min_snr_weights_of_its_paper():
    """min(SNR, γ)/SNR for ε, min(SNR, γ)/(SNR + 1) for v, min(SNR, γ) for x_0."""
    path, t = LinearPath(), np.array([1.0, 100.0, 500.0, 1000.0])
    snr = np.exp(path.log_snr(t))
    for name, formula in (
        ("x0", np.minimum(snr, 5)),
        ("eps", np.minimum(snr, 5) / snr),
        ("v", np.minimum(snr, 5) / (snr + 1)),
    ):
        np.testing.assert_allclose(weight("min-snr", Prediction(name, path), t, 5.0), formula, rtol=1e-10)


@pytest.mark.parametrize("name", sorted(PREDICTIONS))
def test_the_bound_weighs_the_noise_alike_whatever_is_predicted(name):
    """w ‖F − F̂‖² = −½ dλ/dt ‖ε − ε̂‖² / p(t) for any error."""
    path, t = VPPath(), np.array([0.05, 0.4, 0.95])
    prediction = Prediction(name, path, 0.5)
    x_0, eps, error = np.random.default_rng(1).normal(size=(3, 3, 2))
    x_t, target = q_sample(path, x_0, t, eps), prediction.target(x_0, eps, t)
    eps_error = ((prediction.eps(x_t, target + error, t) - eps) ** 2).sum(1)
    wanted = -0.5 * path.log_snr_slope(t) / path.density(t) * eps_error
    np.testing.assert_allclose(weight("bound", prediction, t) * (error**2).sum(1), wanted, rtol=1e-7)
