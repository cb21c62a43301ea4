"""The loop: schedules, clipping and averages do what their names say, and survive an interruption bit for bit."""

import math
from typing import ClassVar

import numpy as np
import pytest

from minigen import Stream, data
from minigen.core.parameter import Parameter
from minigen.errors import UserError
from minigen.models import DataSpec, Model, VAEConfig
from minigen.train import RunFolder, TrainConfig, Trainer, fit, load, read_checkpoint

SMALL = VAEConfig(latent=3, hidden=(12,))


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


class Duel(Model):
    """Two numbers that move by their own gradients: what each turn was given is written down."""

    family, Config, players, averaged, comparable = "duel", dict, ("left", "right"), "right", False
    units: ClassVar = {"loss": "none"}
    habits: ClassVar = {"batch_size": 10, "learning_rate": 0.5, "ema": 0.5}

    def __init__(self):
        super().__init__({}, DataSpec((8, 8, 1), 17))
        self.left, self.right = Parameter(np.zeros(1, np.float32)), Parameter(np.zeros(1, np.float32))
        self.seen = []

    turns = ("left", "left", "right")

    def parameters_of(self, player):
        return [getattr(self, player)]

    def loss(self, batch, rng, player="left"):
        self.seen.append((player, tuple(batch.index), float(rng.uniform((1,))[0])))
        return {"loss": getattr(self, player).sum() * 3.0}

    def sample(self, n, rng, labels=None):
        return np.zeros((n, 8, 8, 1), np.float32)

    log_prob = trajectory = sample


def test_each_turn_has_a_batch_and_a_stream_of_its_own(digits):
    trainer = Trainer(Duel(), digits, TrainConfig(seed=3))
    for _ in range(4):
        terms = trainer.step()
    players, batches, draws = zip(*trainer.model.seen, strict=True)
    assert players == ("left", "left", "right") * 4
    lefts = [batch for player, batch in zip(players, batches, strict=True) if player == "left"]
    assert len({index for batch in lefts for index in batch}) == 80  # no example twice within an epoch
    assert len(set(draws)) == 12
    assert {"left/loss", "right/loss", "left/gradient_norm", "right/gradient_norm"} == set(terms)


def test_an_epoch_is_one_pass_over_the_data_however_many_turns_a_step_has(digits):
    trainer = Trainer(Duel(), digits, TrainConfig(epochs=2))
    assert trainer.total == 2 * math.ceil(trainer.batches.steps_per_epoch / 2)  # "left" takes two batches a step


def test_habits_hold_where_the_user_says_nothing(digits):
    config = Trainer(Duel(), digits, TrainConfig(learning_rate=0.1)).config
    assert (config.batch_size, config.learning_rate, config.ema, config.steps) == (10, 0.1, 0.5, 4000)
    assert TrainConfig(minutes=2).settled({"steps": 7}).steps is None
    assert TrainConfig().settled({"steps": 7}).steps == 7
    with pytest.raises(UserError, match="speed is no option"):
        TrainConfig().settled({"speed": 3})


@pytest.mark.parametrize(("schedule", "middle"), [("constant", 1.0), ("linear", 0.5), ("cosine", 0.5)])
def test_learning_rates_fall_along_their_schedules(schedule, middle):
    config = TrainConfig(learning_rate=2.0, schedule=schedule, warmup=4).settled({})
    assert config.rate(100, 0.5) == pytest.approx(2.0 * middle)
    assert config.rate(100, 0.0) == pytest.approx(2.0)
    assert config.rate(0, 0.0) == pytest.approx(0.4)
    assert config.rate(100, 1.5) == pytest.approx(2.0 if schedule == "constant" else 0.0, abs=1e-12)


def test_the_optimiser_follows_the_schedule(digits):
    model = Duel()
    trainer = Trainer(model, digits, TrainConfig(steps=4, schedule="linear", ema=0))
    moved = []
    for _ in range(4):
        before = model.right.item()
        trainer.step()
        moved.append(before - model.right.item())  # Adam's step is its learning rate while the gradient stays the same
    np.testing.assert_allclose(moved, [0.5, 0.375, 0.25, 0.125], rtol=1e-5)


def test_gradients_are_clipped_and_their_norm_reported_unclipped(digits):
    trainer = Trainer(Duel(), digits, TrainConfig(clip_norm=0.25))
    assert trainer.step()["right/gradient_norm"] == pytest.approx(3.0)
    assert trainer.model.right.grad.item() == pytest.approx(0.25, rel=1e-4)


def test_samples_are_drawn_with_the_averaged_weights(digits):
    trainer = Trainer(Duel(), digits, TrainConfig())
    path = []
    for _ in range(6):
        trainer.step()
        path.append(trainer.model.right.item())
    own = trainer.model.right.item()
    with trainer.averaged() as model:
        assert not model.training
        assert path[0] > model.right.item() > own  # it moves downwards, and the average lags behind
    assert trainer.model.right.item() == own


def test_an_averaged_run_resumes_bit_for_bit_and_loads_its_average(digits, tmp_path):
    def run(out, steps, resume=False):
        config = TrainConfig(steps=steps, batch_size=50, ema=0.9, clip_norm=20.0, warmup=10)
        return fit("vae", digits, SMALL, config, out=out, resume=resume, progress=False)

    whole = run(tmp_path / "whole", 40)
    run(tmp_path / "parts", 17)
    parts = run(tmp_path / "parts", 40, resume=True)
    a, b = (read_checkpoint(RunFolder(tmp_path / name).last)[0] for name in ("whole", "parts"))
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    loaded = load(tmp_path / "parts")
    for name, value in loaded.state_dict().items():
        np.testing.assert_array_equal(value, parts.state_dict()[name])
        np.testing.assert_array_equal(value, whole.state_dict()[name])
    assert any(np.any(value != a[f"model/{name}"]) for name, value in loaded.state_dict().items())
    np.testing.assert_array_equal(loaded.sample(3, Stream(0)), parts.sample(3, Stream(0)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ema": 1.0}, "ema is 1.0"),
        ({"schedule": "saw"}, "schedule is 'saw'; it must be one of: constant, linear, cosine"),
        ({"clip_norm": -1.0}, "clip_norm is -1.0"),
        ({"warmup": -1}, "warmup is -1"),
        ({"minutes": 0.0}, "minutes is 0.0; it must be positive"),
        ({"steps": 0}, "steps is 0"),
        ({"epochs": -3}, "epochs is -3"),
    ],
)
def test_options_that_cannot_be(options, words):
    with pytest.raises(UserError, match=words):
        TrainConfig(**options)
