"""Curves of bias: a PNG for whatever is given, with an axis that fits."""

import numpy as np
import pytest
from PIL import Image

from minigen.errors import ShapeError, UserError
from minigen.viz import save_bias


@pytest.mark.parametrize("shift", [1.0, 0.0])
def test_curves_become_a_picture(tmp_path, shift):
    values = np.random.default_rng(0).normal(size=(3, 4)) * 0.1 + shift
    ragged = [values[0], values[1, :3], values[2, :1]]
    save_bias({"a": {"one": values, "two": values + 1}, "b": {"one": ragged}}, (50, 100, 1000), tmp_path / "x.png")
    image = np.asarray(Image.open(tmp_path / "x.png").convert("RGB"))
    assert image.shape[1] > image.shape[0] > 300
    blue = (np.abs(image.astype(int) - (0, 114, 178)) < 12).all(-1)
    assert blue[:, : image.shape[1] // 2].any() and blue[:, image.shape[1] // 2 :].any()


def test_bad_input_is_named(tmp_path):
    with pytest.raises(ShapeError, match="a, one: got values at 3 sizes; wanted 2"):
        save_bias({"a": {"one": np.ones((3, 4))}}, (50, 100), tmp_path / "x.png")
    for nothing in ({}, {"a": {}}):
        with pytest.raises(UserError, match="no curves"):
            save_bias(nothing, (50,), tmp_path / "x.png")
