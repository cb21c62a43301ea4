"""Pictures of outlines: their brightness is the area, symmetries hold, and nothing leaves the frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data.shapes import generate, rasterise
from minigen.data.shapes.measure import signed_area

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.sampled_from([8, 16, 32, 33, 64]))
def test_brightness_is_area(seed, size):
    outlines, _ = generate(16, np.random.default_rng(seed))
    pictures = rasterise(outlines, size)
    assert pictures.dtype == np.uint8 and pictures.shape == (16, size, size, 1)
    area = pictures.sum(axis=(1, 2, 3)) / 255 * (2 / size) ** 2
    np.testing.assert_allclose(area, signed_area(outlines), atol=0.6 / size)


@given(seeds)
def test_mirrored_outlines_make_mirrored_pictures(seed):
    outlines, _ = generate(16, np.random.default_rng(seed))
    picture = rasterise(outlines, 32).astype(int)
    for flip, axis in (((-1, 1), 2), ((1, -1), 1)):
        mirrored = rasterise(outlines * flip, 32).astype(int)  # clockwise now: orientation does not matter
        assert np.abs(np.flip(mirrored, axis) - picture).max() <= 1


def test_a_square_on_the_pixel_grid_is_exact():
    square = np.array([[[-0.5, -0.5], [0.5, -0.5], [0.5, 0.25], [-0.5, 0.25]]])
    wanted = np.zeros((8, 8), np.uint8)
    wanted[3:6, 2:6] = 255  # y upwards: row 3 begins at y = .25
    np.testing.assert_array_equal(rasterise(square, 8)[0, :, :, 0], wanted)


@pytest.mark.parametrize(("shift", "value"), [(0.0, 255), (0.125, 128), (0.0625, 191)])
def test_a_pixel_is_as_bright_as_it_is_covered(shift, value):
    square = np.array([[[-1, -1], [1, -1], [1, 1], [-1, 1]]], float) * (1, 0.5) + (shift, 0)
    picture = rasterise(square, 8)[0, :, :, 0]
    assert picture[4, 0] == pytest.approx(value, abs=1) and picture[4, 3] == 255


def test_what_lies_outside_is_clipped():
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    picture = rasterise(np.stack([3 * square, square + 5, square - (1, 1)]), 8)
    assert (picture[0] == 255).all() and (picture[1] == 0).all()
    assert picture[2, 4:, :4].min() == 255 and picture[2].sum() == 16 * 255


def test_no_outlines_make_no_pictures():
    assert rasterise(np.empty((0, 64, 2)), 8).shape == (0, 8, 8, 1)
