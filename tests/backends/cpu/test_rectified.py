"""Leaky ReLU's kernel and the reference's are the same choice, so they give the same bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import rectified
from minigen.backends.reference import elementwise as reference

layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])
slopes = st.sampled_from([0.0, 0.2, 1.0])


def check(g, x, slope):
    x.reshape(-1)[:3] = 0.0, -0.0, np.inf
    for name, arrays in (("leaky_relu", (x,)), ("leaky_relu_grad", (g, x))):
        got, expected = (getattr(m, name)(*arrays, slope) for m in (rectified, reference))
        assert got.dtype == x.dtype
        np.testing.assert_array_equal(got, expected)
        out = np.empty(x.shape, x.dtype)
        assert getattr(rectified, name)(*arrays, slope, out=out) is out
        np.testing.assert_array_equal(out, expected)


@given(st.integers(0, 9), layouts, st.sampled_from([np.float32, np.float64]), slopes)
def test_agrees_with_reference(draw_array, seed, layout, dtype, slope):
    check(draw_array((3, 4, 5), seed, dtype, layout), np.array(draw_array((3, 4, 5), seed + 1, dtype, layout)), slope)


def test_large_arrays_and_any_number_of_threads(draw_array, one_and_many_threads):
    g, x = (draw_array((70_001,), seed, np.float32) for seed in range(2))
    check(g, x, 0.2)
    one_and_many_threads(lambda: rectified.leaky_relu_grad(g, x, 0.2))


def test_nan_stays_nan():
    x = np.full(3, np.nan, np.float32)
    assert np.isnan(rectified.leaky_relu(x, 0.2)).all()
