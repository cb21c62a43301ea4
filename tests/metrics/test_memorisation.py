"""Memorisation: fresh samples are as near as fresh data, copies are nearer, and the error is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import ShapeError
from minigen.metrics import memorisation


def sets(seed, d=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(200, d)), rng.normal(size=(80, d)), rng.normal(size=(90, d))


def test_fresh_samples_are_even_and_the_error_is_right():
    found = [memorisation(*sets(seed)).nearer for seed in range(150)]
    values = np.array([f.value for f in found])
    assert values.mean() == pytest.approx(0.5, abs=4 * values.std() / 150**0.5)
    assert np.mean([f.standard_error for f in found]) == pytest.approx(values.std(), rel=0.2)
    assert np.mean([f.low <= 0.5 <= f.high for f in found]) > 0.88


@given(st.integers(0, 999), st.integers(2, 12), st.integers(2, 12))
def test_it_is_the_share_of_pairs(seed, n, m):
    rng = np.random.default_rng(seed)
    train, held, drawn = (rng.integers(0, 4, (k, 1)).astype(float) for k in (3, n, m))  # ties abound
    found = memorisation(train, held, drawn)
    real, fake = (np.abs(x - train.T).min(1) for x in (held, drawn))
    pairs = (fake[:, None] < real).mean() + 0.5 * (fake[:, None] == real).mean()
    assert found.nearer.value == pytest.approx(pairs)
    np.testing.assert_array_equal(found.samples, fake)
    np.testing.assert_array_equal(found.held_out, real)
    shuffled = memorisation(rng.permutation(train), rng.permutation(held), rng.permutation(drawn))
    assert shuffled.nearer.value == pytest.approx(found.nearer.value)
    assert shuffled.nearer.standard_error == pytest.approx(found.nearer.standard_error)


def test_copies_are_nearer_than_all():
    train, held, drawn = sets(0)
    half = np.concatenate([train[:45], drawn[:45]])
    found = memorisation(train, held, half)
    assert found.copies.value == pytest.approx(0.5, abs=0.05)
    whole = memorisation(train, held, train[:50])
    assert whole.nearer.value == whole.copies.value == 1
    assert 0 < whole.nearer.standard_error < 0.1 and whole.nearer.low < whole.nearer.high == 1


def test_far_samples_are_below_a_half():
    train, held, drawn = sets(0)
    assert memorisation(train, held, drawn + 5).nearer.value < 0.05


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match="memorisation got"):
        memorisation(np.zeros((5, 2)), np.zeros((5, 2)), np.zeros((5, 3)))
