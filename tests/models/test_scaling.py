"""Scaling goes there and back, and says by how much it stretches."""

import numpy as np
import pytest

from minigen import data
from minigen.models import DataSpec
from minigen.models.scaling import Scaling


def test_points_get_mean_zero_and_deviation_one():
    points = data.load("25gaussians")
    scaling = Scaling(DataSpec((2,)))
    scaling.fit(data.in_order(points.train, 1000))
    y = scaling(points.train.x).numpy().astype(np.float64)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-4)
    assert y.std(0).mean() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(scaling.inverse(y.astype(np.float32)), points.train.x, atol=1e-5)


def test_proportions_are_kept():
    x = np.random.default_rng(0).standard_normal((500, 2)).astype(np.float32) * [4, 1]
    scaling = Scaling(DataSpec((2,)))
    scaling.fit(data.in_order(data.dataset.Split(x.astype(np.float32)), 100))
    y = scaling(x.astype(np.float32)).numpy()
    assert np.ptp(y[:, 0]) / np.ptp(y[:, 1]) == pytest.approx(np.ptp(x[:, 0]) / np.ptp(x[:, 1]), rel=1e-5)


def test_log_det_is_that_of_the_jacobian():
    scaling = Scaling(DataSpec((3,))).to("float64")
    scaling.scale.copy_(np.array([2.5]))
    step = scaling(np.ones((1, 3))).numpy() - scaling(np.zeros((1, 3))).numpy()
    assert scaling.log_det == pytest.approx(np.log(step).sum())


def test_images_are_between_minus_one_and_one_without_a_look_and_come_back_clipped():
    scaling = Scaling(DataSpec((2, 2, 1), 17))
    scaling.fit(iter(()))
    x = np.linspace(0, 1, 4, dtype=np.float32).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(scaling(x).numpy().ravel(), np.linspace(-1, 1, 4), atol=1e-6)
    np.testing.assert_array_equal(scaling.inverse(np.full((1, 2, 2, 1), 3, np.float32)), 1)
