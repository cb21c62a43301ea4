"""Precision, recall, density, coverage: the definition, the published numbers, and errors that are right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import ShapeError, UserError
from minigen.metrics import expected_coverage, neighbours, precision_recall
from minigen.metrics.neighbours import squared_distances

NAMES = ("precision", "recall", "density", "coverage")


def brute(real, samples, k):
    """The definitions, on whole matrices of distances."""
    across = np.linalg.norm(samples[:, None] - real, axis=-1)  # (m, n)
    of_real = np.sort(np.linalg.norm(real[:, None] - real, axis=-1), axis=1)[:, k]
    of_samples = np.sort(np.linalg.norm(samples[:, None] - samples, axis=-1), axis=1)[:, k]
    inside = across < of_real
    return {
        "precision": inside.any(1).mean(),
        "recall": (across < of_samples[:, None]).any(0).mean(),
        "density": inside.sum() / (k * len(samples)),
        "coverage": inside.any(0).mean(),
    }


@given(st.integers(4, 30), st.integers(4, 30), st.integers(1, 4), st.integers(1, 3), st.integers(0, 9999))
def test_they_are_their_definitions(n, m, d, k, seed):
    rng = np.random.default_rng(seed)
    real, samples = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 1.3 + 0.2
    found, expected = precision_recall(real, samples, k), brute(real, samples, k)
    assert {name: score.value for name, score in found.items()} == pytest.approx(expected)
    assert all(score.n == min(n, m) and score.standard_error > 0 for score in found.values())


@given(st.integers(0, 9999))
def test_order_place_and_role(seed):
    """Rows may be shuffled and everything moved; precision of one is recall of the other."""
    rng = np.random.default_rng(seed)
    real, samples = rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) * 0.7
    a = precision_recall(real, samples)
    b = precision_recall(rng.permutation(real) + 5, rng.permutation(samples) + 5)
    for name in NAMES:
        assert b[name].value == pytest.approx(a[name].value)
        assert b[name].standard_error == pytest.approx(a[name].standard_error)
    swapped = precision_recall(samples, real)
    assert swapped["recall"].value == a["precision"].value
    assert swapped["precision"].value == a["recall"].value


def test_a_ball_is_open():
    """On a line of equal steps every k-th neighbour lies on the edge of a ball: it is not inside."""
    real = np.arange(9.0)[:, None]
    found = precision_recall(real, np.array([[-1.0], [9.0], [20.0]]), k=1)
    assert found["precision"].value == found["density"].value == found["coverage"].value == 0


def test_hits_are_counted_alike_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    real, samples = rng.normal(size=(25, 2)), rng.normal(size=(35, 2))
    whole = precision_recall(real, samples)
    monkeypatch.setattr(neighbours, "BLOCK", 60)
    assert precision_recall(real, samples) == whole


def test_the_jackknife_leaves_out_one_at_a_time():
    """The variance of coverage over the samples by hand, radii held."""
    rng = np.random.default_rng(0)
    real, samples = rng.normal(size=(30, 2)), rng.normal(size=(20, 2))
    radii = np.sort(squared_distances(real, real), axis=1)[:, 5]
    inside = squared_distances(samples, real) < radii
    covered = inside.any(0).mean()
    without = np.array([np.delete(inside, j, 0).any(0).mean() for j in range(20)])
    variance = covered * (1 - covered) / 30 + 19 / 20 * ((without - without.mean()) ** 2).sum()
    assert precision_recall(real, samples)["coverage"].standard_error == pytest.approx(variance**0.5)


@pytest.mark.parametrize(("shift", "width"), [(0.0, 1.0), (0.3, 1.2), (0.0, 0.7)])
def test_errors_are_not_too_small_nor_four_times_too_large(shift, width):
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found.append(precision_recall(rng.normal(size=(120, 5)), rng.normal(size=(120, 5)) * width + shift))
    for name in NAMES:
        deviation = np.std([f[name].value for f in found], ddof=1)
        assert 0.75 < np.mean([f[name].standard_error for f in found]) / deviation < 3.5, name


def test_a_perfect_sampler_covers_what_is_expected():
    assert expected_coverage(10_000, 10_000) == pytest.approx(0.9688, abs=5e-5)
    n, m = 60, 90
    found = [
        precision_recall(rng.normal(size=(n, 3)), rng.normal(size=(m, 3)))["coverage"].value
        for rng in map(np.random.default_rng, range(150))
    ]
    assert np.mean(found) == pytest.approx(expected_coverage(n, m), abs=4 * np.std(found) / 150**0.5)


def test_samples_at_the_centre_have_precision_without_recall():
    rng = np.random.default_rng(0)
    found = precision_recall(rng.normal(size=(300, 2)), 0.05 * rng.normal(size=(300, 2)))
    assert found["precision"].value == 1
    assert found["recall"].value < 0.05 and found["coverage"].value < 0.3


@pytest.mark.slow
def test_the_published_numbers():
    """Naeem et al. 2020: N(0, 1) in 1,000 dimensions, 10,000 against 10,000, k = 5."""
    rng = np.random.default_rng(0)
    found = precision_recall(rng.normal(size=(10_000, 1000)), rng.normal(size=(10_000, 1000)))
    published = {"precision": 0.4772, "recall": 0.4705, "density": 1.0555, "coverage": 0.9735}
    # one draw against another: in so many dimensions a few data are near to many, and density varies by .05 to .09
    for name, tolerance in (("precision", 0.04), ("recall", 0.04), ("density", 0.2), ("coverage", 0.025)):
        assert found[name].value == pytest.approx(published[name], abs=tolerance), name
    both = (found["precision"].value + found["recall"].value) / 2  # which vary against each other
    assert both == pytest.approx((published["precision"] + published["recall"]) / 2, abs=0.006)


def test_bad_input_is_named():
    with pytest.raises(UserError, match="k is 5"):
        precision_recall(np.zeros((5, 2)), np.zeros((9, 2)))
    with pytest.raises(ShapeError, match=r"\(5, 2\) and \(9, 3\)"):
        precision_recall(np.zeros((5, 2)), np.zeros((9, 3)))
