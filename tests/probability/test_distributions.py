"""Densities integrate to 1, probabilities sum to 1, draws have the moments, derivatives are right."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from minigen import Stream, tensor
from minigen.probability import (
    Bernoulli,
    DiscretizedLogistic,
    Normal,
    kl_standard_normal,
    standard_normal_log_prob,
)
from minigen.testing import check_gradients

numbers = st.floats(-3, 3)


def f64(x):
    return tensor(np.asarray(x, np.float64))


@given(mu=numbers, logvar=st.floats(-3, 3))
def test_a_normal_density_integrates_to_one(mu, logvar):
    sigma = math.exp(logvar / 2)
    x = np.linspace(mu - 12 * sigma, mu + 12 * sigma, 4001)
    density = np.exp(Normal(f64(mu), f64(logvar)).log_prob(f64(x)).numpy())
    assert integrate.simpson(density, x=x) == pytest.approx(1, abs=1e-8)


@given(mu=numbers, logvar=numbers, x=numbers)
def test_normal_agrees_with_scipy(mu, logvar, x):
    ours = Normal(f64(mu), f64(logvar)).log_prob(f64(x)).item()
    assert ours == pytest.approx(stats.norm.logpdf(x, mu, math.exp(logvar / 2)), rel=1e-12)
    assert standard_normal_log_prob(f64(x)).item() == pytest.approx(stats.norm.logpdf(x), rel=1e-12)


@given(mu=numbers, logvar=numbers)
def test_kl_is_the_integral_of_the_log_ratio(mu, logvar):
    sigma = math.exp(logvar / 2)
    x = np.linspace(mu - 12 * sigma, mu + 12 * sigma, 4001)
    q = stats.norm(mu, sigma)
    integral = integrate.simpson(q.pdf(x) * (q.logpdf(x) - stats.norm.logpdf(x)), x=x)
    kl = kl_standard_normal(f64(mu), f64(logvar)).item()
    assert kl == pytest.approx(integral, abs=1e-7)
    assert kl >= 0


@given(logit=st.floats(-30, 30))
def test_bernoulli_probabilities_sum_to_one(logit):
    p = Bernoulli(f64([logit]))
    total = sum(math.exp(p.log_prob(f64([x])).item()) for x in (0.0, 1.0))
    assert total == pytest.approx(1, abs=1e-12)


@given(mu=st.floats(-0.5, 1.5), log_scale=st.floats(-7, 2), levels=st.sampled_from([2, 3, 17, 256]))
def test_discretised_logistic_probabilities_sum_to_one(mu, log_scale, levels):
    x = np.arange(levels) / (levels - 1)
    distribution = DiscretizedLogistic(f64(np.full(levels, mu)), f64(log_scale), levels)
    assert np.exp(distribution.log_prob(f64(x)).numpy()).sum() == pytest.approx(1, abs=1e-9)


@given(mu=st.floats(0.1, 0.9), log_scale=st.floats(-4, 0))
def test_discretised_logistic_is_a_difference_of_distribution_functions(mu, log_scale):
    levels, scale = 17, math.exp(log_scale)
    x = np.arange(levels) / (levels - 1)
    edges = (np.arange(levels - 1) + 0.5) / (levels - 1)
    cdf = np.concatenate([[0], stats.logistic.cdf(edges, mu, scale), [1]])
    ours = np.exp(DiscretizedLogistic(f64(np.full(levels, mu)), f64(log_scale), levels).log_prob(f64(x)).numpy())
    np.testing.assert_allclose(ours, np.diff(cdf), atol=1e-9)


def test_draws_have_the_distribution():
    n, rng = 40_000, Stream(3)
    normal = Normal(f64(np.full(n, 0.7)), f64(np.full(n, -0.4))).sample(rng).numpy()
    assert stats.kstest(normal, stats.norm(0.7, math.exp(-0.2)).cdf).pvalue > 1e-3
    coin = Bernoulli(f64(np.full(n, 1.2))).sample(rng)
    assert abs(coin.mean() - 1 / (1 + math.exp(-1.2))) < 4 * 0.5 / math.sqrt(n)
    grey = DiscretizedLogistic(f64(np.full(n, 0.4)), f64(-2.0), 17)
    counts = np.bincount(np.rint(grey.sample(rng) * 16).astype(int), minlength=17)
    expected = n * np.exp(
        DiscretizedLogistic(f64(np.full(17, 0.4)), f64(-2.0), 17).log_prob(f64(np.arange(17) / 16)).numpy()
    )
    keep = expected > 5
    assert stats.chisquare(counts[keep], expected[keep] * counts[keep].sum() / expected[keep].sum()).pvalue > 1e-3


def test_gradients(  # each log-probability by each of its parameters, first and second derivative
):
    rng = np.random.default_rng(0)
    mu, logvar, x = (rng.normal(size=(3, 4)) for _ in range(3))
    grey = rng.integers(0, 17, (3, 4)) / 16
    check_gradients(lambda m, v: Normal(m, v).log_prob(f64(x)), f64(mu), f64(logvar), order=2)
    check_gradients(lambda m, v: kl_standard_normal(m, v), f64(mu), f64(logvar), order=2)
    check_gradients(lambda m: Bernoulli(m).log_prob(f64(grey)), f64(mu), order=2)
    check_gradients(lambda m, s: DiscretizedLogistic(m, s, 17).log_prob(f64(grey)), f64(mu), f64(logvar - 1), order=2)
