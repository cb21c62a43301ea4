"""Batches: a function of (seed, step) whose epochs partition the data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data import Batches, Split, in_order
from minigen.errors import UserError


def images(n):
    x = np.random.default_rng(n).integers(0, 17, (n, 2, 2, 1), dtype=np.uint8)
    return Split(x, np.arange(n), levels=17)


sizes = st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(sizes, st.integers(0, 9), st.integers(0, 3))
def test_an_epoch_holds_every_example_once(sizes, seed, epoch):
    n, size = sizes
    batches = Batches(images(n), size, seed, drop_last=False)
    steps = range(epoch * batches.steps_per_epoch, (epoch + 1) * batches.steps_per_epoch)
    assert sorted(np.concatenate([batches.at(step).index for step in steps])) == list(range(n))


@given(sizes, st.integers(0, 9), st.integers(0, 3))
def test_full_batches_never_repeat_within_an_epoch(sizes, seed, epoch):
    n, size = sizes
    batches = Batches(images(n), size, seed)
    assert len(batches) == n // size
    steps = range(epoch * len(batches), (epoch + 1) * len(batches))
    index = np.concatenate([batches.at(step).index for step in steps])
    assert len(index) == len(set(index)) == size * (n // size)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8))
def test_a_batch_depends_on_seed_and_step_alone(steps):
    split = images(23)
    travelled = Batches(split, 5, seed=3)
    for step in steps:
        fresh = Batches(split, 5, seed=3).at(step)
        np.testing.assert_array_equal(travelled.at(step).index, fresh.index)


def test_epochs_and_seeds_differ():
    split = images(40)
    first = Batches(split, 40, seed=0)
    orders = [tuple(batches.at(step).index) for batches in (first, Batches(split, 40, seed=1)) for step in (0, 1)]
    assert len(set(orders)) == 4


def test_rows_match_their_index_and_are_scaled():
    split = images(30)
    x, labels, index = Batches(split, 7, seed=0).at(2)
    assert x.dtype == np.float32 and x.shape == (7, 2, 2, 1)
    np.testing.assert_array_equal(x, split.x[index].astype(np.float32) / np.float32(16))
    np.testing.assert_array_equal(labels, index)


def test_points_are_given_as_they_are():
    x = np.random.default_rng(0).standard_normal((9, 3)).astype(np.float32)
    batch = Batches(Split(x), 4, seed=0).at(0)
    assert batch.labels is None
    np.testing.assert_array_equal(batch.x, x[batch.index])


@given(sizes)
def test_in_order_gives_every_row_in_order(sizes):
    n, size = sizes
    batches = list(in_order(images(n), size))
    np.testing.assert_array_equal(np.concatenate([batch.index for batch in batches]), np.arange(n))
    assert all(len(batch.x) == size for batch in batches[:-1])


@pytest.mark.parametrize(
    ("size", "seed", "words"), [(31, 0, "hold 30 examples"), (0, 0, "at least 1"), (5, -1, "seed")]
)
def test_impossible_batches_are_refused(size, seed, words):
    with pytest.raises(UserError, match=words):
        Batches(images(30), size, seed)


def test_in_order_refuses_a_batch_of_none():
    with pytest.raises(UserError, match="at least 1"):
        next(in_order(images(3), 0))
