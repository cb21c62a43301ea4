"""Whether a GAN finds all of 25 modes, seed by seed: the grid of round Gaussians, 2,500 samples, PacGAN's protocol."""

import time
from dataclasses import asdict, replace

from minigen import Stream, data, train
from minigen.data.toy2d import TOYS
from minigen.errors import UserError
from minigen.metrics import mode_report
from minigen.models import GANConfig
from minigen.train import TrainConfig

GRID = TOYS["25gaussians"]
MODEL = GANConfig(
    hidden=(128, 128, 128), latent=16, coins=12, frequencies=4, instance_noise=0.5, penalty_end=0.002, fade_steps=8000
)
TRAIN = TrainConfig(steps=14000, batch_size=512, learning_rate=1e-3)
"""Chosen by looking at seeds 0 to 39; the seeds that are measured are others: 40 to 49."""


def run(seeds: int = 10, first_seed: int = 40, steps: int | None = None, n: int = 2500, threads: int | None = None):
    """The modes captured, the share of good samples, the spread and the reverse KL of each seed, and the worst of each.

    Args:
        seeds: how many GANs to train.
        first_seed: of weights, batches and noise; the others follow it.
        steps: of training; by default those of `TRAIN`.
        n: samples of each.
        threads: of the backend; these networks are so small that one does nearly as well as two.
    """
    if seeds < 1 or n < 1:
        raise UserError(f"got seeds {seeds} and n {n}; both must be at least 1")
    config = replace(TRAIN, steps=steps or TRAIN.steps, threads=threads)
    reports = [one(replace(config, seed=seed), n) for seed in range(first_seed, first_seed + seeds)]
    perfect = mode_report(GRID.sample(n, Stream(0).child("perfect").generator()), GRID.means, GRID.s)
    return {
        "n": n,
        "seeds": reports,
        "worst": worst(reports),
        "all_captured": sum(report["captured"] == report["modes"] for report in reports),
        "perfect_sampler": perfect.as_dict(),
        "model": asdict(MODEL),
        "train": asdict(config),
    }


def one(config, n):
    """Train one GAN and report on n of its samples."""
    begin = time.perf_counter()
    model = train.fit("gan", data.load("25gaussians"), MODEL, config)
    seconds = time.perf_counter() - begin
    samples = model.sample(n, Stream(config.seed).child("modes"))
    report = mode_report(samples, GRID.means, GRID.s)
    return {"seed": config.seed, "training_seconds": round(seconds, 1), **report.as_dict()}


def worst(reports):
    """For each number the seed that did worst: the fewest modes, the least share, the largest divergence."""
    least = ("captured", "reached", "high_quality", "smallest_share")
    found = {name: min(report[name] for report in reports) for name in least}
    found["reverse_kl"] = max(report["reverse_kl"] for report in reports)
    found["spread"] = [min(report["spread"] for report in reports), max(report["spread"] for report in reports)]
    return found
