"""The evaluation is the model's own bound, averaged over all data, in the data's own units."""

import json
import math

import numpy as np
import pytest

from minigen import Stream, data
from minigen.data.dataset import Split
from minigen.evaluate import evaluate
from minigen.models import VAE, DataSpec, VAEConfig


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
    assert 0 < result["bits_per_dim"] < math.log2(17) + 2  # an untrained model is about as good as guessing
    assert "bits_per_dim" not in evaluate(make("bernoulli"), digits, "validation", samples=2)


def test_mean_and_standard_error_are_those_of_the_values(digits):
    model = make("bernoulli")
    result = evaluate(model, digits, "test", samples=4, seed=3)
    x = next(data.in_order(digits.test, 1000)).x
    values = model.log_prob(x, Stream(3).child("evaluate").at(0), samples=4).values
    assert result["data"] == 400
    assert result["log_prob"] == pytest.approx(values.mean())
    assert result["standard_error"] == pytest.approx(values.std(ddof=1) / 20)
    assert evaluate(model, digits, "test", samples=4, seed=3)["log_prob"] == result["log_prob"]


def test_one_datum_has_no_standard_error_and_stays_json(digits):
    class One:
        test = Split(digits.test.x[:1], None, 17)

    result = evaluate(make("bernoulli"), One, samples=2)
    assert result["standard_error"] is None
    json.loads(json.dumps(result, allow_nan=False))


def test_more_draws_do_not_lower_the_bound(digits):
    model = make("logistic")
    few, many = (evaluate(model, digits, "test", samples=k)["log_prob"] for k in (1, 200))
    assert many > few
