"""Schedules: end points, monotony, and PyTorch's trajectories."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.core.optim import Constant, Cosine, Exponential, LinearWarmup, Step
from minigen.errors import UserError


@given(st.floats(1e-6, 1), st.integers(1, 50), st.integers(1, 200))
def test_warm_up_rises_evenly_to_what_follows(lr, warmup, steps):
    schedule = LinearWarmup(warmup, Cosine(lr, steps))
    rates = [schedule(t) for t in range(warmup + steps + 3)]
    assert rates[warmup - 1] == pytest.approx(lr) and rates[warmup] == pytest.approx(lr)
    np.testing.assert_allclose(np.diff([0, *rates[:warmup]]), lr / warmup, rtol=1e-6)
    assert all(b <= a + 1e-15 for a, b in zip(rates[warmup:], rates[warmup + 1 :], strict=False))
    assert rates[-1] == pytest.approx(0, abs=1e-15)
    assert LinearWarmup(warmup, lr)(10**6) == Constant(lr)(3) == lr


def test_schedules_nest():
    assert LinearWarmup(2, LinearWarmup(2, 1.0))(0) == 0.25


@pytest.mark.parametrize(
    "build",
    [
        lambda: Constant(-1.0),
        lambda: Cosine(0.1, 0),
        lambda: Cosine(0.1, 2.5),
        lambda: Cosine(0.1, 5, -0.1),
        lambda: Step(0.1, 0),
        lambda: Exponential(0.1, float("nan")),
        lambda: LinearWarmup(0, 0.1),
    ],
)
def test_bad_arguments_are_refused(build):
    with pytest.raises(UserError, match="must be"):
        build()
