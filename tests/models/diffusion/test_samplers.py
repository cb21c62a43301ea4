"""Laws of the samplers, on Gaussian data with the exact denoiser: each step is affine, and known by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import Stream
from minigen.errors import UserError
from minigen.models.diffusion.paths import PATHS, EDMPath, FlowPath, LinearPath, VPPath
from minigen.models.diffusion.samplers import SAMPLERS, sampler_for


class OneAtATime:
    """A stream whose noise is 1 for datum 2 + i at step i and 0 elsewhere: it shows what each step's noise does."""

    def __init__(self, i=0):
        self.i = i

    def child(self, name):
        return OneAtATime(int(name.removeprefix("step ")))

    def normal(self, shape, dtype):
        noise = np.zeros(shape, dtype)
        noise[2 + self.i] = 1
        return noise


def walked(sampler, gaussian, path, times, **options):
    """(P, Q, V): the sampler's last x is P x_T + Q + √V z, read off its own run."""
    x = np.zeros((2 + len(times), 1))
    x[1] = 1
    *_, (x, _) = SAMPLERS[sampler](gaussian.denoiser(path), path, x, times, OneAtATime(), **options)
    zero, one, *noise = x[:, 0]
    return one - zero, zero, sum((n - zero) ** 2 for n in noise)


class Affine:
    """p x_T + q: what a deterministic formula does to an affine function of the noise."""

    def __init__(self, p, q):
        self.p, self.q = p, q

    def __add__(self, other):
        return Affine(self.p + other.p, self.q + other.q)

    def __rmul__(self, k):
        return Affine(k * self.p, k * self.q)


def by_hand(sampler, gaussian, path, times, eta=0.0):
    """(P, Q, V) by the papers' own formulas."""
    x, variance, before = Affine(1.0, 0.0), 0.0, None
    m = Affine(0.0, gaussian.mean)
    for t, s in pairwise(times):
        at, as_, st_, ss = (float(v) for v in (path.alpha(t), path.alpha(s), path.sigma(t), path.sigma(s)))
        k = gaussian.gain(path, t)
        x_0 = k * x + (1 - k * at) * m
        eps = (1 / st_) * x + (-at / st_) * x_0
        slope_x, c = None, 0.0  # dx_s/dx_t, and the deviation of fresh noise
        if sampler == "ancestral" and ss > 0:  # by precisions, as in test_process
            a = at / as_
            v = st_**2 - a**2 * ss**2
            precision = 1 / ss**2 + a**2 / v
            x, c = (as_ / ss**2 / precision) * x_0 + (a / v / precision) * x, precision**-0.5
            slope_x = as_ / ss**2 / precision * k + a / v / precision
        elif sampler in ("ddim", "ancestral"):
            c = eta * ss / st_ * np.sqrt(1 - (at / as_) ** 2 * (ss / st_) ** 2) * st_ if ss else 0.0
            root = np.sqrt(ss**2 - c**2)
            x = as_ * x_0 + root * eps
            slope_x = as_ * k + root * (1 - at * k) / st_
        elif sampler == "euler":
            x = x + (s - t) * (eps + -1.0 * x_0)
        elif sampler == "heun":
            h = ss / as_ - st_ / at
            euler = as_ * ((1 / at) * x + h * eps)
            if ss > 0:
                k2 = gaussian.gain(path, s)
                eps2 = (1 / ss) * euler + (-as_ / ss) * (k2 * euler + (1 - k2 * as_) * m)
                euler = as_ * ((1 / at) * x + (h / 2) * (eps + eps2))
            x = euler
        elif sampler == "dpm":
            h = np.log(as_ / ss) - np.log(at / st_) if ss else np.inf
            d = x_0
            if before is not None and ss:
                r = before[1] / h
                d = (1 + 1 / (2 * r)) * x_0 + (-1 / (2 * r)) * before[0]
            x, before = (ss / st_) * x + (-as_ * (np.exp(-h) - 1)) * d, (x_0, h)
        if slope_x is not None:
            variance = slope_x**2 * variance + c**2
    return x.p, x.q, variance


ALLOWED = [(name, sampler) for name, path in PATHS.items() for sampler in path.samplers]


