"""The handwritten digits that travel inside minigen: 1,797 images of 8×8 pixels and 17 grey levels."""

from pathlib import Path

import numpy as np

from .dataset import DataSet, Split, from_splits

FILE = Path(__file__).parent / "bundled" / "digits.npz"

PROVENANCE = (
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, "
    "https://doi.org/10.24432/C50P49, CC BY 4.0; the 1,797 images of its test file, split at random within each digit "
    "and fixed: 1,297 to train, 100 (10 of each digit) to validate, 400 (40 of each digit) to test."
)


def load_digits() -> DataSet:
    """The UCI digits: uint8 (N, 8, 8, 1) with values 0 … 16, labels 0 … 9, splits 1,297 / 100 / 400."""
    with np.load(FILE, allow_pickle=False) as arrays:
        x, labels, part = arrays["images"][..., None], arrays["labels"].astype(np.int64), arrays["part"]
    splits = [Split(x[part == k], labels[part == k], levels=17) for k in range(3)]
    return from_splits("digits", *splits, provenance=PROVENANCE)
