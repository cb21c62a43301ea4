"""What a data set is: three splits of arrays, and the facts a likelihood or a picture needs to know about them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..errors import DataError


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set.

    x       uint8 images (N, H, W, C), or float32 points (N, D)
    labels  int64 (N,), or None where the data have none
    levels  number of grey levels of the images (values 0 … levels − 1); None for points

    Raises DataError where x is neither, or labels and x differ in length.
    """

    x: np.ndarray
    labels: np.ndarray | None = None
    levels: int | None = None

    def __post_init__(self) -> None:
        images = self.x.dtype == np.uint8 and self.x.ndim == 4 and self.levels is not None
        points = self.x.dtype == np.float32 and self.x.ndim == 2 and self.levels is None
        if not (images or points):
            raise DataError(
                f"a split got x of {self.x.dtype} {self.x.shape} with levels {self.levels}; wanted uint8 (N, H, W, C) "
                "with a number of levels, or float32 (N, D) without"
            )
        if self.labels is not None and self.labels.shape != (len(self.x),):
            raise DataError(f"a split got labels {self.labels.shape} for {len(self.x)} rows; wanted ({len(self.x)},)")

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        labels = "without labels" if self.labels is None else "with labels"
        return f"Split({self.x.dtype} {self.x.shape}, {labels})"


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named data set with its fixed splits.

    name         as given to ``load``
    kind         "images", "points", or "outlines": points of a closed curve, (2P,) as x₀ y₀ x₁ y₁ …
    shape        of one example: (H, W, C) or (D,)
    levels       grey levels of images (17 for the digits, 256 for MNIST); None for points
    classes      number of classes, or None where there are no labels
    train, validation, test   ``Split`` each
    log_density  exact log p(x) in nats, float64 (N, D) -> float64 (N,), where it is known; else None
    provenance   source, licence and split protocol in words
    options      the arguments of ``load`` that give this data set again
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    levels: int | None
    classes: int | None
    train: Split
    validation: Split
    test: Split
    log_density: Callable[[np.ndarray], np.ndarray] | None
    provenance: str
    options: dict = field(default_factory=dict)


def from_splits(
    name: str,
    train: Split,
    validation: Split,
    test: Split,
    *,
    provenance: str,
    log_density: Callable[[np.ndarray], np.ndarray] | None = None,
    classes: int | None = None,
    kind: str | None = None,
) -> DataSet:
    """A DataSet whose shape and levels are read off its training split, as are its kind and classes unless given."""
    if classes is None and train.labels is not None:
        classes = int(max(part.labels.max() for part in (train, validation, test) if len(part))) + 1
    return DataSet(
        name=name,
        kind=kind or ("points" if train.levels is None else "images"),
        shape=train.x.shape[1:],
        levels=train.levels,
        classes=classes,
        train=train,
        validation=validation,
        test=test,
        log_density=log_density,
        provenance=provenance,
    )


def random_split(
    name: str, x: np.ndarray, labels: np.ndarray | None, levels: int | None, *, seed: int, source: str
) -> DataSet:
    """Shuffle the user's own data by `seed` and keep 80 % to train, 10 % to validate, 10 % to test.

    The two small parts are rounded down, but never empty.

    x (N, H, W, C) uint8 or (N, D) float32; labels (N,) int64 or None. Raises DataError for N < 3.
    """
    n = len(x)
    if n < 3:
        raise DataError(f"{source} holds {n} example(s); wanted at least 3: one each to train, validate and test")
    share = max(1, n // 10)
    order = np.random.default_rng(seed).permutation(n)
    parts = np.split(order, [n - 2 * share, n - share])
    splits = [Split(x[part], None if labels is None else labels[part], levels) for part in parts]
    sizes = ", ".join(f"{len(part):,}" for part in parts)
    protocol = f"random split from seed {seed} into {sizes} to train, validate and test (80 %, 10 %, 10 %)"
    return from_splits(name, *splits, provenance=f"{source}; {protocol}.")
