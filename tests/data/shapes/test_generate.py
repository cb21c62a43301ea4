"""Drawn outlines: equal steps, inside the square, families in turn, the same in points and pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data import load
from minigen.data.shapes import NAMES, generate, rasterise
from minigen.data.shapes.generate import resample
from minigen.data.shapes.measure import centroid

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 40), st.sampled_from([32, 64, 100]))
def test_outlines_are_centred_inside_the_square_in_equal_steps(seed, n, points):
    outlines, labels = generate(n, np.random.default_rng(seed), points)
    assert outlines.shape == (n, points, 2) and labels.shape == (n,)
    np.testing.assert_allclose(centroid(outlines), 0, atol=1e-9)
    reach = np.hypot(outlines[..., 0], outlines[..., 1]).max(axis=1)
    assert (reach >= 0.7 - 1e-9).all() and (reach <= 0.95 + 1e-9).all()
    steps = np.hypot(*np.moveaxis(np.roll(outlines, -1, axis=1) - outlines, -1, 0))
    assert (steps.max(axis=1) < 1.2 * steps.mean(axis=1)).all()
    assert np.ptp(np.bincount(labels, minlength=len(NAMES))) <= 1


def test_resampling_keeps_equal_steps_on_a_circle():
    t = 2 * np.pi * np.linspace(0, 1, 1024, endpoint=False) ** 1.5  # unequal steps
    fine = np.stack([np.cos(t), np.sin(t)], axis=-1)[None]
    wanted = 2 * np.pi * np.arange(64) / 64
    np.testing.assert_allclose(resample(fine, 64)[0], np.stack([np.cos(wanted), np.sin(wanted)], -1), atol=1e-4)


def test_the_generator_alone_decides():
    first, again, other = (generate(9, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any()


def test_the_two_data_sets_hold_the_same_outlines():
    points, pictures = load("shapes-points"), load("shapes")
    np.testing.assert_array_equal(points.test.labels, pictures.test.labels)
    again = rasterise(points.test.x[:50].reshape(50, -1, 2).astype(float), 32).astype(int)
    assert np.abs(again - pictures.test.x[:50]).max() <= 1
    assert [len(points.train), len(points.validation), len(points.test)] == [10_000, 1_000, 2_000]
    assert points.train.x.max() == pytest.approx(0.95, abs=0.01)
