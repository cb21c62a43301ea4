import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import random
from minigen.backends.reference import random as reference

words = st.integers(0, 2**64 - 1)
dtypes = st.sampled_from([np.float32, np.float64])


@given(words, words, st.integers(0, 2**60), st.integers(0, 70))
def test_bits_are_those_of_the_reference(key, step, start, count):
    got = random.philox_bits(key, step, start, count)
    np.testing.assert_array_equal(got, reference.philox_bits(key, step, start, count), strict=True)


@given(words, words, st.integers(0, 2**60), st.integers(0, 70), dtypes)
def test_numbers_are_those_of_the_reference_to_the_bit(key, step, start, count, dtype):
    for name in ("philox_uniform", "philox_normal"):
        got = getattr(random, name)(key, step, start, count, dtype)
        np.testing.assert_array_equal(got, getattr(reference, name)(key, step, start, count, dtype), strict=True)


@pytest.mark.needs_jit
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["philox_uniform", "philox_normal"])
def test_a_million_are_the_same_bits_on_any_number_of_threads(one_and_many_threads, name, dtype):
    draw = getattr(random, name)
    one_and_many_threads(lambda: draw(5, 6, 3, 1_000_001, dtype))
    np.testing.assert_array_equal(draw(5, 6, 3, 1_000_001, dtype), getattr(reference, name)(5, 6, 3, 1_000_001, dtype))


@given(st.integers(0, 9), st.integers(0, 9), dtypes, st.sampled_from([1, 2]))
def test_results_are_written_to_out(start, count, dtype, stride):
    for draw in (random.philox_uniform, random.philox_normal):
        out = np.empty(stride * count, dtype)[::stride]
        assert draw(1, 2, start, count, dtype, out=out) is out
        np.testing.assert_array_equal(out, draw(1, 2, start, count, dtype))
