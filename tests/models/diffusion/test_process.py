"""q and p of x_t against Bayes' rule by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import UserError
from minigen.models.diffusion.paths import PATHS, LinearPath
from minigen.models.diffusion.process import p_mean_variance, posterior_coefficients, q_posterior, q_sample


def bayes(path, x_0, x_t, s, t):
    """N(x_s; α_s x_0, σ_s²) times N(x_t; a x_s, v), by adding precisions."""
    a = path.alpha(t) / path.alpha(s)
    v = path.sigma(t) ** 2 - a**2 * path.sigma(s) ** 2
    precision = 1 / path.sigma(s) ** 2 + a**2 / v
    return (path.alpha(s) * x_0 / path.sigma(s) ** 2 + a * x_t / v) / precision, 1 / precision


@given(data=st.data())
def test_posterior_is_bayes_rule(data):
    path = PATHS[data.draw(st.sampled_from(sorted(PATHS)))]()
    cuts = path.cuts(20)
    i = data.draw(st.integers(0, 18))
    s, t = cuts[i], cuts[data.draw(st.integers(i + 1, 19))]
    x_0, x_t = data.draw(st.tuples(st.floats(-3, 3), st.floats(-3, 3)))
    mean, variance = q_posterior(path, np.array([[x_0]]), np.array([[x_t]]), s, t)
    wanted_mean, wanted_variance = bayes(path, x_0, x_t, s, t)
    assert mean.item() == pytest.approx(wanted_mean, rel=1e-6, abs=1e-7)
    assert variance == pytest.approx(wanted_variance, rel=1e-6)


def test_posterior_of_ddpm_by_its_own_formulas():
    """DDPM eq. 7, for all t at once."""
    path, t = LinearPath(), np.arange(2.0, 1001)
    bar, before, beta = path.alpha_bar[2:], path.alpha_bar[1:-1], path.betas[1:]
    a, b, variance = posterior_coefficients(path, t - 1, t)
    np.testing.assert_allclose(a, np.sqrt(before) * beta / (1 - bar), rtol=1e-8)
    np.testing.assert_allclose(b, np.sqrt(1 - beta) * (1 - before) / (1 - bar), rtol=1e-8)
    np.testing.assert_allclose(variance, (1 - before) / (1 - bar) * beta, rtol=1e-8)


def test_the_last_step_lands_on_the_prediction():
    path = LinearPath()
    x_t, x_0 = np.full((2, 3), 0.3), np.full((2, 3), -0.5)
    mean, variance = p_mean_variance(path, x_t, x_0, 0.0, 1.0)
    np.testing.assert_allclose(mean, x_0, rtol=1e-12)
    assert variance == 0


def test_beta_variance_is_beta():
    path = LinearPath()
    for t in (1.0, 7.0, 1000.0):
        _, variance = p_mean_variance(path, np.zeros((1, 1)), np.zeros((1, 1)), t - 1, t, "beta")
        assert variance == pytest.approx(path.betas[int(t) - 1], rel=1e-9)
    with pytest.raises(UserError, match="variance is 'large'"):
        p_mean_variance(path, np.zeros((1, 1)), np.zeros((1, 1)), 1.0, 2.0, "large")


def test_two_steps_of_noise_are_one(path):
    """q(x_t | x_s) after q(x_s | x_0) is q(x_t | x_0): mean and variance add up by the coefficients."""
    s, t = path.cuts(5)[[1, 3]]
    a = path.alpha(t) / path.alpha(s)
    added = path.sigma(t) ** 2 - a**2 * path.sigma(s) ** 2
    assert added > 0
    x_0 = np.array([[2.0]])
    twice = a * q_sample(path, x_0, s, np.zeros((1, 1)))
    np.testing.assert_allclose(twice, q_sample(path, x_0, t, np.zeros((1, 1))), rtol=1e-12)


def test_each_datum_has_its_own_time():
    path, t = LinearPath(), np.array([1.0, 500.0, 1000.0])
    x_0, eps = np.ones((3, 2, 2, 1)), np.full((3, 2, 2, 1), 2.0)
    together = q_sample(path, x_0, t, eps)
    for i in range(3):
        np.testing.assert_array_equal(together[i : i + 1], q_sample(path, x_0[:1], t[i], eps[:1]))
    assert q_sample(path, x_0.astype(np.float32), t, eps.astype(np.float32)).dtype == np.float32
