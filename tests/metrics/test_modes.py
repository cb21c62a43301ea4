"""Laws of the measures of mode coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data.toy2d import TOYS
from minigen.errors import ShapeError, UserError
from minigen.metrics import mode_report
from minigen.metrics.modes import lower_gamma, nearest, truncated_deviation

GRID = TOYS["25gaussians"]


def reports(draw, seeds=40, n=2500):
    return [mode_report(draw(n, np.random.default_rng(seed)), GRID.means, GRID.s) for seed in range(seeds)]


def average(found, name):
    return float(np.mean([getattr(report, name) for report in found]))


def test_a_perfect_sampler_has_the_published_numbers():
    """25 modes; 1 − e^(−9/2) = 98.89 % within 3 s; reverse KL about 24/(2 · 2500) = .0048; spread 1."""
    found = reports(GRID.sample)
    assert all(report.captured == report.reached == 25 for report in found)
    assert average(found, "high_quality") == pytest.approx(1 - math.exp(-4.5), abs=0.002)
    assert average(found, "reverse_kl") == pytest.approx(0.0048, abs=0.0007)
    assert average(found, "spread") == pytest.approx(1, abs=0.005)
    assert 0.7 < min(report.spread_low for report in found) <= max(report.spread_high for report in found) < 1.3


def test_uniform_noise_reaches_modes_but_captures_none():
    """PacGAN's count gives noise on the grid's square, widened by 1 as its cells are, some 20.7 of 25 (n = 2,500)."""
    found = reports(lambda n, rng: rng.uniform(-5, 5, (n, 2)))
    expected = 25 * (1 - (1 - math.pi * 0.15**2 / 100) ** 2500)
    assert expected == pytest.approx(20.7, abs=0.1)
    assert average(found, "reached") == pytest.approx(expected, abs=1)
    assert average(found, "captured") == 0
    assert average(found, "high_quality") < 0.03
    assert math.isnan(found[0].spread_low)


def test_one_mode_alone_costs_the_log_of_their_number():
    x = GRID.means[3] + 0.05 * np.random.default_rng(0).standard_normal((500, 2))
    report = mode_report(x, GRID.means, 0.05)
    assert (report.captured, report.reached, report.smallest_share) == (1, 1, 0)
    assert report.reverse_kl == pytest.approx(math.log(25), rel=1e-12)


def test_centres_alone_have_no_spread():
    report = mode_report(np.repeat(GRID.means, 4, 0), GRID.means, 0.05)
    assert (report.captured, report.high_quality, report.spread) == (25, 1, 0)
    assert report.reverse_kl == pytest.approx(0, abs=1e-12)


@given(st.integers(1, 6), st.floats(0.3, 1.4), st.integers(0, 10))
def test_spread_is_the_width_in_any_number_of_dimensions(d, width, seed):
    """Narrower samples than the truth, so that few are cut off: spread · truncated = width."""
    x = (
        width
        * 0.5
        * np.random.default_rng(seed).standard_normal((4000, d)).clip(-1.2 / math.sqrt(d), 1.2 / math.sqrt(d))
    )
    report = mode_report(x, np.zeros((1, d)), 1.0)
    expected = math.sqrt((x**2).mean()) / truncated_deviation(d)
    assert report.spread == pytest.approx(expected, rel=1e-9)


@given(st.integers(1, 5))
def test_truncation_by_monte_carlo(d):
    x = np.random.default_rng(d).standard_normal((200_000, d))
    r = np.sqrt((x**2).sum(1))
    inside = r[r < 3]
    assert truncated_deviation(d) == pytest.approx(math.sqrt((inside**2).mean() / d), rel=0.01)
    assert lower_gamma(d / 2, 4.5) == pytest.approx((r < 3).mean(), abs=0.005)


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_nearest_is_the_smallest_of_all_distances(n, k, d, seed):
    rng = np.random.default_rng(seed)
    x, centres = rng.normal(size=(n, d)), rng.normal(size=(k, d))
    distance, mode = nearest(x, centres)
    everything = np.linalg.norm(x[:, None] - centres, axis=-1)
    np.testing.assert_allclose(distance, everything.min(1), rtol=1e-12)
    np.testing.assert_array_equal(mode, everything.argmin(1))


def test_order_of_samples_and_of_modes_does_not_matter():
    rng = np.random.default_rng(3)
    x = GRID.sample(700, rng)
    a = mode_report(x, GRID.means, 0.05).as_dict()
    b = mode_report(rng.permutation(x), rng.permutation(GRID.means), 0.05).as_dict()
    assert a == pytest.approx(b, rel=1e-12)


def test_samples_that_are_not_finite_are_of_low_quality():
    x = GRID.sample(100, np.random.default_rng(0))
    x[:50] = np.nan
    report = mode_report(x, GRID.means, 0.05)
    assert report.high_quality <= 0.5
    assert math.isfinite(report.spread)


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        mode_report(np.zeros(3), np.zeros((1, 2)), 1)
    with pytest.raises(ShapeError, match=r"\(0, 2\)"):
        mode_report(np.zeros((0, 2)), np.zeros((1, 2)), 1)
    with pytest.raises(UserError, match="s=0"):
        mode_report(np.zeros((3, 2)), np.zeros((1, 2)), 0)
    with pytest.raises(UserError, match="least=2"):
        mode_report(np.zeros((3, 2)), np.zeros((1, 2)), 1, least=2)
