"""Errors in units of the last place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.testing.comparison import ulps


@given(st.integers(0, 2**31), st.integers(-9, 9), st.sampled_from([np.float32, np.float64]))
def test_steps_of_the_largest_number_are_counted(seed, steps, dtype):
    x = np.random.default_rng(seed).uniform(1, 2, size=7).astype(dtype)
    i = x.argmax()
    x[i] = 1.5  # away from the powers of 2, where the step changes
    x = np.minimum(x, x[i])
    y = x.copy()
    y[i] += steps * np.finfo(dtype).eps
    assert ulps(y, x) == abs(steps)


def test_small_numbers_are_held_to_the_scale_of_1():
    assert ulps(np.array([1e-9], np.float32), np.array([2e-9], np.float32)) < 0.1


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ([np.inf, 1.0], [np.inf, 1.0], 0.0),
        ([np.nan], [np.nan], 0.0),
        ([np.nan], [1.0], np.inf),
        ([1.0], [-np.inf], np.inf),
        ([1.0, 2.0], [1.0], np.inf),
        ([1, 2], [1, 2], 0.0),
        ([1, 2], [1, 3], np.inf),
        ([1], [1.0], np.inf),
        (np.zeros(0), np.zeros(0), 0.0),
    ],
)
def test_special_values(a, b, distance):
    assert ulps(np.array(a), np.array(b)) == distance
