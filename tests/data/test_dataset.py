"""Splits: their shapes, and the random one of the user's own data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data.dataset import Split, random_split
from minigen.errors import DataError


@given(st.integers(3, 300), st.integers(0, 5))
def test_random_split_is_a_partition_fixed_by_its_seed(n, seed):
    x = np.arange(n, dtype=np.float32)[:, None]
    data = random_split("mine", x, np.arange(n), None, seed=seed, source="a test")
    parts = [data.train, data.validation, data.test]
    assert sorted(np.concatenate([part.x[:, 0] for part in parts])) == list(range(n))
    assert all((part.x[:, 0] == part.labels).all() for part in parts)
    assert len(data.validation) == len(data.test) == max(1, n // 10)
    again = random_split("mine", x, None, None, seed=seed, source="a test")
    np.testing.assert_array_equal(again.test.x, data.test.x)
    assert data.kind == "points" and data.classes == n and again.classes is None


def test_too_few_examples_are_refused():
    with pytest.raises(DataError, match="holds 2 example"):
        random_split("mine", np.zeros((2, 1), np.float32), None, None, seed=0, source="a test")


@pytest.mark.parametrize(
    ("x", "labels", "levels"),
    [
        (np.zeros((3, 2), np.float64), None, None),
        (np.zeros((3, 2, 2, 1), np.uint8), None, None),
        (np.zeros((3, 2, 2), np.uint8), None, 256),
        (np.zeros((3, 2), np.float32), np.zeros(2, np.int64), None),
    ],
)
def test_a_split_refuses_other_arrays(x, labels, levels):
    with pytest.raises(DataError, match="a split got"):
        Split(x, labels, levels)


def test_a_split_is_read_at_a_glance():
    assert repr(Split(np.zeros((3, 2), np.float32))) == "Split(float32 (3, 2), without labels)"
