"""Power spectra: Parseval's law, white noise, single waves, and a distance with the right error."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import ShapeError
from minigen.metrics import frequencies, power_spectrum, spectral_distance
from minigen.metrics.spectrum import _rings

sides = st.integers(1, 9)


@given(sides, sides, st.integers(1, 3), st.integers(0, 999))
def test_parseval(h, w, c, seed):
    """The power of all waves is that of all pixels."""
    x = np.random.default_rng(seed).random((4, h, w, c))
    count = np.bincount(_rings(h, w)[1].ravel())
    assert len(count) == len(frequencies((h, w, c))) and (count > 0).all() and count.sum() == h * w
    np.testing.assert_allclose((power_spectrum(x) * count).sum(1), (x**2).sum((1, 2)).mean(-1))


def test_a_wave_has_its_power_in_its_ring():
    """cos(2π 3 x/16): a quarter of HW in each of its two waves."""
    x = np.cos(2 * np.pi * 3 * np.arange(16) / 16)[None, None, :, None].repeat(16, 1)
    power = power_spectrum(x)[0]
    assert power.argmax() == 3 and (np.delete(power, 3) < 1e-20).all()
    assert frequencies((16, 16, 1))[3] == pytest.approx(3 / 16, rel=0.05)
    waves = (_rings(16, 16)[1] == 3).sum()
    assert power[3] * waves == pytest.approx(16 * 16 / 2)


def test_white_noise_is_white():
    x = 0.3 * np.random.default_rng(0).normal(size=(3000, 8, 6, 2))
    np.testing.assert_allclose(power_spectrum(x).mean(0), 0.09, rtol=0.1)
    assert (np.diff(frequencies((8, 6, 2))) > 0).all()


@given(st.integers(0, 999), st.floats(0.2, 5))
def test_a_factor_in_brightness_is_its_logarithm(seed, factor):
    x = np.random.default_rng(seed).random((6, 8, 8, 1)) + 0.1
    score = spectral_distance(factor * x, x)
    assert score.value == pytest.approx(2 * abs(math.log(factor)), abs=0.02)
    assert spectral_distance(x, factor * x).value == pytest.approx(score.value)
    assert spectral_distance(x[::-1], factor * x[[3, 1, 0, 2, 5, 4]]).value == pytest.approx(score.value)


def test_blur_and_black_images():
    x = np.random.default_rng(0).random((100, 8, 8, 1))
    blurred = (x + np.roll(x, 1, 1) + np.roll(x, 1, 2)) / 3
    assert spectral_distance(x, blurred).value > 10 * spectral_distance(x[:50], x[50:]).standard_error
    black = spectral_distance(x, np.zeros_like(x))
    assert math.isfinite(black.value) and black.value > 5


def test_the_error_is_right():
    scores = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        scores.append(spectral_distance(rng.normal(size=(40, 6, 6, 1)), 1.4 * rng.normal(size=(40, 6, 6, 1))))
    assert np.mean([s.standard_error for s in scores]) == pytest.approx(np.std([s.value for s in scores]), rel=0.25)


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match="N ≥ 1"):
        power_spectrum(np.zeros((8, 8)))
    with pytest.raises(ShapeError, match="of one shape"):
        spectral_distance(np.zeros((3, 8, 8, 1)), np.zeros((3, 8, 9, 1)))
