"""The bundled digits: the very bytes, balanced splits, attribution beside them."""

import hashlib

import numpy as np

from minigen.data import load
from minigen.data.digits import FILE

SHA256 = "dc1c89f4d45ad8aee066d1b133341797ec64568e6cb14a0c6bf5915acbf6de24"


def test_the_bundled_arrays_are_unaltered():
    with np.load(FILE) as arrays:
        digest = hashlib.sha256(b"".join(arrays[name].tobytes() for name in ("images", "labels", "part")))
    assert digest.hexdigest() == SHA256


def test_the_splits_are_balanced_and_of_the_documented_sizes():
    data = load("digits")
    assert (data.kind, data.shape, data.levels, data.classes) == ("images", (8, 8, 1), 17, 10)
    assert [len(data.train), len(data.validation), len(data.test)] == [1297, 100, 400]
    assert (np.bincount(data.validation.labels) == 10).all() and (np.bincount(data.test.labels) == 40).all()
    assert np.ptp(np.bincount(data.train.labels)) <= 9  # 174 to 183 of each digit in all
    assert data.train.x.min() == 0 and data.train.x.max() == 16
    assert data.train.x.dtype == np.uint8 and data.train.labels.dtype == np.int64


def test_no_image_is_in_two_splits():
    data = load("digits")
    rows = np.concatenate([part.x.reshape(-1, 64) for part in (data.train, data.validation, data.test)])
    assert len(rows) == len(np.unique(rows, axis=0)) == 1797


def test_the_attribution_names_source_and_licence():
    text = (FILE.parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "Changes made"):
        assert words in text
