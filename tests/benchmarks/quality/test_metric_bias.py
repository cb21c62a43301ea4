"""The bias over n: both measures, both sets, and a figure."""

import json

import numpy as np
import pytest

from benchmarks.quality import metric_bias
from minigen.errors import UserError


def test_it_falls_for_one_measure_and_not_for_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(metric_bias, "RESULTS", tmp_path)
    found = metric_bias.run("digits", repeats=4, steps=30)
    assert found["sizes"] == [50, 100, 200, 400] and (tmp_path / found["figure"]).exists()
    frechet, kid = (found["curves"][name]["training images"] for name in ("Fréchet distance", "KID"))
    assert frechet["mean"][0] > 2 * frechet["mean"][-1] and frechet["draws"] == [32, 16, 8, 4]
    assert abs(kid["mean"][0]) < 4 * kid["standard_error"][0]
    assert found["curves"]["KID"]["blurred ones"]["mean"][-1] > 0
    json.dumps(found)


def test_blurring_keeps_the_grid_and_the_brightness():
    x = np.random.default_rng(0).integers(17, size=(40, 8, 8, 1)) / 16
    y = metric_bias.blurred(x, 17)
    assert np.allclose(y * 16, np.rint(y * 16)) and y.std() < x.std()
    assert y.mean() == pytest.approx(x.mean(), abs=0.01)


def test_numbers_are_checked():
    with pytest.raises(UserError, match="repeats is 0"):
        metric_bias.run("digits", repeats=0)
