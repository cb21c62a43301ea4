"""Training data kept aside for the network that will judge samples of the others."""

from dataclasses import replace

import numpy as np

from ..errors import UserError
from .dataset import DataSet, Split

SHARE = 0.2
"""Of the training rows: enough for a small classifier, and the generators keep four fifths."""
_SEED = 20_150_209  # fixed for good: a run and its judge, in two processes, must cut the same rows


def split_for_features(dataset: DataSet, share: float = SHARE) -> tuple[DataSet, DataSet]:
    """`dataset` twice: with the training rows of the feature network, and with those left for generators.

    A network that has seen the very images that a generator learnt by heart, or those that stand for real data in a
    comparison, is no fair judge of either. So the rows are cut once, at random but always alike, and no row is in
    both parts. Validation and test data are those of `dataset` in both. `load(..., reserve=share)` gives the second.

    Raises UserError unless share is above 0 and below 1 and leaves each part a row.
    """
    train = dataset.train
    count = round(share * len(train)) if 0 < share < 1 else 0
    if not 0 < count < len(train):
        raise UserError(
            f"the share of training rows for the feature network is {share} of {len(train)}; wanted a number above 0 "
            "and below 1 that leaves both parts a row"
        )
    order = np.random.default_rng([_SEED, len(train)]).permutation(len(train))
    aside, kept = np.sort(order[:count]), np.sort(order[count:])
    return (
        _with_rows(dataset, aside, f"Of the {len(train):,} training rows the {count:,} of the feature network."),
        _with_rows(dataset, kept, f"Of the {len(train):,} training rows {count:,} are kept for the feature network."),
    )


def _with_rows(dataset: DataSet, rows: np.ndarray, told: str) -> DataSet:
    train = dataset.train
    part = Split(train.x[rows], None if train.labels is None else train.labels[rows], train.levels)
    return replace(dataset, train=part, provenance=f"{dataset.provenance} {told}")
