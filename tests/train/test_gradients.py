"""A captured step trains as an eager one, bit for bit, and what cannot be captured is trained all the same."""

from functools import reduce

import numpy as np
import pytest

from minigen import data
from minigen.errors import NonFiniteError
from minigen.models import GAN, VAE, DataSpec, Diffusion, DiffusionConfig, Flow, FlowConfig, GANConfig, VAEConfig
from minigen.train import TrainConfig, Trainer

SMALL = {
    VAE: (VAEConfig, {"latent": 3, "hidden": (12,)}),
    Flow: (FlowConfig, {"layers": 1, "scales": 1, "channels": 4}),
    GAN: (GANConfig, {"latent": 4, "hidden": (12, 12), "channels": (4, 6)}),
    Diffusion: (DiffusionConfig, {"base": 8, "multipliers": (1,), "attention_below": 4}),
}


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


BATCH_NORM = {"network": "dcgan", "norm": "batch", "loss": "nonsaturating", "penalties": ()}
GANS = [
    {},
    BATCH_NORM,
    {"network": "dcgan", "loss": "hinge"},
    {"loss": "wasserstein", "penalties": ("gp",), "d_steps": 2},
    {"coins": 2, "instance_noise": 0.3, "fade_steps": 3, "penalty_end": 0.01, "pack": 2, "frequencies": 1},
]


def trainer_of(digits, kind=VAE, **config):
    make, small = next(SMALL[base] for base in kind.__mro__ if base in SMALL)
    model = kind(make(**{**small, **config}), DataSpec((8, 8, 1), 17, 10), rng=np.random.default_rng(0))
    habits = {"batch_size": 20, "schedule": "cosine", "clip_norm": 5.0, "ema": 0.9}
    return Trainer(model, digits, TrainConfig(steps=6, **habits))


def eager(trainer):
    for gradients in trainer.gradients.values():
        gradients._captured = None
    return trainer


def assert_same_training(first, second, steps=5):
    for _ in range(steps):
        assert first.step() == second.step()
    a, b = first.state(), second.state()
    assert a.keys() == b.keys()
    for name, array in a.items():
        np.testing.assert_array_equal(array, b[name], err_msg=name)


class Reader(VAE):
    """What it computes cannot be captured: it looks at a value half way."""

    def loss(self, batch, rng, player="model"):
        return self.terms(rng, *self.prepared(batch, rng))

    def terms(self, rng, x, y=None):
        found = super().terms(rng, x, y)
        return {**found, "loss": found["loss"] * (1.0 if found["loss"].item() > 0 else 2.0)}


class Louder(VAE):
    """A loss of its own over the other one's halves."""

    def loss(self, batch, rng, player="model"):
        found = super().loss(batch, rng, player)
        return {**found, "loss": found["loss"] * 3.0}


CONFIGS = [{}, {"objective": "iwae", "samples": 2}, {"objective": "dreg", "samples": 2}, {"conditional": True}]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_captured_training_is_eager_training(digits, config):
    assert_same_training(trainer_of(digits, **config), eager(trainer_of(digits, **config)))


FLOWS = [{}, {"coupling": "affine"}, {"dequantization": "variational"}, {"dropout": 0.5}]


@pytest.mark.parametrize("config", FLOWS, ids=str)
def test_captured_training_of_a_flow_is_eager_training(digits, config):
    trainer = trainer_of(digits, Flow, **config)
    assert_same_training(trainer, eager(trainer_of(digits, Flow, **config)))
    assert trainer.gradients["model"]._captured is not None


DIFFUSIONS = [{}, {"path": "cosine", "weighting": "min-snr"}, {"path": "flow", "patch": 2, "attention_below": 8}]


@pytest.mark.parametrize("config", DIFFUSIONS, ids=str)
def test_captured_training_of_a_diffusion_is_eager_training(digits, config):
    trainer = trainer_of(digits, Diffusion, **config)
    assert_same_training(trainer, eager(trainer_of(digits, Diffusion, **config)))
    assert trainer.gradients["model"]._captured is not None


@pytest.mark.parametrize("config", GANS, ids=str)
def test_captured_training_of_a_gan_is_eager_training(digits, config):
    """Both players' turns, the running statistics of batch norm, and the penalties: gradients of gradients."""
    trainer = trainer_of(digits, GAN, **config)
    assert_same_training(trainer, eager(trainer_of(digits, GAN, **config)))
    assert all(trainer.gradients[player]._captured is not None for player in trainer.model.players)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (Flow, {"dropout": 0.5, "conditional": True}),
        (Diffusion, {"conditional": True}),
        (GAN, {**BATCH_NORM, "conditional": True}),
        (GAN, {"norm": "spectral"}),
    ],
)
def test_what_looks_at_more_than_numbers_is_trained_eagerly(digits, kind, config):
    trainer = trainer_of(digits, kind, **config)
    assert_same_training(trainer, eager(trainer_of(digits, kind, **config)))
    assert all(gradients._captured is None for gradients in trainer.gradients.values())


@pytest.mark.parametrize(
    ("kind", "part"), [(VAE, "encoder"), (Flow, "log_density"), (GAN, "judge"), (Diffusion, "network.leave")]
)
def test_a_step_is_captured(digits, kind, part):
    trainer = trainer_of(digits, kind)
    for _ in range(3):
        trainer.step()
    *owners, name = part.split(".")
    setattr(reduce(getattr, owners, trainer.model), name, None)  # is not called any more
    trainer.step()


@pytest.mark.parametrize("kind", [Reader, Louder])
def test_what_cannot_be_captured_is_trained_eagerly(digits, kind):
    trainer = trainer_of(digits, kind)
    assert_same_training(trainer, eager(trainer_of(digits, kind)))
    assert trainer.gradients["model"]._captured is None


def test_another_loss_is_the_one_that_is_trained(digits):
    plain, louder = trainer_of(digits).step(), trainer_of(digits, Louder).step()
    assert louder["loss"] == pytest.approx(3 * plain["loss"], rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (VAE, {}),
        (Flow, {}),
        (Flow, {"dropout": 0.5}),
        (Flow, {"dropout": 0.5, "conditional": True}),
        (GAN, BATCH_NORM),
    ],
)
def test_a_resumed_run_goes_on_bit_for_bit(digits, kind, config):
    """Though it captures anew, and its neighbour in the other run goes on with what was captured before."""
    whole, first, second = (trainer_of(digits, kind, **config) for _ in range(3))
    for _ in range(4):
        whole.step(), first.step()
    second.load_state(first.state(), first.done, first.seconds)
    assert_same_training(whole, second, steps=2)


def test_what_is_not_finite_has_an_address(digits):
    trainer = trainer_of(digits)
    for _ in range(3):
        trainer.step()
    trainer.model.decoder[0].weight.copy_(np.nan)
    with pytest.raises(NonFiniteError, match=r"in module VAE\.decoder\.0, step 3"):
        trainer.step()
