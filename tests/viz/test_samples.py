"""Every kind of data gets its picture, and what has none gets no file."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from minigen.errors import ShapeError
from minigen.viz import save_grid, save_outlines, save_points, save_samples

CLOUD = np.random.default_rng(0).uniform(-1, 1, (70, 2))
CIRCLE = np.stack([np.cos(np.arange(8)), np.sin(np.arange(8))], axis=1).reshape(1, 16)


@pytest.mark.parametrize(
    ("kind", "samples", "save"),
    [
        ("images", np.random.default_rng(0).random((5, 4, 4, 1)), save_grid),
        ("points", CLOUD, save_points),
        ("outlines", CIRCLE.repeat(3, axis=0), save_outlines),
        ("outlines", np.zeros((2, 2)), save_outlines),  # one point each: the kind decides, not the shape
    ],
)
def test_each_kind_has_its_picture(tmp_path, kind, samples, save):
    assert save_samples(samples, tmp_path / "a.png", kind) is True
    save(samples, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_reference_stands_beside_a_cloud_only(tmp_path):
    save_samples(CLOUD, tmp_path / "points.png", "points", reference=CLOUD)
    save_samples(CIRCLE, tmp_path / "outlines.png", "outlines", reference=CIRCLE)
    save_outlines(CIRCLE, tmp_path / "alone.png")
    with Image.open(tmp_path / "points.png") as picture:
        assert picture.width > 1.5 * picture.height
    assert (tmp_path / "outlines.png").read_bytes() == (tmp_path / "alone.png").read_bytes()


@pytest.mark.parametrize("dimensions", [1, 3, 6, 128])
def test_points_of_other_dimensions_have_no_picture(tmp_path, dimensions):
    assert save_samples(np.zeros((5, dimensions)), tmp_path / "a.png", "points") is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("kind", "shape"), [("images", (5, 2)), ("outlines", (5, 7))])
def test_samples_of_another_kind_are_refused(tmp_path, kind, shape):
    with pytest.raises(ShapeError):
        save_samples(np.zeros(shape), tmp_path / "a.png", kind)


def test_images_do_not_wait_for_matplotlib(tmp_path):
    code = (
        "import sys, numpy as np; from minigen.viz import save_samples;"
        f"save_samples(np.zeros((2, 4, 4, 1)), {str(tmp_path / 'a.png')!r}, 'images');"
        "print('matplotlib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
