"""Data sets of which only a few examples keep their label."""

from dataclasses import replace

import numpy as np

from ..errors import UserError
from .dataset import DataSet, Split

UNKNOWN = -1
"""The label of an example whose label is not told."""


def few_labels(dataset: DataSet, count: int, seed: int = 0, share: float = 0.1) -> DataSet:
    """`dataset` with `count` labelled training examples, equally many of each class; all others get label −1.

    Batches are a pure function of (seed, step) that shuffles the rows of the training split, and 100 labels among
    50,000 rows would leave most batches without any. So the labelled rows are repeated, all equally often, until they
    make up `share` of the rows: nearly every batch then holds some, and a loss may take its mean over them. No other
    row is repeated. Validation and test data keep all of their labels.

    count  number of labelled examples in all; a multiple of the number of classes
    seed   of the draw
    share  of the training rows that are labelled, above 0 and below 1; met as nearly as whole repetitions allow

    Raises UserError where the data have no labels, or count or share cannot be met.
    """
    train = dataset.train
    if dataset.classes is None or train.labels is None:
        raise UserError(f"few_labels got the data {dataset.name!r}, which have no labels; wanted labelled data")
    each, rest = divmod(count, dataset.classes)
    if count < 1 or rest:
        raise UserError(
            f"few_labels got count {count}; wanted a positive multiple of the {dataset.classes} classes, such as "
            f"{dataset.classes * max(1, each)}, so that each keeps equally many"
        )
    if not 0 < share < 1:
        raise UserError(f"few_labels got share {share}; wanted a number above 0 and below 1")
    labelled = _balanced(train.labels, dataset.classes, each, seed)
    others = np.setdiff1d(np.arange(len(train)), labelled)
    repeats = max(1, round(share / (1 - share) * len(others) / count))
    rows = np.concatenate([np.repeat(labelled, repeats), others])
    labels = np.concatenate([np.repeat(train.labels[labelled], repeats), np.full(len(others), UNKNOWN, np.int64)])
    told = f"{count} labels ({each} of each class, seed {seed}), each labelled example {repeats} times in the training"
    return replace(
        dataset,
        train=Split(train.x[rows], labels, train.levels),
        provenance=f"{dataset.provenance} Semi-supervised: {told} split, all others without label.",
    )


def _balanced(labels: np.ndarray, classes: int, each: int, seed: int) -> np.ndarray:
    """`each` rows of every class, drawn without replacement: (classes · each,)."""
    rng = np.random.default_rng(seed)
    chosen = []
    for k in range(classes):
        rows = np.flatnonzero(labels == k)
        if len(rows) < each:
            raise UserError(
                f"few_labels wants {each} examples of each class, but class {k} has {len(rows)} to train with; "
                f"choose at most {len(rows)} of each, {len(rows) * classes} in all"
            )
        chosen.append(rng.choice(rows, each, replace=False))
    return np.concatenate(chosen)
