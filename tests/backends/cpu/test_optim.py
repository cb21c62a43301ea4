"""The cpu kernels beside the reference; the laws of the update rules are in reference/test_optim.py, for both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import optim
from minigen.backends.reference import optim as reference

sizes = st.sampled_from([0, 1, 7, 33, 256, 300, 4097])
dtypes = st.sampled_from([np.float32, np.float64])
rates = st.sampled_from([0.0, 0.1])


def draw(size, dtype, count=4):
    return np.random.default_rng(size).normal(size=(count, size)).astype(dtype)


def assert_agrees(got, expected):
    tolerance = 8 * np.finfo(expected.dtype).eps
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@given(sizes, dtypes, rates, rates, st.integers(1, 50))
def test_adam(size, dtype, l2, decay, step):
    state = draw(size, dtype)
    state[3] **= 2
    expected = state.copy()
    optim.adam_step(*state, step, 1e-2, 0.9, 0.999, 1e-8, l2, decay)
    reference.adam_step(*expected, step, 1e-2, 0.9, 0.999, 1e-8, l2, decay)
    assert_agrees(state, expected)


@given(sizes, dtypes, st.sampled_from([0.0, 0.9]), rates, rates, st.booleans(), st.booleans())
def test_sgd(size, dtype, momentum, dampening, l2, nesterov, first):
    state = draw(size, dtype, 3)
    expected = state.copy()
    optim.sgd_step(*state, 1e-2, momentum, dampening, l2, nesterov, first)
    reference.sgd_step(*expected, 1e-2, momentum, dampening, l2, nesterov, first)
    assert_agrees(state, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_claiming_leaves_the_bits_of_parameters(dtype, guarded):
    """Zero is taken from one number of each line: −0, infinities and NaN stay as they are, and nothing else is met."""
    block = optim.LINES * optim.LINE // np.dtype(dtype).itemsize
    values = np.array([-0.0, 0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).tiny / 4, -1.5], dtype)
    before = np.resize(values, 3 * block + 5)
    param = guarded(before)
    for start in (0, 1, block, 2 * block + 5, 2 * block + 6, 3 * block):
        optim._claim(param, start, param.size, dtype(0))
    np.testing.assert_array_equal(param.view(f"u{param.itemsize}"), before.view(f"u{param.itemsize}"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_of_each_line_is_claimed(dtype):
    """As a subtraction of one shows; of a block that would reach beyond the end, none."""
    step = optim.LINE // np.dtype(dtype).itemsize
    block = optim.LINES * step
    for start, claimed in ((3, range(3, 3 + block, step)), (block, ())):
        param, expected = np.zeros(2 * block - 1, dtype), np.zeros(2 * block - 1, dtype)
        optim._claim(param, start, param.size, dtype(1))
        expected[list(claimed)] = -1
        np.testing.assert_array_equal(param, expected)


@given(sizes, dtypes)
def test_lerp_and_squared_norm(size, dtype):
    average, x = draw(size, dtype, 2)
    expected = average.copy()
    optim.lerp_(average, x, 0.01)
    reference.lerp_(expected, x, 0.01)
    assert_agrees(average, expected)
    assert optim.squared_norm(x) == pytest.approx(reference.squared_norm(x), rel=1e-13)


@pytest.mark.parametrize("size", [5000, 200_001])
def test_does_not_depend_on_the_number_of_threads(one_and_many_threads, size):
    start = draw(size, np.float32)
    start[3] **= 2

    def step():
        state = start.copy()
        optim.adam_step(*state, 3, 1e-2, 0.9, 0.999, 1e-8, 0.1, 0.1)
        optim.sgd_step(*state[:3], 1e-2, 0.9, 0.0, 0.0, True, False)
        optim.lerp_(state[3], state[0], 0.1)
        return state, np.array(optim.squared_norm(state[0]))

    one_and_many_threads(step)


def test_strided_buffers_go_to_the_reference():
    state = draw(20, np.float32)[:, ::2]
    state[3] **= 2
    expected = state.copy()
    optim.adam_step(*state, 3, 1e-2, 0.9, 0.999, 1e-8, 0.0, 0.0)
    reference.adam_step(*expected, 3, 1e-2, 0.9, 0.999, 1e-8, 0.0, 0.0)
    np.testing.assert_array_equal(state, expected)
    assert optim.squared_norm(state[0]) == reference.squared_norm(state[0])
