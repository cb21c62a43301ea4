"""How distances change with the number of samples alone: the Fréchet distance falls, KID stays where it is."""

import time

import numpy as np

from minigen import Stream, data, viz
from minigen.data import on_grid, split_for_features
from minigen.errors import UserError
from minigen.evaluate import trained_features
from minigen.metrics import bias_curve, frechet, kid

from .mnist import RESULTS

MEASURES = {"Fréchet distance": frechet, "KID": kid}
SIZES = (50, 100, 200, 400, 800, 1600, 3200)
ROWS = 10_000  # of training images at most, so that draws of the largest size share a third of theirs
BLUR = 0.15
"""How much of each neighbour above and beside is mixed in: what a mediocre sampler does."""


def run(
    data_name: str = "mnist", data_dir: str | None = None, repeats: int = 10, steps: int | None = None, seed: int = 0,
):  # fmt: skip
    """Two curves over n for each measure: training against test images, and blurred training against test images.

    Args:
        data_name: mnist, digits, shapes or another set of labelled images.
        data_dir: folder of the MNIST files.
        repeats: draws of n on either side at the largest n; at a smaller one more, so that each sees as many images.
        steps: of the feature network's training; by default its own.
        seed: of the network and the draws.
    """
    if repeats < 1:
        raise UserError(f"repeats is {repeats}; it must be at least 1")
    begin = time.perf_counter()
    for_features, rest = split_for_features(data.load(data_name, data_dir=data_dir))
    features = trained_features(for_features, steps, seed, progress=True)
    rows = np.random.default_rng(seed).permutation(len(rest.train))[:ROWS]
    train, test = data.take(rest.train, rows).x, data.take(rest.test, np.arange(len(rest.test))).x
    sets = {"training images": features(train), "blurred ones": features(blurred(train, rest.levels))}
    real = features(test)
    sizes = [n for n in SIZES if n <= min(len(real), len(rows))]
    if not sizes:
        raise UserError(f"{data_name} has {len(real)} test images; wanted at least {SIZES[0]}")
    curves = {
        measure: {
            label: bias_curve(function, x, real, sizes, Stream(seed).child(label).generator(), repeats)
            for label, x in sets.items()
        }
        for measure, function in MEASURES.items()
    }
    figure = RESULTS / f"metric_bias_{data_name}.png"
    RESULTS.mkdir(exist_ok=True)
    viz.save_bias(curves, sizes, figure)
    return {
        "data": data_name,
        "features": features.facts,
        "sizes": sizes,
        "curves": {
            measure: {label: summary(values) for label, values in found.items()} for measure, found in curves.items()
        },
        "figure": figure.name,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def blurred(x, levels):
    """Images (N, H, W, C), each pixel mixed with its neighbours above and to the left, on the data's grey levels."""
    return on_grid((1 - 2 * BLUR) * x + BLUR * (np.roll(x, 1, 1) + np.roll(x, 1, 2)), levels)


def summary(values):
    """Mean, its standard error, and number of draws at each size."""
    return {
        "mean": [float(each.mean()) for each in values],
        "standard_error": [float(each.std() / np.sqrt(len(each))) for each in values],
        "draws": [len(each) for each in values],
    }
