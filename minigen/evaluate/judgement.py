"""A trained model's samples, held against the data: what is compared with what, and who judges."""

import time

import numpy as np

from ..core.random import Stream
from ..data import in_order, on_grid, split_for_features, take
from ..data.feature_split import SHARE
from ..errors import UserError
from .distances import LEAST, Sets, compare_samples
from .features import random_features, trained_features

MOST = 1000
"""Samples that are drawn where nobody names a number; fewer where the test split is smaller."""
AT_ONCE = 250  # samples drawn in one call


def judge_samples(model, dataset, n=None, reserve=None, seed=0, progress=False):
    """A dict about n samples of ``model`` beside test data, fit for JSON.

    ``distances`` holds what `compare_samples` finds, by name; ``features`` the facts about the network behind it,
    ``trained_on`` whether the model has seen its rows; ``n``, and how many samples were not finite and so left out.
    Data without labels are compared by a network with random weights.

    Args:
        model: a `minigen.models.Model` of images.
        dataset: the whole `minigen.data.DataSet`, all of its training rows and their labels included.
        n: how many samples; None: as many as the test split holds, at most 1,000.
        reserve: the share of the training rows that was kept from the model; None: none was.
        seed: of the samples, the noise, the network and the tests.
        progress: show a bar while the network learns.
    Raises:
        UserError: `why_not` says why; or the test or the training split holds fewer than n.
    """
    begin = time.perf_counter()
    for_features, rest = split_for_features(dataset, SHARE if reserve is None else reserve)
    sets, lost = draw_sets(model, rest, n, seed, dataset.train if reserve is None else rest.train)
    labelled = dataset.classes is not None and dataset.classes > 1
    check = random_features(for_features, seed)
    features = trained_features(for_features, seed=seed, progress=progress) if labelled else check
    found = compare_samples(sets, features, check if labelled else None, seed)
    return {
        "n": len(sets.real),
        "not_finite": lost,
        "features": {**features.facts, "trained_on": reserve is None},
        "distances": {name: standing.as_dict() for name, standing in found.items()},
        "seed": seed,
        "seconds": round(time.perf_counter() - begin, 2),
    }


def why_not(dataset):
    """A sentence about why samples cannot be compared with ``dataset``; "" if they can."""
    if dataset.levels is None or min(dataset.shape[:2]) < 4:
        return (
            f"samples are compared with images of at least 4×4 pixels; {dataset.name} holds {dataset.kind} of shape "
            f"{dataset.shape}"
        )
    if min(len(dataset.test), len(dataset.train)) < LEAST:
        return (
            f"samples are compared with at least {LEAST} test data and as many training data; {dataset.name} has "
            f"{len(dataset.test)} and {len(dataset.train)}"
        )
    return ""


def draw_sets(model, dataset, n=None, seed=0, train=None):
    """`beside_data` for n samples of a model of images.

    Args:
        model, dataset, n, seed: as in `judge_samples`; of ``dataset.train`` come the other real data.
        train: the `Split` to look for copies of; None: this is not looked at.
    """
    if why_not(dataset):
        raise UserError(why_not(dataset))
    most = min(len(dataset.test), len(dataset.train))
    n = min(MOST, most) if n is None else n
    if not LEAST <= n <= most:
        raise UserError(
            f"a comparison of {n} samples was asked for; {dataset.name} has {len(dataset.test)} data to test and "
            f"{len(dataset.train)} to train, so at least {LEAST} and at most {most} are possible"
        )
    rng = Stream(seed).child("judgement")
    return beside_data(draw(model, n, rng.child("samples")), dataset, rng, train)


def beside_data(samples, dataset, rng, train=None):
    """`Sets` of samples (n, *shape), as many test data and other training data of ``dataset``, and uniform noise.

    Images are put on the grid; the noise of points fills the range of the data. Also how many samples were not finite:
    they are left out, and as many of the other sets, so that all stay equal.

    Args:
        samples, dataset: n of the one, at least as many test and training data in the other.
        rng: a `Stream`, of the choice of data and of the noise.
        train: the `Split` to look for copies of; None: this is not looked at.
    """
    n = len(samples)
    samples = samples[np.isfinite(samples).reshape(n, -1).all(1)]
    kept = len(samples)
    real, other = (
        take(split, rng.child(name).generator().permutation(len(split))[:kept]).x
        for name, split in (("real", dataset.test), ("other", dataset.train))
    )
    noise = rng.child("noise").uniform((kept, *dataset.shape))
    if dataset.levels is None:
        low, high = real.min(0), real.max(0)
        noise = low + (high - low) * noise
    else:
        samples, noise = on_grid(samples, dataset.levels), on_grid(noise, dataset.levels)
    seen = None if train is None else np.concatenate([batch.x for batch in in_order(train, 5000)])
    return Sets(real, samples, other, noise, seen), n - kept


def draw(model, n, rng):
    """n samples of ``model`` (n, *shape), some hundred at a time, so that memory stays bounded."""
    parts = [model.sample(min(AT_ONCE, n - a), rng.at(a)) for a in range(0, n, AT_ONCE)]
    return np.concatenate(parts)
