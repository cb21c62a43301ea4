"""A warped grid: straight lines before the first layer, a picture for each layer after."""

import numpy as np
import pytest
from PIL import Image

from minigen.errors import ShapeError
from minigen.viz import lines, save_warp
from minigen.viz.warp import BETWEEN


def test_the_grid_is_straight_lines_both_ways():
    grid = lines(extent=2.0, count=5, points=7)
    assert grid.shape == (10, 7, 2)
    assert np.ptp(grid[:5, :, 1], axis=1).max() == 0 and np.ptp(grid[5:, :, 0], axis=1).max() == 0
    assert grid.min() == -2 and grid.max() == 2
    np.testing.assert_allclose(np.unique(grid[:5, :, 1]), np.linspace(-2, 2, 5))


@pytest.fixture(scope="module")
def layers():
    grid = lines(count=5, points=9)
    bent = grid.copy()
    bent[..., 1] += np.sin(bent[..., 0])
    return np.stack([grid, bent, 2 * bent])


def test_each_layer_moves_the_lines(layers, tmp_path):
    samples = np.random.default_rng(0).standard_normal((3, 40, 2))
    save_warp(layers, tmp_path / "a.gif", samples)
    save_warp(layers, tmp_path / "b.gif", samples)
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 2 * BETWEEN + 1
        frames = []
        for k in (0, BETWEEN, 2 * BETWEEN):
            gif.seek(k)
            frames.append(np.asarray(gif.convert("L")).astype(int))
    assert np.abs(frames[0] - frames[1]).mean() > 1 and np.abs(frames[1] - frames[2]).mean() > 1


def test_a_strip_shows_the_layers_side_by_side(layers, tmp_path):
    save_warp(layers, tmp_path / "a.png")
    save_warp(layers[:1], tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as three, Image.open(tmp_path / "b.png") as one:
        assert three.width == 3 * one.width and three.height == one.height


@pytest.mark.parametrize("shape", [(3, 5, 2), (3, 5, 9, 3), (0, 5, 9, 2)])
def test_other_shapes_are_refused(shape, tmp_path):
    with pytest.raises(ShapeError, match="warped grid"):
        save_warp(np.zeros(shape), tmp_path / "a.png")


def test_samples_go_through_as_many_layers(layers, tmp_path):
    with pytest.raises(ShapeError, match="3 layers of a grid came with 2 of samples"):
        save_warp(layers, tmp_path / "a.png", np.zeros((2, 5, 2)))
