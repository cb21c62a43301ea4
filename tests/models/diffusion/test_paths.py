"""The table of paths: derivatives, inverses and quantiles by their definitions, DDPM's tables by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import UserError
from minigen.models.diffusion.paths import PATHS, CosinePath, Discrete, EDMPath, FlowPath, LinearPath, VPPath
from minigen.models.diffusion.samplers import SAMPLERS


def between(path, n=50):
    return np.linspace(path.low, path.high, n)[1:-1]


def test_log_snr_is_that_of_alpha_and_sigma(path):
    t = between(path)
    np.testing.assert_allclose(path.log_snr(t), 2 * np.log(path.alpha(t) / path.sigma(t)), rtol=1e-9, atol=1e-9)
    assert path.alpha(0.0) == 1
    assert path.sigma(0.0) == 0
    assert np.isposinf(path.log_snr(0.0))
    assert (np.diff(path.log_snr(t)) < 0).all()


def test_time_of_inverts_log_snr(path):
    t = between(path)
    np.testing.assert_allclose(path.time_of(path.log_snr(t)), t, rtol=1e-9)


@pytest.mark.parametrize("name", ["vp", "edm", "flow"])
def test_slope_is_the_derivative(name):
    path = PATHS[name]()
    t = between(path)
    h = 1e-6 * t
    differences = (path.log_snr(t + h) - path.log_snr(t - h)) / (2 * h)
    np.testing.assert_allclose(path.log_snr_slope(t), differences, rtol=1e-6)


def test_slope_of_a_table_sums_to_its_fall():
    path = LinearPath()
    total = path.log_snr_slope(np.arange(1.0, 1001)).sum()
    assert total == pytest.approx(path.log_snr(1000.0) - path.log_snr(1.0), rel=0.1)


@pytest.mark.parametrize("name", ["vp", "edm", "flow"])
def test_density_is_that_of_the_draws(name):
    """p(t) dt/du = 1 for t = draw(u)."""
    path = PATHS[name]()
    u = np.linspace(0.01, 0.99, 40)
    slope = (path.draw(u + 1e-6) - path.draw(u - 1e-6)) / 2e-6
    np.testing.assert_allclose(path.density(path.draw(u)) * slope, 1, rtol=1e-4)


def test_whole_times_are_equally_likely():
    path = LinearPath(10)
    t = path.draw((np.arange(1000) + 0.5) / 1000)
    np.testing.assert_array_equal(np.bincount(t.astype(int)), [0] + [100] * 10)
    assert path.density(t).sum() == pytest.approx(100)


def test_ddpm_tables_by_hand():
    path = LinearPath()
    alpha_bar = 1.0
    for t in range(1, 1001):
        alpha_bar *= 1 - (1e-4 + (0.02 - 1e-4) * (t - 1) / 999)
        if t in (1, 2, 500, 1000):
            assert path.alpha(float(t)) ** 2 == pytest.approx(alpha_bar, rel=1e-11)
            assert path.sigma(float(t)) ** 2 == pytest.approx(1 - alpha_bar, rel=1e-11)
    assert path.facts()["sigma at the data"] == pytest.approx(0.01)
    assert path.facts()["alpha_bar at the noise"] == pytest.approx(4.036e-5, rel=1e-3)


def test_cosine_alpha_bar_is_a_squared_cosine():
    path = CosinePath()
    t = np.arange(1, 990)
    f = np.cos((t / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(path.alpha_bar[1:990], f, rtol=1e-10)
    assert path.betas.max() == 0.999


def test_vp_is_the_limit_of_linear():
    """DDPM's 1,000 steps follow the SDE with β from .1 to 20 to about 1/1,000."""
    t = np.arange(1.0, 1001)
    np.testing.assert_allclose(VPPath().alpha(t / 1000), LinearPath().alpha(t), atol=2e-3)


def test_edm_times_are_karras_rule():
    times = EDMPath().times(18)
    assert len(times) == 19
    assert times[0] == pytest.approx(80)
    assert times[-2] == pytest.approx(0.002)
    assert times[-1] == 0
    by_hand = (80 ** (1 / 7) + 5 / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    assert times[5] == pytest.approx(by_hand)


@given(mean=st.floats(-3, 3), deviation=st.floats(0.1, 3), u=st.floats(0.001, 0.999))
def test_edm_draws_sigma_by_its_log_normal(mean, deviation, u):
    """P(σ ≤ draw(u)) = u, by quadrature of the density that the bound divides by."""
    path = EDMPath(log_sigma=(mean, deviation))
    log_sigma = np.linspace(mean - 8 * deviation, float(np.log(path.draw(u))), 4001)
    mass = np.trapezoid(path.density(np.exp(log_sigma)) * np.exp(log_sigma), log_sigma)
    assert mass == pytest.approx(u, abs=1e-5)


def test_a_log_sigma_without_width_is_refused():
    for wrong in ((0.0, 0.0), (math.nan, 1.0), (0.0, math.inf)):
        with pytest.raises(UserError, match="wanted a mean of ln sigma and a positive deviation"):
            EDMPath(log_sigma=wrong)


@given(steps=st.integers(1, 1000))
def test_times_fall_from_noise_to_data(steps):
    for path in (LinearPath(), VPPath(), FlowPath()):
        times = path.times(steps)
        assert len(times) == steps + 1
        assert (np.diff(times) < 0).all()
        assert times[-1] == 0
    assert LinearPath().times(1000).tolist() == list(range(1000, -1, -1))


def test_every_path_names_samplers_that_exist(path):
    assert set(path.samplers) <= set(SAMPLERS)
    assert path.check() is path
    assert all(math.isfinite(v) for v in path.facts().values())
    cuts = path.cuts(17)
    assert (np.diff(cuts) > 0).all()
    np.testing.assert_allclose(np.diff(path.log_snr(cuts), 2), 0, atol=1e-8)


def test_what_is_no_schedule_is_refused():
    for make in (
        lambda: Discrete([0.1, 0.0, 0.2]),
        lambda: Discrete([0.1, 1.0]),
        lambda: Discrete([]),
        lambda: LinearPath(1000, (0.02, -0.01)),
        lambda: VPPath((0.1, -20.0)),
        lambda: EDMPath((80.0, 0.002)),
        lambda: EDMPath((0.0, 1.0)),
    ):
        with pytest.raises(UserError, match="not monotone in log-SNR"):
            make()


def test_numbers_of_steps_are_checked():
    with pytest.raises(UserError, match="steps is 0"):
        FlowPath().times(0)
    with pytest.raises(UserError, match="between 1 and the 100 of the training"):
        LinearPath(100).times(101)
    with pytest.raises(UserError, match="steps is -3"):
        EDMPath().times(-3)
