"""Grids: every image is where it should be, pixel by pixel."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from minigen.errors import ShapeError, UserError
from minigen.viz.grid import PAPER, grid, save_grid

small = st.integers(1, 5)


@given(st.integers(1, 12), small, small, st.sampled_from([1, 3]), st.integers(1, 12), st.integers(0, 3), small)
def test_every_image_is_in_its_place(n, h, w, c, columns, pad, scale):
    x = np.random.default_rng(n).integers(0, 256, (n, h, w, c))
    sheet = grid(x / 255, columns, pad, scale)
    columns = min(columns, n)
    rows = -(-n // columns)
    assert sheet.dtype == np.uint8
    assert sheet.shape == ((rows * (h + pad) + pad) * scale, (columns * (w + pad) + pad) * scale, c)
    coarse = sheet[::scale, ::scale]
    paper = np.ones(coarse.shape[:2], bool)
    for k in range(n):
        top, left = pad + k // columns * (h + pad), pad + k % columns * (w + pad)
        np.testing.assert_array_equal(coarse[top : top + h, left : left + w], x[k])
        paper[top : top + h, left : left + w] = False
    assert (coarse[paper] == PAPER).all()


def test_small_images_are_enlarged_and_large_ones_left():
    assert 600 < grid(np.zeros((64, 8, 8, 1))).shape[1] < 1000
    assert 600 < grid(np.zeros((1, 8, 8, 1))).shape[1] < 1000
    assert grid(np.zeros((4, 600, 600, 1)), pad=0).shape == (1200, 1200, 1)


def test_values_outside_the_range_are_clipped_and_nan_is_black():
    x = np.array([-1.0, 2.0, np.nan, np.inf]).reshape(1, 1, 4, 1)
    np.testing.assert_array_equal(grid(x, pad=0, scale=1)[0, :, 0], [0, 255, 0, 255])


@pytest.mark.parametrize("channels", [1, 3])
def test_the_png_holds_the_sheet(tmp_path, channels):
    x = np.random.default_rng(0).random((5, 4, 4, channels)).astype(np.float32)
    save_grid(x, tmp_path / "grid.png", columns=3, scale=2)
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.format == "PNG" and picture.mode == ("L" if channels == 1 else "RGB")
        read = np.asarray(picture).reshape(grid(x, 3, 1, 2).shape)
    np.testing.assert_array_equal(read, grid(x, 3, 1, 2))


@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 8, 8, 2), (0, 8, 8, 1), (4, 0, 8, 1)])
def test_other_shapes_are_refused(tmp_path, shape):
    with pytest.raises(ShapeError, match="a grid got images of shape"):
        save_grid(np.zeros(shape), tmp_path / "grid.png")


@pytest.mark.parametrize("options", [{"columns": 0}, {"pad": -1}, {"scale": 0}])
def test_impossible_layouts_are_refused(options):
    with pytest.raises(UserError, match="a grid got"):
        grid(np.zeros((4, 8, 8, 1)), **options)


def test_a_grid_does_not_wait_for_matplotlib():
    code = "import sys, minigen.viz; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
