"""One page about a model: what it holds depends on what is known of the data and asked of the family."""

import json
import math

import numpy as np
import pytest

from minigen import Stream, data
from minigen.data.dataset import Split
from minigen.errors import UserError
from minigen.evaluate import evaluate
from minigen.evaluate.evaluation import classification_error, shape_validity
from minigen.models import VAE, DataSpec, LogProb, VAEConfig


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def eight():
    return data.load("8gaussians")


def make(likelihood, **options):
    config = VAEConfig(latent=3, hidden=(8,), likelihood=likelihood, **options)
    return VAE(config, DataSpec((8, 8, 1), 17, 10), rng=np.random.default_rng(0))


class Plain:
    """What evaluation asks of a model, answered by the truth itself, shifted by as many nats as `worse`."""

    family = "plain"
    conditional = False
    config = None

    def __init__(self, truth, worse=0.0, kind="exact"):
        self.truth, self.worse, self.kind, self.spec, self.calls = truth, worse, kind, DataSpec((2,)), 0

    def log_prob(self, x, rng, labels=None):
        self.calls += 1
        values = np.full(len(x), np.nan) if self.kind == "undefined" else self.truth.log_density(x) - self.worse
        return LogProb(values, self.kind, "density of continuous x")

    def sample(self, n, rng, labels=None):
        return self.truth.test.x[:n]


def test_mean_and_standard_error_are_those_of_the_values(digits):
    model = make("bernoulli")
    result = evaluate(model, digits, "test", samples=4, seed=3, batch_size=400)
    x = next(data.in_order(digits.test, 400)).x
    values = model.log_prob(x, Stream(3).child("evaluate").at(0), samples=4).values
    assert result["data"] == 400
    assert result["log_prob"] == pytest.approx(values.mean())
    assert result["standard_error"] == pytest.approx(values.std(ddof=1) / 20)
    assert evaluate(model, digits, "test", samples=4, seed=3, batch_size=400)["log_prob"] == result["log_prob"]


def test_one_datum_has_no_standard_error_and_stays_json(digits):
    result = evaluate(make("bernoulli"), digits, samples=2, limit=1)
    assert result["data"] == 1 and result["standard_error"] is None
    json.loads(json.dumps(result, allow_nan=False))


def test_more_draws_do_not_lower_the_bound(digits):
    model = make("logistic")
    few, many = (evaluate(model, digits, "test", samples=k)["log_prob"] for k in (1, 200))
    assert many > few


def test_without_a_number_of_draws_the_family_s_own_is_taken_and_told(digits):
    model = make("bernoulli")
    told = evaluate(model, digits, limit=5)
    assert told["samples"] == 100
    assert told["log_prob"] == evaluate(model, digits, limit=5, samples=100)["log_prob"]


def test_a_family_that_takes_no_draws_says_so(eight):
    with pytest.raises(UserError, match="plain's log_prob takes no number of draws"):
        evaluate(Plain(eight), eight, samples=5)
    assert "samples" not in evaluate(Plain(eight), eight, limit=100)


def test_the_divergence_from_the_truth_is_the_shift(eight):
    """A density e^-1/4 of the true one everywhere: KL = 1/4 exactly, with no error, though both averages have one."""
    result = evaluate(Plain(eight, worse=0.25), eight, limit=5000)
    assert result["kl_from_truth"] == pytest.approx(0.25)
    assert result["kl_standard_error"] < 1e-6 < result["standard_error"]
    assert result["log_prob"] == pytest.approx(-2.8319 - 0.25, abs=0.1)  # the entropy of the data set is known


def test_modes_are_counted_where_they_are_known(eight):
    result = evaluate(Plain(eight), eight, limit=100)
    assert result["modes"]["modes"] == result["modes"]["captured"] == 8
    assert 0.97 < result["modes"]["high_quality"] < 1
    assert "modes" not in evaluate(Plain(data.load("moons")), data.load("moons"), limit=100)


def test_samples_far_from_every_mode_stay_json(eight):
    model = Plain(eight)
    model.sample = lambda n, rng: np.full((n, 2), 99.0)
    result = evaluate(model, eight, limit=100)
    assert result["modes"]["captured"] == 0 and result["modes"]["spread_low"] is None
    json.loads(json.dumps(result, allow_nan=False))


