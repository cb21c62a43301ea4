"""Marks on MNIST, family by family: minutes of training, then the likelihood of test images and a grid of samples.

Trained into a run folder; called again with more minutes, a run goes on where it stopped.
"""

import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from minigen import Stream, data, train, viz
from minigen.errors import UserError
from minigen.evaluate import evaluate
from minigen.models import DiffusionConfig, FlowConfig, GANConfig, VAEConfig
from minigen.train import TrainConfig

RESULTS = Path(__file__).parents[1] / "results"

SETTINGS = {
    "vae": (VAEConfig(objective="iwae", samples=5), TrainConfig(minutes=15, schedule="cosine")),
    "gan": (GANConfig(network="dcgan"), TrainConfig(minutes=15)),
    "flow": (FlowConfig(), TrainConfig(minutes=15)),
    "diffusion": (DiffusionConfig(conditional=True, log_sigma=(0.0, 1.4)), TrainConfig(minutes=15)),
}
"""Family -> its model and its training; what the training leaves open is the family's habit.

The diffusion trains where a digit decides what it is, as the one of `labels` does: its mark are samples by label. That
of `minigen compare` must do well on all images, and trains at less noise.
"""
DRAWS = {"vae": 5000, "flow": 1, "diffusion": None}
"""Family -> draws for each test image: guesses of the latent, of the dequantisation; None: the family's default."""
WALKS = {"diffusion": {"steps": 18}}
"""Family -> how its samples are drawn, where it has a choice: 18 of Heun's steps are 35 evaluations."""


def run(
    family: str, out: str, data_dir: str | None = None, minutes: float | None = None, limit: int | None = None,
    seed: int = 0,
):  # fmt: skip
    """Train on MNIST for some minutes, evaluate on all test images, and draw a grid of 8×8 samples.

    Args:
        family: key of `SETTINGS`.
        out: run folder; one that holds a run of the same configuration is continued.
        data_dir: folder of the MNIST files.
        minutes: of training, earlier parts of the run included; by default those of `SETTINGS`.
        limit: evaluate on the first so many test images; by default all 10,000.
        seed: of weights, batches, noise, and of the evaluation.
    """
    if family not in SETTINGS:
        raise UserError(f"unknown family {family!r}; choose one of: {', '.join(SETTINGS)}")
    dataset = data.load("mnist", data_dir=data_dir)
    config, training = SETTINGS[family]
    training = replace(training, minutes=minutes or training.minutes, seed=seed)
    model = train.fit(family, dataset, config, training, out, resume=True)
    _, facts = train.read_checkpoint(train.RunFolder(out).last)
    begin = time.perf_counter()
    samples = model.sample(64, Stream(seed).child("grid"), **WALKS.get(family, {}))
    seconds = time.perf_counter() - begin
    figure = RESULTS / f"mnist_{family}.png"
    viz.save_grid(samples, figure)
    return {
        "family": family,
        "model": asdict(config),
        "train": facts["train"],
        "training": {"steps": int(facts["step"]), "seconds": round(float(facts["seconds"]), 1)},
        "evaluation": evaluate(model, dataset, samples=DRAWS.get(family), limit=limit, seed=seed, progress=True),
        "sampling": {"n": 64, "seconds": round(seconds, 2), **WALKS.get(family, {}), "figure": figure.name},
    }


def _of(family):
    measure = partial(run, family)
    measure.__doc__ = run.__doc__
    return measure


FAMILIES = {family: _of(family) for family in SETTINGS}
"""Family -> `run` for it."""
