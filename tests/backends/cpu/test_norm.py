import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import norm, threads
from minigen.backends.reference import norm as reference

shapes = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 3), st.integers(0, 9))
dtypes = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])
LARGE = [(1, 5000, 24, 1), (1, 3001, 3, 9), (300, 1, 1, 257), (9, 64, 8, 16)]  # the first two are cut into chunks


def assert_agrees(got, expected):
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        # both add in float64 and round once; their orders of addition differ
        tolerance = 1e-7 if a.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def check(x, g):
    expected = reference.standardize(x, 1e-5)
    assert_agrees(norm.standardize(x, 1e-5), expected)
    xhat, _, var = expected
    assert_agrees((norm.standardize_grad(g, xhat, var, 1e-5),), (reference.standardize_grad(g, xhat, var, 1e-5),))


@given(shapes, st.integers(0, 99), dtypes, layouts)
def test_agrees_with_reference(draw_array, shape, seed, dtype, layout):
    check(draw_array(shape, seed, dtype, layout), draw_array(shape, seed + 1, dtype, layout))


@pytest.mark.parametrize("shape", LARGE)
def test_agrees_with_reference_on_large_arrays(draw_array, shape):
    check(draw_array(shape, 0, np.float32) + np.float32(100), draw_array(shape, 1, np.float32))


@pytest.mark.parametrize("shape", LARGE)
def test_does_not_depend_on_the_number_of_threads(draw_array, one_and_many_threads, shape):
    x, g = draw_array(shape, 0, np.float32), draw_array(shape, 1, np.float32)
    one_and_many_threads(lambda: norm.standardize(x, 1e-5))
    one_and_many_threads(lambda: norm.standardize_grad(g, x, np.ones(shape[::2], np.float32), 1e-5))


@pytest.mark.parametrize("shape", [(2, 3, 2, 4), (0, 3, 2, 1), LARGE[0]])
def test_writes_to_out(draw_array, shape):
    x, g = draw_array(shape, 0, np.float32), draw_array(shape, 1, np.float32)
    expected = norm.standardize(x, 1e-5)
    dx = norm.standardize_grad(g, expected[0], expected[2], 1e-5)
    for layout in ("contiguous", "strided"):
        out = tuple(draw_array(a.shape, 2, np.float32, layout) for a in expected)
        assert norm.standardize(x, 1e-5, out=out) is out
        assert norm.standardize_grad(g, expected[0], expected[2], 1e-5, out=out[0]) is out[0]
        np.testing.assert_array_equal(out[0], dx)
        for o, e in zip(out[1:], expected[1:], strict=True):
            np.testing.assert_array_equal(o, e)


@pytest.mark.needs_jit
def test_one_thread_has_no_parallel_regions(draw_array, monkeypatch):
    parallel = [name for name, f in vars(norm).items() if getattr(f, "targetoptions", {}).get("parallel")]
    assert parallel
    for name in parallel:
        monkeypatch.setattr(norm, name, None)
    before = threads.get_threads()
    threads.set_threads(1)
    try:
        check(draw_array(LARGE[0], 0, np.float32), draw_array(LARGE[0], 1, np.float32))
    finally:
        threads.set_threads(before)


def test_what_does_not_fit_is_not_written_to(draw_array):
    x = draw_array((2, 3, 2, 4), 0, np.float32)
    xhat, mean, var = norm.standardize(x, 1e-5)
    with pytest.raises(ValueError):
        norm.standardize(x, 1e-5, out=(xhat[:1], mean, var))
    for args in ((x, xhat[:, :2], var), (x, xhat, var[:, :1][:0]), (x[:, :2], xhat, var)):
        with pytest.raises(ValueError):
            norm.standardize_grad(*args, 1e-5)