def test_an_undefined_likelihood_is_told_in_words_and_not_computed(eight):
    model = Plain(eight, kind="undefined")
    result = evaluate(model, eight, batch_size=50)
    assert result["log_prob"] is None and result["standard_error"] is None
    assert result["kind"] == "undefined" and "no probability" in result["note"]
    assert model.calls == 1 and "kl_from_truth" not in result
    json.loads(json.dumps(result, allow_nan=False))


def test_a_conditional_model_is_given_the_labels(digits):
    model = make("bernoulli", conditional=True)
    result = evaluate(model, digits, limit=20, samples=3, batch_size=20)
    batch = next(data.in_order(digits.test, 20))
    expected = model.log_prob(batch.x, Stream(0).child("evaluate").at(0), labels=batch.labels, samples=3)
    assert result["given"] == "label" and result["log_prob"] == pytest.approx(expected.mean)
    assert "given" not in evaluate(make("bernoulli"), digits, limit=20, samples=3)


def test_errors_of_a_classifier_are_the_share_of_wrong_labels(digits):
    class Always3:
        @staticmethod
        def classify(x):
            return np.eye(10)[np.full(len(x), 3)]

    share = classification_error(Always3.classify, digits.test)
    assert share == pytest.approx((digits.test.labels != 3).mean())
    model = make("bernoulli")
    model.classify = Always3.classify
    result = evaluate(model, digits, samples=1)
    assert result["classification_error"] == pytest.approx(share)


def test_data_whose_label_is_hidden_are_no_errors(digits):
    class Perfect:
        @staticmethod
        def classify(x):
            return np.eye(10)[[truth[image.tobytes()] for image in x]]

    first = data.take(digits.train, np.arange(60))
    truth = {image.tobytes(): label for image, label in zip(first.x, first.labels, strict=True)}
    hidden = Split(digits.train.x[:60], np.where(np.arange(60) % 3, -1, digits.train.labels[:60]), digits.levels)
    assert classification_error(Perfect.classify, hidden) == 0


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_is_positive(digits, limit):
    with pytest.raises(UserError, match="at least 1"):
        evaluate(make("bernoulli"), digits, limit=limit)


def test_an_empty_split_is_refused(eight):
    class Empty:
        name = "nothing"
        test = Split(np.empty((0, 2), np.float32))

    with pytest.raises(UserError, match="test split of nothing is empty"):
        evaluate(Plain(eight), Empty)


def test_the_seconds_are_told(digits):
    assert math.isfinite(evaluate(make("bernoulli"), digits, limit=2, samples=1)["seconds"])


@pytest.fixture(scope="module")
def outlines():
    return data.load("shapes-points")


@pytest.mark.parametrize("conditional", [False, True])
def test_sampled_outlines_are_held_against_their_family(outlines, conditional):
    class Forger:
        """Half of its shapes are real ones, half have two far points exchanged."""

        @staticmethod
        def sample(n, rng, labels=None):
            assert (labels is not None) == conditional
            order = np.argsort(outlines.train.labels[: 5 * n], kind="stable")
            rows = order[:n] if labels is None else [np.flatnonzero(outlines.train.labels == k)[0] for k in labels]
            x = outlines.train.x[rows].reshape(n, -1, 2)
            x[::2, [0, 30]] = x[::2, [30, 0]]
            return x.reshape(n, -1)

    Forger.conditional = conditional
    found = shape_validity(Forger, Split(outlines.test.x[:200], outlines.test.labels[:200]))
    assert found.score.value == pytest.approx(0.5, abs=0.03) and found.score.n == 200
    assert found.score.low < 0.5 < found.score.high
    assert found.floor.value > 0.98 and found.noise.value == 0
    hidden = shape_validity(Forger, Split(outlines.test.x[:40], np.full(40, -1)))
    assert hidden.floor.value > 0.9


def test_of_outlines_validity_is_told(outlines):
    model = Plain(outlines)
    model.spec = DataSpec((128,))
    model.truth = type("Truth", (), {"log_density": staticmethod(lambda x: np.zeros(len(x))), "test": outlines.test})
    result = evaluate(model, outlines, limit=50)
    assert result["valid_shapes"]["value"] > 0.9 and result["valid_shapes"]["n"] == 50
    json.loads(json.dumps(result, allow_nan=False))
