"""100 labels on MNIST: M2, M1+M2, and the classifier alone on the same labels.

    python -m benchmarks.quality.semisupervised --data-dir …

The protocol of Kingma et al. 2014, Table 1: of the training images 100 (10 of each class) have a label, error on all
10,000 test images, mean and standard error over class-balanced draws of the labels. Published: M2 11.97 %, M1+M2 3.33 %
after thousands of epochs; here the clock decides.
"""

import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tyro

from minigen import data, train
from minigen.errors import UserError
from minigen.evaluate.evaluation import classification_error
from minigen.evaluate.few_labels import supervised
from minigen.models import M2Config, VAEConfig
from minigen.train import TrainConfig

LABELS = 100
PARTS = {"m1": 0.2, "m1+m2": 0.4, "m2": 0.4}
"""How the minutes of one draw of labels are shared out; the classifier alone takes seconds."""
M1 = VAEConfig(latent=50, hidden=(500,))
ON_LATENTS = M2Config(latent=10, hidden=(128,), likelihood="gaussian", alpha=2.0)
ON_PIXELS = M2Config(latent=10, hidden=(200,), alpha=2.0)
SHARE = 0.1
"""Of the training rows that are labelled."""


def run(data_dir: str | None = None, seeds: int = 3, minutes: float = 15.0, out: str | None = None):
    """Test errors in % of the three methods, mean and standard error over ``seeds`` draws of 100 labels.

    Args:
        data_dir: folder of the MNIST files.
        seeds: class-balanced draws of the labels; each also seeds weights, batches and noise.
        minutes: of training, all draws together; evaluation apart.
        out: a .json file to write.
    """
    if seeds < 1 or not 0 < minutes < math.inf:
        raise UserError(f"got seeds {seeds} and minutes {minutes}; both must be positive")
    mnist = data.load("mnist", data_dir=data_dir)
    begin = time.perf_counter()
    errors = [draw(mnist, seed, minutes / seeds) for seed in range(seeds)]
    result = {
        "data": f"mnist, {len(mnist.train):,} training images, {LABELS} labels, {len(mnist.test):,} test images",
        "published": {"m2": 11.97, "m1+m2": 3.33, "source": "https://arxiv.org/abs/1406.5298, Table 1"},
        "minutes": minutes,
        "parts": PARTS,
        "configurations": {"m1": asdict(M1), "m1+m2": asdict(ON_LATENTS), "m2": asdict(ON_PIXELS), "share": SHARE},
        "seconds": round(time.perf_counter() - begin, 1),
        "error_percent": {method: summary([each[method] for each in errors]) for method in errors[0]},
    }
    if out is not None:
        Path(out).write_text(json.dumps(result, indent=2) + "\n")
    return result


def draw(mnist, seed, minutes):
    """Test errors in % of each method, by its name, with the labels that ``seed`` draws."""
    few = data.few_labels(mnist, LABELS, seed, SHARE)

    def lasting(part, **options):
        return TrainConfig(minutes=minutes * PARTS[part], schedule="linear", seed=seed, **options)

    m1 = train.fit("vae", mnist, M1, lasting("m1", batch_size=100, learning_rate=1e-3))
    both = train.fit_stacked(
        few, M1, ON_LATENTS, None, m2_train=lasting("m1+m2", batch_size=100, learning_rate=1e-2), m1=m1
    )
    m2 = train.fit("m2", few, ON_PIXELS, lasting("m2", batch_size=100, learning_rate=3e-3))
    classifiers = {"supervised": supervised(few, ON_PIXELS, seed), "m2": m2.classify, "m1+m2": both.classify}
    return {method: 100 * classification_error(classify, mnist.test) for method, classify in classifiers.items()}


def summary(values):
    """Mean and standard error (null of a single value) of some numbers, and the numbers."""
    error = float(np.std(values, ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "standard_error": error, "each": values}


if __name__ == "__main__":
    print(json.dumps(tyro.cli(run, prog="python -m benchmarks.quality.semisupervised"), indent=2))
