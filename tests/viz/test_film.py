"""Frames become pictures: as many as asked for, in order, each showing its own data."""

import numpy as np
import pytest

from minigen.errors import ShapeError, UserError
from minigen.viz.film import directions, film, thin
from minigen.viz.grid import grid

RNG = np.random.default_rng(0)
FRAMES = {
    "images": RNG.random((3, 5, 4, 4, 1)),
    "points": RNG.standard_normal((3, 50, 2)),
    "outlines": RNG.uniform(-1, 1, (3, 4, 16)),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_there_is_one_picture_for_each_frame_and_they_differ(kind):
    pictures = list(film({"x_t": FRAMES[kind]}, kind))
    assert len(pictures) == 3
    assert all(p.dtype == np.uint8 and p.shape == pictures[0].shape and p.shape[2] == 3 for p in pictures)
    assert (pictures[0] != pictures[1]).any() and (pictures[1] != pictures[2]).any()
    again = list(film({"x_t": FRAMES[kind]}, kind))
    assert all((a == b).all() for a, b in zip(pictures, again, strict=True))


@pytest.mark.parametrize("kind", FRAMES)
def test_two_arrays_stand_side_by_side(kind):
    one, two = FRAMES[kind], FRAMES[kind][::-1]
    frame = RNG.standard_normal((9, 2))  # else the last frames of both set the axes
    both = next(film({"x_t": one, "x_0": two}, kind, frame))
    alone = next(film({"x_t": one, "x_0": one}, kind, frame))
    half = both.shape[1] // 2
    assert (both[:, : half - 8] == alone[:, : half - 8]).all()
    assert (both[:, half:] != alone[:, half:]).any()


def test_images_are_those_of_the_grid():
    picture = next(film({"x_t": FRAMES["images"]}, "images"))
    sheet = grid(FRAMES["images"][0])
    np.testing.assert_array_equal(picture, sheet.repeat(3, axis=2))


def test_points_that_are_not_finite_are_left_out():
    frames = FRAMES["points"].copy()
    frames[1, 3] = np.nan
    frames[0, 2] = np.inf
    assert len(list(film({"x_t": frames}, "points"))) == 3


def test_points_of_other_dimensions_have_no_picture():
    assert film({"x_t": np.zeros((3, 5, 4))}, "points") is None


@pytest.mark.parametrize(
    "panels",
    [
        {},
        {"x_t": np.zeros((3, 5, 8))},
        {"x_t": np.zeros((0, 5, 8, 8, 1))},
        {"x_t": np.zeros((3, 5, 8, 8, 1)), "x_0": np.zeros((2, 5, 8, 8, 1))},
    ],
)
def test_other_shapes_are_refused(panels):
    with pytest.raises(ShapeError, match="frames of images"):
        film(panels, "images")


@pytest.mark.parametrize(("count", "most"), [(1, 5), (5, 5), (1000, 60), (7, 2)])
def test_thinning_keeps_the_ends_and_the_order(count, most):
    kept = thin({"x": np.arange(count)}, most)["x"]
    assert len(kept) == min(count, most)
    assert kept[0] == 0 and kept[-1] == count - 1
    assert (np.diff(kept) > 0).all()


def test_thinning_to_less_than_both_ends_is_refused():
    with pytest.raises(UserError, match="at least 2"):
        thin({"x": np.arange(9)}, 1)


def test_opposite_directions_have_different_colours():
    colours = directions(np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]]))
    assert colours.min() >= 0 and colours.max() <= 1
    assert np.linalg.norm(colours[0] - colours[1]) > 0.5 and np.linalg.norm(colours[2] - colours[3]) > 0.5
