"""The health panel: the right numbers in the right panels."""

import math
import sys

import numpy as np
import pytest
from PIL import Image

from minigen.errors import UserError
from minigen.viz import save_health
from minigen.viz.health import PANELS, gather

CURVES = PANELS["losses"]


def history(n=40):
    names = [name for curves in PANELS.values() for name in curves.values()]
    return [
        {"step": 50 * k, **{name: 0.5 + 0.3 * math.sin(k / 5 + j) for j, name in enumerate(names)}} for k in range(n)
    ]


def test_only_finite_numbers_are_gathered():
    lines = [
        {"step": 1, "discriminator/loss": 2.0},
        {"step": 2, "discriminator/loss": math.nan, "generator/loss": True},
        {"discriminator/loss": np.float32(0.5)},
    ]
    assert gather(lines, CURVES) == {"discriminator": ([1, 2], [2.0, 0.5])}
    assert gather([], CURVES) == {}


def test_a_picture_is_written(tmp_path):
    save_health(history(), tmp_path / "health.png")
    with Image.open(tmp_path / "health.png") as picture:
        assert picture.width > 900
        assert np.asarray(picture.convert("L")).std() > 5
        tall = picture.height
    assert "matplotlib.pyplot" not in sys.modules
    ill = history()
    ill[7]["alarms"] = ["the discriminator wins"]
    save_health(ill, tmp_path / "ill.png")
    with Image.open(tmp_path / "ill.png") as picture:
        assert picture.height > tall


@pytest.mark.parametrize("values", [(0.0, 1.0), (1e-3, 1.0), (-2.0, 1.0), (0.0,)])
def test_numbers_that_no_logarithm_takes_are_drawn_plain(tmp_path, values):
    save_health([{"generator/gradient_norm": value} for value in values], tmp_path / "health.png")
    assert (tmp_path / "health.png").stat().st_size > 0


@pytest.mark.parametrize("lines", [[], [{"step": 1, "loss": 2.0}]])
def test_nothing_to_draw_is_said(tmp_path, lines):
    with pytest.raises(UserError, match="without a number of a discriminator"):
        save_health(lines, tmp_path / "health.png")
    assert not (tmp_path / "health.png").exists()


def test_an_unwritable_place_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        save_health(history(), tmp_path / "missing" / "health.png")
