"""Numbers with their uncertainty: intervals cover as often as they say, and scores are compared at equal n alone."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import ShapeError, UserError
from minigen.metrics import Score, Standing, beside, mean_score, share
from minigen.metrics.score import Z95, jackknife_variance, two_sets


def test_an_interval_is_two_sided_around_the_value_unless_given():
    score = Score(3.0, 10, 0.5)
    assert (score.low, score.high) == pytest.approx((3 - 0.5 * Z95, 3 + 0.5 * Z95))
    assert (Score(3.0, 10, 0.5, (1.0, 4.0)).low, Score(3.0, 10, 0.5, (1.0, 4.0)).high) == (1, 4)
    assert abs(Z95 - 1.959964) < 1e-6


def test_scores_and_standings_are_fit_for_json():
    standing = Standing(Score(1.0, 5), mean_score(np.arange(4)), share(np.ones(3)), False, "why")
    told = json.loads(json.dumps(standing.as_dict(), allow_nan=False))
    assert told["value"] == 1 and told["standard_error"] is None and told["low"] is None
    assert told["floor"]["value"] == 1.5 and told["noise"]["n"] == 3
    assert "p_value" not in told and Score(1.0, 5, p_value=0.25).as_dict()["p_value"] == 0.25
    assert told["ranked"] is False and told["note"] == "why"


def test_a_mean_has_the_error_of_a_mean():
    x = np.random.default_rng(0).normal(size=40)
    score = mean_score(x)
    assert (score.value, score.standard_error) == pytest.approx((x.mean(), x.std(ddof=1) / math.sqrt(40)))
    assert math.isnan(mean_score([2.0]).standard_error)


@given(st.integers(1, 400), st.integers(0, 400))
def test_wilson_s_interval_solves_its_quadratic(n, k):
    """Its ends are the p with |k/n − p| = z √(p(1 − p)/n)."""
    k = min(k, n)
    score = share(np.arange(n) < k)
    assert score.value == k / n
    assert 0 <= score.low <= score.value <= score.high <= 1 and score.low < score.high
    for p in (score.low, score.high):
        if 0 < p < 1:
            assert (k / n - p) ** 2 == pytest.approx(Z95**2 * p * (1 - p) / n, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("p", [0.02, 0.5, 0.9])
def test_wilson_s_interval_covers_the_truth(p):
    passed = np.random.default_rng(1).random((2000, 150)) < p
    covered = [s.low <= p <= s.high for s in map(share, passed)]
    assert 0.93 < np.mean(covered) < 0.985


def test_the_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(0).normal(size=30)
    without = (x.sum() - x) / 29
    assert jackknife_variance(without) == pytest.approx(x.var(ddof=1) / 30)
    assert jackknife_variance(x[:1]) == 0


def test_beside_measures_all_three_against_the_same_data():
    def measure(real, x):
        return {"shift": Score(float(x.mean() - real.mean()), len(x))}

    real, ones = np.zeros((7, 2)), np.ones((4, 2))
    found = beside(measure, real, 2 * ones, 0 * ones, 9 * ones)["shift"]
    assert (found.score.value, found.floor.value, found.noise.value) == (2, 0, 9)
    with pytest.raises(UserError, match="equal n"):
        beside(measure, real, ones, ones[:3], ones)


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match="n ≥ 1"):
        share(np.ones((0,)))
    with pytest.raises(ShapeError, match=r"this got \(3, 2\) and \(3, 1\)"):
        two_sets("this", np.ones((3, 2)), np.ones((3, 1)))
    with pytest.raises(ShapeError, match="n, m ≥ 2"):
        two_sets("this", np.ones((1, 2)), np.ones((3, 2)))
    with pytest.raises(UserError, match="NaN or infinite"):
        two_sets("this", np.ones((3, 2)), np.full((3, 2), np.inf))
