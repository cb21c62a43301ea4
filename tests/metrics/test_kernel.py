"""Kernel distances: plain loops, no bias, errors that are right, and p-values that are uniform under equality."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import ShapeError, UserError
from minigen.metrics import gaussian, kernel, kid, median_distance, mmd, mmd_test, polynomial

seeds = st.integers(0, 10_000)
KERNELS = {"polynomial": polynomial, "gaussian": partial(gaussian, bandwidth=1.7)}


def loop(x, y, k):
    """The definition, pair by pair."""
    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


@given(seeds, st.integers(3, 9), st.integers(3, 9), st.integers(1, 5))
def test_kid_is_a_plain_loop(seed, n, m, d):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 1
    assert kid(x, y).value == pytest.approx(loop(x, y, lambda a, b: (a @ b / d + 1) ** 3), rel=1e-9, abs=1e-12)
    values = loop(x, y, lambda a, b: math.exp(-((a - b) ** 2).sum() / (2 * 1.7**2)))
    assert mmd(x, y, KERNELS["gaussian"]).value == pytest.approx(values, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_the_error_is_the_jackknife_by_its_definition(name):
    rng = np.random.default_rng(0)
    x, y, n = rng.normal(size=(12, 3)), rng.normal(size=(9, 3)) + 1, (12, 9)
    without = (
        np.array([mmd(np.delete(x, i, 0), y, KERNELS[name]).value for i in range(12)]),
        np.array([mmd(x, np.delete(y, i, 0), KERNELS[name]).value for i in range(9)]),
    )
    variance = sum((k - 1) / k * ((w - w.mean()) ** 2).sum() for k, w in zip(n, without, strict=True))
    assert mmd(x, y, KERNELS[name]).standard_error == pytest.approx(math.sqrt(variance))


@pytest.mark.parametrize("block", [1, 7, 10**6])
def test_blocks_do_not_matter(block, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(15, 3)) + 0.3
    whole = mmd_test(x, y, np.random.default_rng(1), polynomial, 39)
    monkeypatch.setattr(kernel, "BLOCK", block)
    parts = mmd_test(x, y, np.random.default_rng(1), polynomial, 39)
    assert parts.as_dict() == pytest.approx(whole.as_dict())


@given(seeds)
def test_the_order_of_samples_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(15, 3))
    a, b = kid(x, y), kid(rng.permutation(x), rng.permutation(y))
    assert (a.value, a.standard_error) == pytest.approx((b.value, b.standard_error), abs=1e-12)
    assert kid(y, x).value == pytest.approx(a.value, abs=1e-12)
    assert median_distance(x, y, rng) == pytest.approx(median_distance(y[::-1], x, rng))


@pytest.mark.parametrize(("name", "shift"), [("polynomial", 0.0), ("polynomial", 0.5), ("gaussian", 0.5)])
def test_no_bias_and_the_error_is_right(name, shift):
    """Mean over many draws: 0 under equality; the jackknife's error there is at most √2 too large."""
    rng = np.random.default_rng(0)
    scores = [mmd(rng.normal(size=(40, 4)), rng.normal(size=(40, 4)) + shift, KERNELS[name]) for _ in range(300)]
    values = np.array([s.value for s in scores])
    error = math.sqrt(np.mean([s.standard_error**2 for s in scores]))
    if shift == 0:
        assert abs(values.mean()) < 4 * values.std() / math.sqrt(300)
    assert 0.9 < error / values.std() < (1.8 if shift == 0 else 1.25)


def test_a_gaussian_kernel_has_its_closed_form():
    """E k of N(0, 1) and N(s, 1) is σ/√(σ² + 2) exp(−s²/(2(σ² + 2))) in one dimension."""
    rng, sigma, s = np.random.default_rng(0), 0.8, 1.5
    score = mmd(rng.normal(size=(3000, 1)), rng.normal(size=(3000, 1)) + s, partial(gaussian, bandwidth=sigma))
    width = sigma**2 + 2
    expected = 2 * sigma / math.sqrt(width) * (1 - math.exp(-(s**2) / (2 * width)))
    assert abs(score.value - expected) < 4 * score.standard_error < 0.2 * expected


def test_the_median_is_of_different_rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 2))
    every = [math.dist(a, b) for i, a in enumerate(x) for b in x[:i]]
    assert median_distance(x[:3], x[3:], rng) == pytest.approx(np.median(every))
    many = rng.normal(size=(5000, 2))
    assert median_distance(many[:2000], many[2000:], rng) == pytest.approx(1.665, abs=0.05)  # √(4 ln 2)
    with pytest.raises(UserError, match="most rows are equal"):
        median_distance(np.ones((5, 2)), np.ones((5, 2)), rng)


def test_p_values_are_uniform_under_equality():
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.exponential(size=(24, 2))
        found.append(mmd_test(x[:12], x[12:], rng, permutations=19).p_value)
    p = np.array(found)
    assert set(np.round(p * 20)) <= set(range(1, 21))
    for level in (0.05, 0.25, 0.5, 0.75):
        expected = math.sqrt(level * (1 - level) / 300)
        assert abs((p <= level + 1e-9).mean() - level) < 4 * expected


def test_a_difference_has_a_small_p_value():
    rng = np.random.default_rng(0)
    score = mmd_test(rng.normal(size=(60, 3)), rng.normal(size=(50, 3)) + 1, rng, permutations=199)
    assert score.p_value == 1 / 200 and score.value > 5 * score.standard_error / 2


def test_splits_that_cannot_be_told_apart_count_as_no_smaller():
    x = np.tile(np.eye(2), (6, 1))
    assert mmd_test(x, x, np.random.default_rng(0), permutations=19).p_value >= 0.5


def test_bad_input_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ShapeError, match="n, m ≥ 3"):
        kid(np.zeros((2, 2)), np.zeros((3, 2)))
    with pytest.raises(UserError, match="18 permutations"):
        mmd_test(np.zeros((3, 2)), np.zeros((3, 2)), rng, polynomial, 18)
