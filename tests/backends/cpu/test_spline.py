import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import spline
from minigen.backends.reference import spline as reference

BOUND, EPS = 2.0, 2.0**-23
sizes = st.sampled_from([0, 1, 63, 64, 65, 2 * spline.CHUNK + 1])


@given(st.integers(0, 2**32 - 1), sizes, st.integers(2, 40))
def test_the_error_is_that_of_a_rounded_x(seed, n, bins):
    """A few roundings of x within ±B, times the slope of y, or of log dy/dx, which steep bins make large."""
    rng = np.random.default_rng(seed)
    x, parameters = rng.normal(size=n), rng.normal(size=(n, 3 * bins - 1))
    narrow = x.astype(np.float32), parameters.astype(np.float32)
    wide = [a.astype(np.float64) for a in narrow]
    got = spline.rational_quadratic_spline(*narrow, BOUND)
    for i, (a, b) in enumerate(zip(got, reference.rational_quadratic_spline(*wide, BOUND), strict=True)):
        weights = (np.full(n, float(i == 0)), np.full(n, float(i == 1)))
        slope, _ = reference.rational_quadratic_spline_grad(*weights, *wide, BOUND)
        assert a.dtype == np.float32
        assert (abs(a - b) <= (10 + bins) * EPS * BOUND * (1 + abs(slope))).all()


@pytest.mark.needs_jit
def test_what_is_not_finite():
    """NaN and infinity lie in no bin, and stay; a parameter that is not finite spoils its own spline alone."""
    x, parameters = np.array([np.nan, np.inf, 0, 1, 1], np.float32), np.zeros((5, 5), np.float32)
    parameters[3, 0] = parameters[4, 4] = np.nan
    y, log_slope = spline.rational_quadratic_spline(x, parameters, BOUND)
    np.testing.assert_array_equal(y, [np.nan, np.inf, 0, np.nan, np.nan])
    np.testing.assert_allclose(log_slope, [0, 0, 0, np.nan, np.nan], atol=1e-6)


def test_other_layouts_and_dtypes_are_the_references():
    rng = np.random.default_rng(0)
    x, parameters = rng.normal(size=(4, 6)), rng.normal(size=(4, 6, 8))
    for a, b in ((x, parameters), (x.astype(np.float32)[:, ::2], parameters.astype(np.float32)[:, ::2])):
        exact = reference.rational_quadratic_spline(a.astype(np.float64), b.astype(np.float64), BOUND)
        for got, wanted in zip(spline.rational_quadratic_spline(a, b, BOUND), exact, strict=True):
            assert got.dtype == a.dtype
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)
