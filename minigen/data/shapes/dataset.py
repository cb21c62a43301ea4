"""The outlines as data sets: ``shapes`` (pictures) and ``shapes-points`` (coordinates)."""

import numpy as np

from ..dataset import DataSet, Split, from_splits
from .families import NAMES
from .generate import generate
from .raster import rasterise

SIZES = (10_000, 1_000, 2_000)


def load_shape_images(size: int = 32, seed: int = 0) -> DataSet:
    """Filled outlines as uint8 (N, size, size, 1), 256 levels, labelled by family; 10,000 / 1,000 / 2,000."""
    splits = [Split(rasterise(outlines, size), labels, levels=256) for outlines, labels in _outlines(seed)]
    return from_splits("shapes", *splits, classes=len(NAMES), provenance=_provenance(seed, f"{size}×{size} pixels"))


def load_shape_points(seed: int = 0) -> DataSet:
    """Outlines as float32 (N, 128): 64 points x₀ y₀ x₁ y₁ …, labelled by family; 10,000 / 1,000 / 2,000.

    The same outlines as ``load_shape_images`` draws from the same seed.
    """
    splits = [Split(o.reshape(len(o), -1).astype(np.float32), labels) for o, labels in _outlines(seed)]
    provenance = _provenance(seed, "64 points each")
    return from_splits("shapes-points", *splits, kind="outlines", classes=len(NAMES), provenance=provenance)


def _outlines(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [generate(n, np.random.default_rng([seed, part])) for part, n in enumerate(SIZES)]


def _provenance(seed: int, form: str) -> str:
    sizes = " / ".join(f"{n:,}" for n in SIZES)
    return (
        f"Procedural outlines of {len(NAMES)} families ({', '.join(NAMES)}), {form}, drawn from seed {seed}: {sizes}."
    )
