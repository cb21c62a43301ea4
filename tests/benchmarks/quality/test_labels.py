"""The judgement of conditional samples: a line for each guidance, and what it needs is asked for."""

import json

import numpy as np
import pytest

from benchmarks.quality import labels
from minigen import data, train
from minigen.errors import UserError
from minigen.models import VAEConfig
from minigen.train import TrainConfig


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A conditional VAE of the digits, trained for a few hundred steps of a small network."""
    out = tmp_path_factory.mktemp("labels") / "run"
    config = VAEConfig(latent=4, hidden=(64,), conditional=True)
    train.fit("vae", data.load("digits"), config, TrainConfig(steps=400), out=out, progress=False)
    return out


def test_a_conditional_model_draws_what_it_is_asked_for(run, tmp_path):
    result = labels.run(str(run), n=100, judge_steps=300, out=str(tmp_path / "a.json"))
    (line,) = result["agreement"]  # a VAE takes no guidance: asked once
    assert line["share"] > 0.7 and 0 < line["standard_error"] < 0.05
    assert result["classifier"]["test_accuracy"] > 0.95
    assert json.loads((tmp_path / "a.json").read_text()) == result


class Guided:
    """Draws the image of a label with a probability that grows with the guidance."""

    class spec:
        classes = 10

    def sample(self, n, rng, labels, guidance):
        wrong = rng.uniform((n,)) < 0.5 / (1 + guidance)
        return np.where(wrong, (labels + 1) % 10, labels)


class Reader:
    """Reads the label off such an image."""

    @staticmethod
    def predict(x):
        return np.eye(10)[x]


def test_guidance_reaches_the_model():
    plain, strong = (labels.agreement(Guided(), Reader, 2000, 0, {"guidance": w}) for w in (0.0, 9.0))
    assert abs(plain["share"] - 0.5) < 4 * plain["standard_error"]
    assert abs(strong["share"] - 0.95) < 4 * strong["standard_error"]
    assert strong["guidance"] == 9.0


def test_what_it_cannot_judge_is_refused(run, tmp_path):
    with pytest.raises(UserError, match="n is 0"):
        labels.run(str(run), n=0)
    train.fit(
        "vae", data.load("digits"), VAEConfig(latent=2, hidden=(8,)), TrainConfig(steps=1), out=tmp_path / "bare",
        progress=False,
    )  # fmt: skip
    with pytest.raises(UserError, match="trained without labels"):
        labels.run(str(tmp_path / "bare"))
