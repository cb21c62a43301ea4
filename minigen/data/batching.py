"""Batches as a pure function of (seed, step): a run that resumes needs to remember the step alone."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..errors import UserError
from .dataset import Split
from .transforms import to_unit


class Batch(NamedTuple):
    """Some examples of a split.

    x       float32 (N, H, W, C) in [0, 1], or float32 points (N, D)
    labels  int64 (N,), or None
    index   int64 (N,), the rows of the split
    """

    x: np.ndarray
    labels: np.ndarray | None
    index: np.ndarray


def take(split: Split, index: np.ndarray) -> Batch:
    """The rows `index` (N,) of a split as a Batch; images are scaled by 1 / (levels − 1)."""
    x = split.x[index]
    x = x if split.levels is None else to_unit(x, split.levels)
    return Batch(x, None if split.labels is None else split.labels[index], index)


class Batches:
    """Shuffled batches of a split, each epoch in an order of its own.

    The order of epoch e is the permutation drawn by ``np.random.default_rng([seed, e])``; batch b of it takes
    entries b · batch_size … (b + 1) · batch_size. With `drop_last` the rest of an epoch that fills no batch is left
    out (another rest each time), so all batches have one shape; without, the last batch of an epoch is shorter.

    >>> points = Split(np.arange(6, dtype=np.float32)[:, None])
    >>> batches = Batches(points, batch_size=2, seed=0)
    >>> batches.steps_per_epoch
    3
    >>> sorted(int(row) for step in (3, 4, 5) for row in batches.at(step).index)  # the second epoch
    [0, 1, 2, 3, 4, 5]

    Raises UserError where the batch is not positive or larger than the split, or the seed is negative.
    """

    def __init__(self, split: Split, batch_size: int, seed: int, drop_last: bool = True) -> None:
        if batch_size < 1:
            raise UserError(f"batch size got {batch_size}; wanted at least 1")
        if seed < 0:
            raise UserError(f"seed got {seed}; wanted a number that is not negative")
        if len(split) < batch_size:
            raise UserError(
                f"batch size got {batch_size}, but the data hold {len(split)} examples; "
                f"wanted at most {len(split)}: choose a smaller batch"
            )
        self.split, self.batch_size, self.seed = split, batch_size, seed
        self.steps_per_epoch = len(split) // batch_size if drop_last else -(-len(split) // batch_size)
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self.steps_per_epoch

    def at(self, step: int) -> Batch:
        """The batch of training step 0, 1, 2, …; it depends on (seed, step) alone, not on what was asked before."""
        epoch, b = divmod(step, self.steps_per_epoch)
        order = self._permutation(epoch)
        return take(self.split, order[b * self.batch_size : (b + 1) * self.batch_size])

    def _permutation(self, epoch: int) -> np.ndarray:
        if epoch != self._epoch:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(len(self.split))
            self._epoch = epoch
        return self._order


def in_order(split: Split, batch_size: int) -> Iterator[Batch]:
    """The whole split once, in its own order, for evaluation; the last batch may be shorter."""
    if batch_size < 1:
        raise UserError(f"batch size got {batch_size}; wanted at least 1")
    for start in range(0, len(split), batch_size):
        yield take(split, np.arange(start, min(start + batch_size, len(split))))
