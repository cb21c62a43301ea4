"""Log-probabilities of a split, and what is said of them: in the data's own units."""

import math

import numpy as np
import pytest

from minigen import data
from minigen.evaluate import evaluate
from minigen.evaluate.likelihood import default_samples, divergence, in_words, log_prob
from minigen.models import VAE, DataSpec, LogProb, VAEConfig

RNG = np.random.default_rng(0)
VALUES = RNG.normal(-40, 3, 500)


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def make(likelihood):
    config = VAEConfig(latent=3, hidden=(8,), likelihood=likelihood)
    return VAE(config, DataSpec((8, 8, 1), 17, 10), rng=np.random.default_rng(0))


def test_bits_per_dim_are_nats_over_the_data_s_own_pixels(digits):
    result = evaluate(make("logistic"), digits, "validation", samples=5)
    assert result["of"] == "P(integer x)"
    assert result["bits_per_dim"] == pytest.approx(-result["log_prob"] / (64 * math.log(2)))
    assert result["bits_per_dim_standard_error"] == pytest.approx(result["standard_error"] / (64 * math.log(2)))
    assert 0 < result["bits_per_dim"] < math.log2(17) + 2  # an untrained model is about as good as guessing
    assert "bits_per_dim" not in evaluate(make("bernoulli"), digits, "validation", samples=2)


@pytest.mark.parametrize("of", ["P(integer x)", "density of continuous x"])
def test_parts_sum_to_the_whole_in_its_unit(of):
    parts = {"L_T": 0.1 * VALUES, "L_t": -0.9 * VALUES, "L_0": -0.2 * VALUES}
    result = in_words(LogProb(VALUES, "bound", of, parts, {"log_snr at t = 1": -10.0}), size=64)
    whole = result["bits_per_dim"] if of == "P(integer x)" else -result["log_prob"]
    assert sum(result["parts"].values()) == pytest.approx(whole)
    assert result["unit_of_parts"] == ("bits/dim" if of == "P(integer x)" else "nats")
    assert result["facts"] == {"log_snr at t = 1": -10.0}


def test_batches_give_what_each_gives(digits):
    """The values of a split are its batches' ones, in order; the number of draws is passed on."""
    model = make("bernoulli")
    found = log_prob(model, digits.validation, seed=1, samples=2, batch_size=30)
    assert found.values.shape == (100,) and found.kind == "bound"
    again = log_prob(model, digits.validation, seed=1, samples=2, batch_size=30)
    np.testing.assert_array_equal(found.values, again.values)
    other = log_prob(model, digits.validation, seed=2, samples=2, batch_size=30)
    assert (found.values != other.values).any()


def test_the_default_number_of_draws_is_the_family_s():
    class Exact:
        @staticmethod
        def log_prob(x, rng, labels=None):
            raise AssertionError("not called")

    assert default_samples(make("bernoulli")) == 100
    assert default_samples(Exact) is None


def test_the_divergence_of_two_gaussians_is_the_closed_form():
    """KL(N(0, 1) ‖ N(m, s²)) = log s + (1 + m²)/(2 s²) − 1/2."""
    m, s = 0.5, 1.5
    x = np.random.default_rng(0).standard_normal((20_000, 1))
    normal = -0.5 * math.log(2 * math.pi)
    found = LogProb(normal - math.log(s) - (x[:, 0] - m) ** 2 / (2 * s * s), "exact", "density of continuous x")
    result = divergence(found, lambda x: normal - x[:, 0] ** 2 / 2, x)
    expected = math.log(s) + (1 + m * m) / (2 * s * s) - 0.5
    assert abs(result["kl_from_truth"] - expected) < 4 * result["kl_standard_error"] < 0.02


def test_one_datum_has_a_divergence_without_an_error():
    found = LogProb(np.zeros(1), "exact", "density of continuous x")
    assert divergence(found, lambda x: np.ones(len(x)), np.zeros((1, 2))) == {
        "kl_from_truth": 1.0,
        "kl_standard_error": None,
    }
