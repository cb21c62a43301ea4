"""Training curves: the right numbers in the right panels, drawn without global state."""

import math
import sys

import numpy as np
import pytest
from PIL import Image

from minigen.errors import UserError
from minigen.viz.curves import gather, save_curves

HISTORY = [
    {"step": 10, "loss": 3.0, "kl": 1, "seconds": 0.5, "note": "start"},
    {"step": 20, "loss": math.nan, "kl": 2, "finished": True},
    {"step": 20, "validation/loss": np.float32(2.5), "validation/seconds": 9.0},
    {"step": 30, "loss": 1.0},
]


def test_quantities_share_a_panel_with_their_other_splits():
    got = gather(HISTORY)
    assert list(got) == ["loss", "kl"]
    steps, values = got["loss"]["training"]
    assert steps == [10, 20, 30]
    np.testing.assert_array_equal(values, [3, math.nan, 1])
    assert got["loss"]["validation"] == ([20], [2.5])
    assert got["kl"] == {"training": ([10, 20], [1, 2])}


def test_keys_choose_and_order():
    assert list(gather(HISTORY, ["kl", "loss", "absent"])) == ["kl", "loss"]


def test_records_without_a_step_are_counted():
    assert gather([{"loss": 1.0}, {"loss": 2.0}]) == {"loss": {"training": ([0, 1], [1.0, 2.0])}}


@pytest.mark.parametrize("quantities", [1, 2, 7])
def test_a_picture_is_written(tmp_path, quantities):
    history = [{"step": k, **{f"q{j}": math.sin(k + j) for j in range(quantities)}} for k in range(50)]
    save_curves(history, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 300 * min(3, quantities)
        assert np.asarray(picture.convert("L")).std() > 5
    assert "matplotlib.pyplot" not in sys.modules


def test_values_that_are_all_missing_still_make_a_picture(tmp_path):
    save_curves([{"step": 0, "loss": math.nan}, {"step": 1, "loss": math.inf}], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 0


@pytest.mark.parametrize("history", [[], [{"step": 1, "seconds": 2.0}], [{"note": "hello"}]])
def test_nothing_to_draw_is_said(tmp_path, history):
    with pytest.raises(UserError, match="no quantity to draw"):
        save_curves(history, tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def test_an_unwritable_place_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        save_curves(HISTORY, tmp_path / "missing" / "curves.png")
