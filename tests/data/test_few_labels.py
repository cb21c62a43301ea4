"""Few labels: balanced, drawn by seed, repeated to a share of the rows, and nothing else changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import data
from minigen.data.dataset import Split, from_splits
from minigen.errors import UserError


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@given(each=st.integers(1, 20), seed=st.integers(0, 99), share=st.floats(0.02, 0.9))
def test_the_labelled_are_balanced_true_and_repeated_to_their_share(each, seed, share):
    digits = data.load("digits")
    few = data.few_labels(digits, 10 * each, seed, share)
    labels, known = few.train.labels, few.train.labels >= 0
    assert set(labels) == {-1, *range(10)}
    counts = np.bincount(labels[known], minlength=10)
    assert len(set(counts)) == 1
    rows = np.unique(few.train.x[known].reshape(known.sum(), -1), axis=0)
    assert len(rows) == 10 * each  # no two digits of the training set are equal
    repeats = known.sum() // (10 * each)
    assert known.sum() == 10 * each * repeats
    assert len(labels) == len(digits.train) + 10 * each * (repeats - 1)  # every row of the training set is there
    unlabelled = len(digits.train) - 10 * each
    met = [
        abs(r * 10 * each / (r * 10 * each + unlabelled) - share) for r in (max(repeats - 1, 1), repeats, repeats + 1)
    ]
    assert min(met) >= met[1] - 0.02  # no other number of repetitions is clearly nearer
    truth = {x.tobytes(): y for x, y in zip(digits.train.x, digits.train.labels, strict=True)}
    assert all(truth[x.tobytes()] == y for x, y in zip(few.train.x[known], labels[known], strict=True))


def test_draws_follow_the_seed_and_evaluation_keeps_its_labels(digits):
    one, same, other = (data.few_labels(digits, 50, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.train.x, same.train.x)
    np.testing.assert_array_equal(one.train.labels, same.train.labels)
    assert not np.array_equal(one.train.x[:5], other.train.x[:5])
    assert one.validation is digits.validation
    assert one.test is digits.test
    assert (one.shape, one.levels, one.classes, one.options) == (
        digits.shape,
        digits.levels,
        digits.classes,
        digits.options,
    )
    assert "50 labels (5 of each class, seed 0)" in one.provenance


def test_nearly_every_batch_holds_labels(digits):
    """What the repetition is for: with share .1 and batches of 100, no batch of an epoch is without labels."""
    few = data.few_labels(digits, 10, share=0.1)
    batches = data.Batches(few.train, 100, seed=0)
    held = [(batches.at(step).labels >= 0).mean() for step in range(len(batches))]
    assert min(held) > 0
    assert np.mean(held) == pytest.approx(0.1, abs=0.02)


def test_what_cannot_be_met_is_refused(digits):
    with pytest.raises(UserError, match="count 15; wanted a positive multiple of the 10 classes, such as 10"):
        data.few_labels(digits, 15)
    for count in (0, -10):
        with pytest.raises(UserError, match=f"count {count}; wanted a positive multiple"):
            data.few_labels(digits, count)
    with pytest.raises(UserError, match=r"200 examples of each class, but class \d has 1\d\d .* choose at most 1\d\d"):
        data.few_labels(digits, 2000)
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(UserError, match=r"share .*; wanted a number above 0 and below 1"):
            data.few_labels(digits, 10, share=share)
    bare = [Split(np.zeros((9, 2), np.float32))] * 3
    with pytest.raises(UserError, match="'bare', which have no labels"):
        data.few_labels(from_splits("bare", *bare, provenance="zeros"), 10)
