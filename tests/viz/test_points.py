"""Clouds and outlines become pictures; what is not finite does not stop them."""

import numpy as np
import pytest
from PIL import Image

from minigen.errors import ShapeError
from minigen.viz.points import frame, save_outlines, save_points


def ink(path):
    """Share of the picture that is not white."""
    with Image.open(path) as picture:
        return float((np.asarray(picture.convert("L")) < 250).mean())


def test_a_cloud_leaves_ink_and_a_reference_widens_the_picture(tmp_path):
    rng = np.random.default_rng(0)
    cloud = rng.standard_normal((2_000, 2))
    save_points(cloud, tmp_path / "one.png")
    save_points(cloud, tmp_path / "two.png", reference=cloud[:50])
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "two.png") as two:
        assert two.width == 2 * one.width
    assert ink(tmp_path / "one.png") > 0.02


def test_strays_and_nan_do_not_shrink_the_picture(tmp_path):
    reference = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    points = np.concatenate([reference, [[1e6, 0], [np.nan, 0], [0, np.inf]]])
    save_points(points, tmp_path / "a.png", reference)
    assert ink(tmp_path / "a.png") > 0.02


def test_the_frame_is_the_finite_range_and_a_tenth():
    low, high = frame(np.array([[0.0, 0], [2, 1], [np.nan, 5]]))
    np.testing.assert_allclose([low, high], [[-0.2, -0.2], [2.2, 1.2]])
    low, high = frame(np.full((3, 2), np.nan))
    assert (low < high).all()
    low, high = frame(np.ones((3, 2)))
    assert (low < 1).all() and (high > 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0, 1, -1e6, 3e38, 1e-30])
def test_points_that_all_agree_make_a_picture(tmp_path, dtype, value):
    """The margin is neither lost to rounding nor left to matplotlib, which would warn; warnings are errors here."""
    points = np.full((5, 2), value, dtype)
    low, high = frame(points)
    assert (low < points.min(axis=0)).all() and (points.max(axis=0) < high).all()
    save_points(points, tmp_path / "a.png", reference=points)
    assert ink(tmp_path / "a.png") > 0


@pytest.mark.parametrize("shape", [(5,), (5, 3), (0, 2)])
def test_other_clouds_are_refused(tmp_path, shape):
    with pytest.raises(ShapeError, match="samples got shape"):
        save_points(np.zeros(shape), tmp_path / "a.png")


def test_outlines_of_both_forms_make_the_same_picture(tmp_path):
    t = 2 * np.pi * np.arange(32) / 32
    circles = np.stack([np.cos(t), np.sin(t)], axis=-1)[None] * np.linspace(0.4, 0.9, 5)[:, None, None]
    save_outlines(circles, tmp_path / "a.png")
    save_outlines(circles.reshape(5, -1), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    save_outlines(circles, tmp_path / "c.png", 2, ["circle"] * 5, np.array([True, True, False, True, True]))
    with Image.open(tmp_path / "c.png") as picture:
        r, _, b = np.asarray(picture.convert("RGB")).astype(int).reshape(-1, 3).T
    assert ((r - b) > 80).any() and ((b - r) > 80).any()  # the one that fails is red, the others blue


@pytest.mark.parametrize("shape", [(5, 7), (5, 4, 3), (0, 8)])
def test_other_outlines_are_refused(tmp_path, shape):
    with pytest.raises(ShapeError, match="outlines got shape"):
        save_outlines(np.zeros(shape), tmp_path / "a.png")
