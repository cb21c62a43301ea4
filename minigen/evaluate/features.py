"""The feature network: what "alike" means where samples are compared with data.

Pixels make a poor measure of likeness. So images become the 128 numbers by which a small classifier, `Classifier`,
tells their classes apart, and those are compared. Every distance depends on that network, so it is trained by a fixed
recipe on rows that no generator and no floor uses (`minigen.data.split_for_features`), before any of them, and
is named by the SHA-256 of its weights beside each number.

A second network of the same form that was never trained checks it: a ranking that holds in both does not rest on what
the first has learnt to look at. Both are scaled so that a feature's mean square over the rows trained on is 1.

Reference: On Aliased Resizing and Surprising Subtleties in GAN Evaluation. Parmar, Zhang, Zhu, 2022,
https://arxiv.org/abs/2104.11222 (how much hangs on such choices)
"""

from dataclasses import dataclass

import numpy as np

from ..core.random import Stream
from ..data import in_order
from .classifier import Classifier, train_classifier

STEPS = 800
"""Of the training: enough for the few bundled digits, of which the network then tells 97 % of the test split."""
PLAIN_STEPS = 400
"""Of the reader: it is then more than 90 % sure of 89 % of the bundled test digits."""
STEPS_OF_MANY = 2000
"""Of the training on a thousand rows or more: 92 % of the shapes."""


@dataclass(frozen=True, eq=False)
class FeatureNet:
    """A frozen network: call it with images (N, H, W, C) in [0, 1], it answers features (N, 128), float64.

    Args:
        network: whose features.
        scale: that they are multiplied by.
        facts: what to state beside every number that came of it.
    """

    network: Classifier
    scale: float
    facts: dict

    def __call__(self, images):
        return self.network.features(images).astype(np.float64) * self.scale


def trained_features(dataset, steps=None, seed=0, progress=False):
    """The `FeatureNet` that learns the classes of ``dataset.train``, the feature part of `split_for_features`.

    Args:
        dataset: the feature part.
        steps: of the training; None: as many as so many rows need.
        seed: of its weights and batches; the same seed, the same network.
        progress: show a bar where it takes longer than two seconds.
    Raises:
        UserError: data without labels, or no images.
    """
    if steps is None:
        steps = STEPS if len(dataset.train) < 1000 else STEPS_OF_MANY
    network = train_classifier(dataset, steps, seed=seed, progress=progress)
    facts = {"test_accuracy": network.accuracy(dataset.test), "rows": len(dataset.train), "steps": steps, "seed": seed}
    return _frozen(network, dataset, facts)


def plain_reader(dataset, seed=0):
    """A `FeatureNet` as anybody would train a classifier: by cross-entropy alone, labels as they are, and not long.

    It is the one to ask how often a classifier is sure. It is sure of some noise too: state that beside.

    Raises:
        UserError: data without labels, or no images.
    """
    network = train_classifier(dataset, PLAIN_STEPS, seed=seed, label_smoothing=0.0)
    facts = {"test_accuracy": network.accuracy(dataset.test), "rows": len(dataset.train), "steps": PLAIN_STEPS}
    return _frozen(network, dataset, {**facts, "seed": seed})


def random_features(dataset, seed=0):
    """The `FeatureNet` of the same form with random weights, scaled by the same rows.

    Raises:
        UserError: the data are no images.
    """
    rng = Stream(seed).child("random features").generator()
    return _frozen(Classifier(dataset.shape, dataset.classes or 2, rng=rng).eval(), dataset, {"steps": 0, "seed": seed})


def _frozen(network, dataset, facts):
    total = sum(float((network.features(b.x).astype(np.float64) ** 2).sum()) for b in in_order(dataset.train, 1000))
    mean = total / (len(dataset.train) * 128)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return FeatureNet(network, 1 / np.sqrt(mean) if mean > 0 else 1.0, {"sha256": network.sha256, **facts})
