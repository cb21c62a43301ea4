import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import coupling, elementwise
from minigen.backends.reference import coupling as reference

sizes = st.integers(0, 3)


@given(st.sampled_from([0, 1, 7, 513]), sizes, st.integers(1, 3), sizes, st.sampled_from(["contiguous", "strided"]))
def test_both_kernels_are_the_reference(draw_array, n, before, changed, after, layout):
    """In float32 within rounding of the float64 reference, whatever the layout."""
    x, parameters = draw_array((n, before + changed + after), 0), draw_array((n, 2 * changed), 1)
    g, h = draw_array(x.shape, 2), draw_array((n,), 3)
    narrow = [np.asarray(a, np.float32) for a in (g, h, x, parameters)]
    if layout == "strided":
        narrow[2:] = [np.repeat(a, 2, axis=1)[:, ::2] for a in narrow[2:]]
    got = coupling.affine_coupling(*narrow[2:], before), coupling.affine_coupling_grad(*narrow, before)
    wide = [a.astype(np.float64) for a in narrow]
    exact = reference.affine_coupling(*wide[2:], before), reference.affine_coupling_grad(*wide, before)
    for a, b in zip((y for pair in got for y in pair), (y for pair in exact for y in pair), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.needs_jit
def test_what_is_not_finite_stays_so():
    x, parameters = np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    x[0, 1] = parameters[1, 0] = np.nan
    parameters[2, 0] = np.inf
    y, log_det = coupling.affine_coupling(x, parameters, 1)
    np.testing.assert_allclose(y, [[1, np.nan], [1, np.nan], [1, np.e]], rtol=1e-6)
    np.testing.assert_array_equal(log_det, [0, np.nan, 1])


@pytest.mark.needs_jit
def test_tanh_is_within_4_ulp():
    x = np.concatenate([np.linspace(-20, 20, 100_001), np.geomspace(1e-30, 1, 10_001)]).astype(np.float32)
    raw = np.stack([x, np.zeros_like(x)], 1)
    _, got = coupling.affine_coupling(np.zeros((len(x), 1), np.float32), raw, 0)
    exact = np.tanh(x.astype(np.float64))
    spacing = np.spacing(abs(exact).astype(np.float32)).astype(np.float64)
    assert (abs(got - exact) / spacing).max() <= 4
    assert elementwise.tanh(np.float32(-np.inf)) == -1
