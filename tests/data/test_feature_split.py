"""The feature network's rows: always the same, nobody else's, and remembered by a run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data import load, split_for_features
from minigen.data.dataset import Split, from_splits
from minigen.errors import UserError


def rows(part):
    return {x.tobytes() for x in part.train.x}


@given(st.floats(0.01, 0.99))
def test_both_parts_together_are_the_training_rows(share):
    digits = load("digits")
    features, generators = split_for_features(digits, share)
    assert len(features.train) == round(share * len(digits.train))
    assert rows(features).isdisjoint(rows(generators))  # no two digits of the training set are equal
    assert rows(features) | rows(generators) == rows(digits)
    labels = {x.tobytes(): label for x, label in zip(digits.train.x, digits.train.labels, strict=True)}
    for part in (features, generators):
        assert all(labels[x.tobytes()] == label for x, label in zip(part.train.x, part.train.labels, strict=True))
        assert part.test is digits.test and part.validation is digits.validation


def test_the_cut_is_always_the_same_one():
    one, two = (split_for_features(load("digits"))[0].train.x for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert len(one) == 259


def test_load_gives_the_generators_part_and_remembers():
    kept = load("digits", reserve=0.2)
    np.testing.assert_array_equal(kept.train.x, split_for_features(load("digits"), 0.2)[1].train.x)
    np.testing.assert_array_equal(load(**kept.options).train.x, kept.train.x)
    assert "kept for the feature network" in kept.provenance and "reserve" not in load("digits").options


def test_few_labels_are_of_the_generators_part():
    few = load("digits", reserve=0.2, labels=20)
    assert rows(few) <= rows(load("digits", reserve=0.2))
    assert rows(load(**few.options)) == rows(few)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.3, 0.0001, 0.9999, float("nan")])
def test_a_share_that_leaves_a_part_empty_is_refused(share):
    with pytest.raises(UserError, match="share of training rows"):
        split_for_features(load("digits"), share)


def test_points_without_labels_can_be_cut():
    bare = Split(np.random.default_rng(0).random((100, 2), np.float32))
    features, generators = split_for_features(from_splits("bare", bare, bare, bare, provenance=""))
    assert features.train.labels is None and len(features.train) * 4 == len(generators.train) == 80
