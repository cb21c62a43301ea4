"""Softmax and its gradient against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import reduce
from minigen.backends.reference import reduce as reference

shapes = st.sampled_from([(3, 1), (2, 5, 7), (1, 64, 64), (70, 33), (0, 3), (3, 0)])
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])


def check(g, x, axis):
    wide = x.astype(np.float64)
    y = reduce.softmax(x, axis)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(y, reference.softmax(wide, axis), rtol=2e-6, atol=1e-37)
    exact = reference.softmax_grad(g.astype(np.float64), y.astype(np.float64), axis)
    np.testing.assert_allclose(reduce.softmax_grad(g, y, axis), exact, rtol=1e-4, atol=2e-6)


@given(shapes, st.integers(0, 99), layouts, st.sampled_from([1.0, 30.0]), st.integers(-1, 1))
def test_agrees_with_reference(draw_array, shape, seed, layout, spread, axis):
    x = draw_array(shape, seed, np.float32, layout) * np.float32(spread)
    if x.size:
        check(draw_array(shape, seed + 1, np.float32, layout), x, axis)
    else:
        assert reduce.softmax(x, axis).shape == shape


def test_does_not_depend_on_the_number_of_threads(draw_array, one_and_many_threads):
    g, x = (draw_array((4096, 64), seed, np.float32) for seed in range(2))
    check(g, x, -1)
    one_and_many_threads(lambda: reduce.softmax(x, -1))
    one_and_many_threads(lambda: reduce.softmax_grad(g, x, -1))


@np.errstate(invalid="ignore")  # plain Python says that ∞ − ∞ is NaN; compiled code does not
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_spoil_their_row_only(draw_array, value):
    x = draw_array((3, 40), 0, np.float32)
    for j in (0, 39):
        spoilt = x.copy()
        spoilt[1, j] = value
        y = reduce.softmax(spoilt, 1)
        assert np.isnan(y[1]).any() and np.isfinite(y[[0, 2]]).all()
        if np.isnan(value):
            assert np.isnan(y[1]).all()


@np.errstate(invalid="ignore", over="ignore")
def test_minus_infinity_has_no_share():
    x = np.array([[-np.inf, 0, 1], [3e38, -3e38, 0]], np.float32)
    np.testing.assert_allclose(
        reduce.softmax(x, 1), [[0, 1 / (1 + np.e), np.e / (1 + np.e)], [1, 0, 0]], rtol=1e-6, atol=1e-37
    )
