"""Initialisers: fans, moments and bounds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.core.nn import init
from minigen.errors import UserError

SHAPE = (3, 3, 40, 60)  # fan_in 360, fan_out 540


def rng():
    return np.random.default_rng(0)


def test_fans_are_channels_last():
    assert init.calculate_fan((7, 5)) == (7, 5)
    assert init.calculate_fan(SHAPE) == (360, 540)
    with pytest.raises(UserError, match="two axes"):
        init.calculate_fan((3,))


@pytest.mark.parametrize(
    "draw, variance",
    [
        (lambda s: init.kaiming_uniform(s, rng()), 2 / 360),
        (lambda s: init.kaiming_uniform(s, rng(), a=math.sqrt(5), mode="fan_out"), 1 / 3 / 540),
        (lambda s: init.kaiming_normal(s, rng(), nonlinearity="relu"), 2 / 360),
        (lambda s: init.xavier_uniform(s, rng(), gain=3.0), 9 * 2 / 900),
        (lambda s: init.xavier_normal(s, rng()), 2 / 900),
        (lambda s: init.normal(s, rng(), std=0.02), 0.0004),
        (lambda s: init.uniform(s, rng(), -1, 1), 1 / 3),
        (lambda s: init.trunc_normal(s, rng(), low=-1.0, high=1.0), 0.2911),
    ],
)
def test_mean_and_variance(draw, variance):
    w = draw(SHAPE)
    assert w.shape == SHAPE and w.dtype == np.float32
    assert abs(w.mean()) < 5 * math.sqrt(variance / w.size)
    assert w.var() == pytest.approx(variance, rel=0.04)


@given(st.sampled_from([(6, 4), (4, 6), (3, 3, 2, 5), (5, 5)]), st.floats(0.5, 2))
def test_orthogonal_has_orthonormal_rows_or_columns(shape, gain):
    w = init.orthogonal(shape, rng(), gain, np.float64).reshape(-1, shape[-1])
    w = w if w.shape[0] >= w.shape[1] else w.T
    np.testing.assert_allclose(w.T @ w, gain**2 * np.eye(w.shape[1]), atol=1e-12)


def test_constants_and_bounds():
    assert (init.zeros(3) == 0).all() and (init.ones(3) == 1).all() and (init.constant(3, 4.5) == 4.5).all()
    assert np.abs(init.trunc_normal(10_000, rng(), std=3.0)).max() <= 2
    bound = math.sqrt(6 / 900)
    assert 0.99 * bound < np.abs(init.xavier_uniform(SHAPE, rng())).max() <= bound


def test_bad_arguments_are_refused():
    with pytest.raises(UserError, match="fan_in"):
        init.kaiming_normal((2, 2), rng(), mode="fan")
    with pytest.raises(UserError, match="unknown nonlinearity"):
        init.kaiming_normal((2, 2), rng(), nonlinearity="sine")
    with pytest.raises(UserError, match="widen"):
        init.trunc_normal((2, 2), rng(), low=50, high=60)
