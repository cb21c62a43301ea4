"""The denoiser of points: shapes, its start, its labels, and one time for all."""

import numpy as np
import pytest

from minigen import Tensor
from minigen.errors import UserError
from minigen.models.networks.point_denoiser import PointDenoiser


def make(classes=None, waves=3, trained=True):
    network = PointDenoiser(2, width=10, blocks=2, waves=waves, classes=classes, rng=np.random.default_rng(0))
    if trained:
        network.leave.weight.copy_(np.random.default_rng(1).normal(size=(10, 2)))
    return network.to("float64")


X, T = np.random.default_rng(2).normal(size=(5, 2)), np.linspace(1, 900, 5)


@pytest.mark.parametrize("waves", [0, 3])
def test_it_answers_with_points_and_starts_at_zero(waves):
    assert make(waves=waves)(Tensor(X), T).shape == (5, 2)
    np.testing.assert_array_equal(make(waves=waves, trained=False)(Tensor(X), T).numpy(), 0)
    assert make(waves=waves).enter.weight.shape == (2 * (1 + 2 * waves), 10)


def test_points_do_not_see_each_other_and_may_share_a_time():
    network = make()
    whole = network(Tensor(X), np.full(5, 30.0)).numpy()
    np.testing.assert_allclose(network(Tensor(X), np.full(1, 30.0)).numpy(), whole, rtol=1e-12)
    np.testing.assert_allclose(network(Tensor(X[2:3]), np.full(1, 30.0)).numpy(), whole[2:3], rtol=1e-12)
    assert np.abs(whole - network(Tensor(X), T).numpy()).max() > 1e-3


def test_no_label_is_the_label_beyond_the_last():
    network = make(classes=3)
    untold = network(Tensor(X), T).numpy()
    np.testing.assert_allclose(network(Tensor(X), T, np.full(5, 3)).numpy(), untold, rtol=1e-12)
    assert np.abs(network(Tensor(X), T, np.zeros(5, int)).numpy() - untold).max() > 1e-3
    with pytest.raises(UserError, match="takes no labels"):
        make()(Tensor(X), T, np.zeros(5, int))
