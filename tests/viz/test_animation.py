"""Animations and strips: the frames are in the file, in order, and the same arrays give the same bytes."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from minigen.errors import ShapeError, UserError
from minigen.viz import save_animation, save_strip
from minigen.viz.animation import COLUMNS, ROWS, write_gif
from minigen.viz.grid import grid

RNG = np.random.default_rng(0)
PANELS = {
    "images": {"x_t": RNG.random((4, 3, 6, 6, 1)), "x_0": RNG.random((4, 3, 6, 6, 1))},
    "points": {"x_t": RNG.standard_normal((4, 30, 2))},
    "outlines": {"x_t": RNG.uniform(-1, 1, (4, 3, 16))},
}


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize(("save", "name"), [(save_animation, "a.gif"), (save_strip, "a.png")])
def test_every_kind_is_drawn_twice_alike(kind, save, name, tmp_path):
    assert save(PANELS[kind], tmp_path / name, kind) is True
    (tmp_path / "again").mkdir()
    save(PANELS[kind], tmp_path / "again" / name, kind)
    assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    with Image.open(tmp_path / name) as picture:
        assert np.asarray(picture.convert("L")).std() > 5


def test_the_gif_shows_the_frames_in_order_for_ever_and_pauses_at_the_end(tmp_path):
    """Black, grey and white squares, told by their level."""
    pictures = [np.full((8, 8, 3), level, np.uint8) for level in (0, 128, 255)]
    write_gif(pictures, tmp_path / "a.gif", duration=70, pause=900)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 3 and gif.info["loop"] == 0
        shown = [(np.asarray(f.convert("L")).mean(), f.info["duration"]) for f in ImageSequence.Iterator(gif)]
    np.testing.assert_allclose(shown, [(0, 70), (128, 70), (255, 900)], atol=2)


def test_a_long_path_is_thinned(tmp_path, monkeypatch):
    monkeypatch.setattr("minigen.viz.animation.FRAMES", 7)
    steps = np.linspace(0, 1, 500).reshape(-1, 1, 1, 1, 1) * np.ones((1, 1, 4, 4, 1))
    save_animation({"x": steps}, tmp_path / "a.gif", "images")
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 7
        gif.seek(6)
        assert np.asarray(gif.convert("L")).max() > 250


def test_a_strip_has_a_row_for_each_sample_and_time_runs_to_the_right(tmp_path):
    frames = RNG.random((4, 3, 6, 6, 1))
    save_strip({"x": frames}, tmp_path / "a.png", "images")
    rows = frames.swapaxes(0, 1).reshape(12, 6, 6, 1)  # sample 0 at all times, then sample 1
    with Image.open(tmp_path / "a.png") as picture:
        scale = picture.width // (4 * 7 + 1)
        np.testing.assert_array_equal(np.asarray(picture.convert("L")), grid(rows, 4, scale=scale)[:, :, 0])


def test_a_strip_shows_a_few_of_many(tmp_path):
    save_strip({"x": RNG.random((40, 30, 4, 4, 1))}, tmp_path / "a.png", "images")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width / picture.height == pytest.approx((5 * COLUMNS + 1) / (5 * ROWS + 1))


@pytest.mark.parametrize(("save", "name"), [(save_animation, "a.gif"), (save_strip, "a.png")])
def test_what_has_no_picture_leaves_no_file(save, name, tmp_path):
    assert save({"x": np.zeros((3, 5, 7))}, tmp_path / name, "points") is False
    with pytest.raises(ShapeError):
        save({"x": np.zeros((3, 5, 7))}, tmp_path / name, "images")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="cannot write"):
        save(PANELS["images"], tmp_path / "missing" / name, "images")


def test_no_pictures_are_no_animation(tmp_path):
    with pytest.raises(UserError, match="no pictures"):
        write_gif([], tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


def test_images_do_not_wait_for_matplotlib(tmp_path):
    code = (
        "import sys, numpy as np; from minigen.viz import save_animation;"
        f"save_animation({{'x': np.zeros((2, 2, 4, 4, 1))}}, {str(tmp_path / 'a.gif')!r}, 'images');"
        "print('matplotlib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
