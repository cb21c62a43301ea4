"""Laws of the time embedding: unit circles, and an angle that turns at a constant speed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import tensor
from minigen.errors import UserError
from minigen.models.networks import TimeEmbedding
from minigen.models.networks.time_embedding import sinusoidal


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=5), st.floats(0, 1000), st.integers(1, 20))
def test_each_pair_is_an_angle_that_turns_with_time(times, later, half):
    def turned(t):
        waves = sinusoidal(t, 2 * half)
        return waves[:, half:] + 1j * waves[:, :half]

    start, there = turned(times), turned(np.add(times, later))
    np.testing.assert_allclose(np.abs(start), 1)
    np.testing.assert_allclose(there, start * turned([later]), atol=1e-9)  # e^{iω(t + s)} = e^{iωt} e^{iωs}


def test_the_speeds_fall_from_1_to_a_ten_thousandth():
    angles = np.arctan2(sinusoidal([1e-3], 32)[0, :16], sinusoidal([1e-3], 32)[0, 16:]) / 1e-3
    np.testing.assert_allclose(angles, 10_000.0 ** (-np.arange(16) / 16))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_follows_its_dtype_and_takes_arrays_and_tensors(dtype):
    embedding = TimeEmbedding(8, 5, rng=np.random.default_rng(0)).to(dtype)
    times = np.array([0.0, 999.0], dtype)
    told = embedding(times)
    assert (told.shape, told.dtype) == ((2, 5), dtype)
    np.testing.assert_array_equal(told.numpy(), embedding(tensor(times)).numpy())


@pytest.mark.parametrize("features", [0, 1, 7])
def test_features_come_in_pairs(features):
    with pytest.raises(UserError, match="pairs"):
        TimeEmbedding(features, 5, rng=np.random.default_rng(0))
