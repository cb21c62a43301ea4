"""How far densities in the plane lie from the truth: KL = mean(log p_true − log p_model) on 100,000 fresh points."""

import time
from dataclasses import asdict, dataclass, replace

from minigen import data, train
from minigen.errors import UserError
from minigen.evaluate import evaluate
from minigen.models import DiffusionConfig, FlowConfig
from minigen.train import TrainConfig


@dataclass(frozen=True)
class Setting:
    """A model, the data that it learns, and how.

    Args:
        family: key of `minigen.models.FAMILIES`.
        data: name of a data set of points with a known density.
        model: the family's configuration.
        train: of the training.
    """

    family: str
    data: str
    model: object
    train: TrainConfig


_SPLINE = FlowConfig(coupling="spline", layers=4, bins=16, bound=4.0)
_AFFINE = FlowConfig(coupling="affine", layers=8)
_FLOW = TrainConfig(steps=5000, batch_size=512, learning_rate=8e-3)

SETTINGS = {
    "spline flow, 8gaussians": Setting("flow", "8gaussians", _SPLINE, _FLOW),
    "affine flow, 8gaussians": Setting("flow", "8gaussians", _AFFINE, _FLOW),
    "spline flow, checkerboard": Setting("flow", "checkerboard", _SPLINE, _FLOW),
    "affine flow, checkerboard": Setting("flow", "checkerboard", _AFFINE, _FLOW),
    "diffusion ODE, checkerboard": Setting(
        "diffusion",
        "checkerboard",
        DiffusionConfig(),
        TrainConfig(steps=5000, batch_size=512, learning_rate=2e-3),
    ),
}


def run(only: str = "", steps: int | None = None, points: int = 100_000, seed: int = 0):
    """KL and its standard error in nats for each of `SETTINGS`: flows, exactly; diffusion, by its ODE.

    Args:
        only: a word in the names of the settings to run, such as "spline"; by default all of them.
        steps: of training; by default each setting's own.
        points: fresh ones, of the test split, at most 100,000.
        seed: of weights, batches and noise.
    """
    chosen = {name: setting for name, setting in SETTINGS.items() if only in name}
    if not chosen:
        raise UserError(f"no setting is named like {only!r}; there are: {'; '.join(SETTINGS)}")
    return {name: measure(setting, steps, points, seed) for name, setting in chosen.items()}


def measure(setting, steps=None, points=100_000, seed=0):
    """Train as ``setting`` says and hold the density against the truth: a dict of numbers and settings."""
    dataset = data.load(setting.data)
    config = replace(setting.train, steps=steps or setting.train.steps, seed=seed)
    begin = time.perf_counter()
    model = train.fit(setting.family, dataset, setting.model, config)
    seconds = time.perf_counter() - begin
    found = evaluate(model, dataset, limit=points, seed=seed, progress=True)
    return {
        "kl_nats": found["kl_from_truth"],
        "standard_error": found["kl_standard_error"],
        "points": found["data"],
        "log_prob_nats": found["log_prob"],
        "kind": found["kind"],
        "facts": found.get("facts", {}),
        "training_seconds": round(seconds, 1),
        "evaluation_seconds": found["seconds"],
        "family": setting.family,
        "model": asdict(setting.model),
        "train": asdict(config),
    }
