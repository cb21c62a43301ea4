"""Samples against data, by every measure there is, each between its floor and what noise gets.

The four sets are equally long: samples, real data that no model has seen, other real data (the floor), and noise. What
they are is settled before they are compared: images are clipped and rounded to the data's own grey levels
(`minigen.data.on_grid`), so that no measure sees the values in between.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..core.random import Stream
from ..errors import UserError
from ..metrics import (
    Score,
    Standing,
    beside,
    classifier_test,
    frechet,
    gaussian,
    kid,
    median_distance,
    memorisation,
    mmd,
    mmd_test,
    precision_recall,
    spectral_distance,
)

PER_FEATURE = 20
"""Samples for each feature from which on the Fréchet distance is ranked; with fewer its bias hides what it shows."""
LEAST = 10  # of each set
TESTED = 1000  # rows of the permutation test, whose work grows as their square


@dataclass(frozen=True, eq=False)
class Sets:
    """What is compared, arrays (n, …) of equal length but for ``train``.

    Args:
        real: data that no model has seen.
        samples: of the model.
        other: other data: as good as samples can be.
        noise: as bad as they can be.
        train: (N, …) what the model was trained on, to see whether it copies; None: this is not looked at.
    """

    real: np.ndarray
    samples: np.ndarray
    other: np.ndarray
    noise: np.ndarray
    train: np.ndarray | None = None

    def __post_init__(self):
        lengths = {len(self.real), len(self.samples), len(self.other), len(self.noise)}
        if len(lengths) > 1 or min(lengths) < LEAST:
            raise UserError(
                f"a comparison got {len(self.real)} real data, {len(self.samples)} samples, {len(self.other)} other "
                f"data and {len(self.noise)} of noise; wanted equally many of each, at least {LEAST}"
            )

    def map(self, function):
        """The sets of what ``function`` makes of each."""
        train = None if self.train is None else function(self.train)
        return Sets(*map(function, (self.real, self.samples, self.other, self.noise)), train)


def compare_features(sets, rng, k=5):
    """`Standing` of samples by features (n, d), by name.

    kid, mmd (Gaussian kernel, its bandwidth the median distance among the other real data; with the p-value of a
    permutation test), frechet, precision, recall, density, coverage, classifier (the accuracy of a two-sample test,
    with its p-value), and, where the training data are given, nearer_to_train.

    Args:
        sets: `Sets` of features.
        rng: a `Stream`.
        k: the neighbour whose distance is a ball's radius.
    """
    half = len(sets.other) // 2
    bandwidth = median_distance(sets.other[:half], sets.other[half:], rng.child("bandwidth").generator())
    found = beside(
        partial(_measure, rng=rng, bandwidth=bandwidth, k=k), sets.real, sets.samples, sets.other, sets.noise
    )
    n, d = sets.real.shape
    if n < PER_FEATURE * d:
        note = f"not ranked: biased by n, and {n} samples are fewer than {PER_FEATURE} for each of {d} features"
        found["frechet"] = replace(found["frechet"], ranked=False, note=note)
    if sets.train is not None:
        found["nearer_to_train"] = _nearer(sets)
    return found


def compare_images(sets, rng):
    """`Standing` of samples by pixels, by name: classifier_pixels and spectrum. Sees what features are blind to.

    Args:
        sets: `Sets` of images (n, H, W, C).
        rng: a `Stream`.
    """

    def measure(real, x):
        flat = real.reshape(len(real), -1), x.reshape(len(x), -1)
        return {
            "classifier_pixels": classifier_test(*flat, rng.child("pixels").generator()).accuracy,
            "spectrum": spectral_distance(real, x),
        }

    return beside(measure, sets.real, sets.samples, sets.other, sets.noise)


def compare_samples(sets, features, check=None, seed=0):
    """`Standing` of images by all of these measures, by name.

    Args:
        sets: `Sets` of images (n, H, W, C) in [0, 1], on the data's grey levels.
        features: a function of images to features (n, d), such as `FeatureNet`; None: pixels alone.
        check: another, such as `random_features`: by its features kid stands as kid_check.
        seed: of the tests' splits and permutations.
    """
    rng, found = Stream(seed).child("distances"), {}
    if features is not None:
        found |= compare_features(sets.map(features), rng)
    if check is not None:
        by_check = replace(sets, train=None).map(check)
        found |= beside(lambda real, x: {"kid_check": kid(real, x)}, *_four(by_check))
    return found | compare_images(sets, rng)


def _four(sets):
    return sets.real, sets.samples, sets.other, sets.noise


def _measure(real, x, rng, bandwidth, k):
    kernel = partial(gaussian, bandwidth=bandwidth)
    test = mmd_test(real[:TESTED], x[:TESTED], rng.child("permutations").generator(), kernel)
    return {
        "kid": kid(real, x),
        "mmd": replace(mmd(real, x, kernel), p_value=test.p_value),
        "frechet": frechet(real, x),
        **precision_recall(real, x, k),
        "classifier": classifier_test(real, x, rng.child("classifier").generator()).accuracy,
    }


def _nearer(sets):
    """Nearness to the training data; that of fresh data is a half by definition."""
    by_samples, by_noise = (memorisation(sets.train, sets.real, x).nearer for x in (sets.samples, sets.noise))
    note = "1: all samples are copies of training data; .5: as near to them as fresh data are"
    return Standing(by_samples, Score(0.5, by_samples.n, 0.0), by_noise, ranked=False, note=note)