@pytest.mark.parametrize(("name", "sampler"), ALLOWED)
@given(steps=st.integers(1, 40))
def test_mean_and_variance_follow_the_closed_form_at_any_number_of_steps(name, sampler, gaussian, steps):
    path = PATHS[name]()
    times = path.times(steps)
    np.testing.assert_allclose(
        walked(sampler, gaussian, path, times), by_hand(sampler, gaussian, path, times), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("eta", [0.3, 1.0])
@given(steps=st.integers(1, 40))
def test_ddim_with_noise_follows_the_closed_form(gaussian, eta, steps):
    path = LinearPath()
    times = path.times(steps)
    found = walked("ddim", gaussian, path, times, eta=eta)
    np.testing.assert_allclose(found, by_hand("ddim", gaussian, path, times, eta), rtol=1e-6, atol=1e-8)


def test_streams_at_different_steps_draw_different_noise(gaussian):
    """What is asked of `rng.at(0)` and `rng.at(1)` has nothing in common, the noise of the walk's steps included."""
    path, x = VPPath(), np.zeros((500, 1))
    ends = [
        list(SAMPLERS["ancestral"](gaussian.denoiser(path), path, x, path.times(3), Stream(0).at(k)))[-1][0][:, 0]
        for k in (0, 1)
    ]
    assert abs(np.corrcoef(ends)[0, 1]) < 0.2


@pytest.mark.parametrize("name", ["linear", "cosine", "vp", "edm"])
@given(steps=st.integers(1, 60))
def test_ddim_with_eta_one_is_ancestral_sampling(name, gaussian, steps):
    """The same noise gives the same numbers."""
    path = PATHS[name]()
    x = path.prior_std * np.random.default_rng(steps).normal(size=(5, 3))
    walks = [
        SAMPLERS[sampler](gaussian.denoiser(path), path, x, path.times(steps), Stream(7), **options)
        for sampler, options in (("ddim", {"eta": 1.0}), ("ancestral", {"variance": "posterior"}))
    ]
    for (x_ddim, _), (x_ddpm, _) in zip(*walks, strict=True):
        np.testing.assert_allclose(x_ddim, x_ddpm, rtol=1e-10, atol=1e-10)


def endpoint_error(sampler, gaussian, path, times, x):
    """Distance from the ODE's exact flow, which only scales what lies off the mean."""
    t, s = times[0], times[-1]
    ratio = gaussian.marginal_std(path, s) / gaussian.marginal_std(path, t)
    exact = path.alpha(s) * gaussian.mean + ratio * (x - path.alpha(t) * gaussian.mean)
    *_, (found, _) = SAMPLERS[sampler](gaussian.denoiser(path), path, x, times, Stream(0))
    return np.abs(found - exact).max()


@pytest.mark.parametrize(("sampler", "order"), [("ddim", 1), ("heun", 2), ("dpm", 2), ("euler", 1)])
@pytest.mark.parametrize("name", ["linear", "cosine", "vp", "edm", "flow"])
def test_errors_fall_at_the_order_of_the_sampler(sampler, order, name, gaussian):
    path = PATHS[name]()
    if sampler not in path.samplers:
        return
    x = np.array([[-1.0], [0.3], [2.0]])
    low, high = path.time_of(4.0), path.time_of(-4.0)
    log_snr = path.log_snr(np.array([high, low]))
    errors = [
        endpoint_error(sampler, gaussian, path, path.time_of(np.linspace(*log_snr, n + 1)), x) for n in (64, 128, 256)
    ]
    orders = -np.diff(np.log2(errors))
    assert (np.abs(orders - order) < 0.2).all(), orders


def test_many_steps_of_ancestral_sampling_reach_the_data(gaussian):
    path = LinearPath()
    x = np.random.default_rng(0).normal(size=(20_000, 1))
    *_, (x, _) = SAMPLERS["ancestral"](gaussian.denoiser(path), path, x, path.times(1000), Stream(0))
    assert x.mean() == pytest.approx(gaussian.mean, abs=4 * gaussian.std / np.sqrt(20_000) + 1e-3)
    assert x.std() == pytest.approx(gaussian.std, rel=0.03)


def test_beta_variance_is_an_upper_bound(gaussian):
    """With "beta" the samples of few steps are wider than with the posterior's variance."""
    path = LinearPath()
    times = path.times(20)
    narrow = walked("ancestral", gaussian, path, times)[2]
    assert walked("ancestral", gaussian, path, times, variance="beta")[2] > narrow


def test_samplers_keep_the_dtype(gaussian):
    for path, name in ((VPPath(), "heun"), (VPPath(), "dpm"), (EDMPath(), "ancestral"), (FlowPath(), "euler")):
        x = np.ones((2, 3), np.float32)

        def denoise(x, t, path=path):
            return tuple(part.astype(np.float32) for part in gaussian.denoiser(path)(x, t))

        for x_s, x_0 in SAMPLERS[name](denoise, path, x, path.times(4), Stream(0)):
            assert x_s.dtype == x_0.dtype == np.float32


def test_a_sampler_must_exist_and_suit_the_path():
    assert sampler_for(FlowPath(), None) is SAMPLERS["euler"]
    with pytest.raises(UserError, match="no sampler 'plms'"):
        sampler_for(VPPath(), "plms")
    with pytest.raises(UserError, match="'euler' does not walk this path"):
        sampler_for(VPPath(), "euler")
    with pytest.raises(UserError, match="it allows: euler, ddim"):
        sampler_for(FlowPath(), "heun")
