import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import pool
from minigen.backends.reference import pool as reference

windows = st.sampled_from(
    [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (1, 1)), ((3, 3), (2, 2), (1, 1)), ((1, 2), (3, 1), (0, 1))]
)
shapes = st.tuples(st.integers(0, 2), st.integers(3, 7), st.integers(3, 6), st.integers(0, 9))
dtypes = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])


@given(windows, shapes, st.integers(0, 99), dtypes, layouts)
def test_agrees_with_reference(draw_array, window, shape, seed, dtype, layout):
    x, size = draw_array(shape, seed, dtype, layout), shape[1:3]
    values, indices = reference.max_pool2d(x, *window)
    for a, b in zip(pool.max_pool2d(x, *window), (values, indices), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
    g = draw_array(values.shape, seed + 1, dtype, layout)
    np.testing.assert_array_equal(pool.pool_gather(x, indices), values, strict=True)
    tolerance = 20 * np.finfo(dtype).eps
    for kernel, args in (
        ("pool_scatter", (g, indices, size)),
        ("avg_pool2d", (x, *window)),
        ("avg_pool2d_adjoint", (g, size, *window)),
    ):
        got, expected = getattr(pool, kernel)(*args), getattr(reference, kernel)(*args)
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, atol=tolerance)


@given(windows, st.integers(0, 99))
def test_ties_infinities_and_nan_as_in_the_reference(window, seed):
    x = np.random.default_rng(seed).integers(-2, 3, size=(2, 7, 6, 3)).astype(np.float32)
    x[0, 2:6, 2:5] = -np.inf
    x[1, 1:3, 1] = np.nan
    for a, b in zip(pool.max_pool2d(x, *window), reference.max_pool2d(x, *window), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("index", [-1, 42])
def test_an_index_outside_the_plane_is_left_to_the_bounds_checks_of_the_reference(index):
    x, indices = np.ones((1, 6, 7, 1), np.float32), np.full((1, 1, 1, 1), index)
    try:
        expected = reference.pool_gather(x, indices)
    except IndexError:
        with pytest.raises(IndexError):
            pool.pool_gather(x, indices)
        with pytest.raises(IndexError):
            pool.pool_scatter(x[:, :1, :1], indices, (6, 7))
    else:
        np.testing.assert_array_equal(pool.pool_gather(x, indices), expected)


def test_does_not_depend_on_the_number_of_threads(draw_array, one_and_many_threads):
    x, window = draw_array((5, 16, 16, 32), 0, np.float32), ((3, 3), (2, 2), (1, 1))
    values, indices = pool.max_pool2d(x, *window)
    one_and_many_threads(lambda: pool.max_pool2d(x, *window))
    one_and_many_threads(lambda: pool.pool_gather(x, indices))
    one_and_many_threads(lambda: pool.pool_scatter(values, indices, (16, 16)))
    one_and_many_threads(lambda: pool.avg_pool2d(x, *window))
    one_and_many_threads(lambda: pool.avg_pool2d_adjoint(values, (16, 16), *window))


@pytest.mark.parametrize("layout", ["contiguous", "strided"])
def test_writes_to_out(draw_array, layout):
    x, window = draw_array((2, 7, 6, 3), 0, np.float32), ((2, 2), (2, 2), (0, 0))
    values, indices = pool.max_pool2d(x, *window)
    out = tuple(draw_array(values.shape, 1, dtype, layout) for dtype in (np.float32, np.int64))
    assert pool.max_pool2d(x, *window, out=out) is out
    np.testing.assert_array_equal(out[0], values)
    np.testing.assert_array_equal(out[1], indices)
    assert pool.avg_pool2d(x, *window, out=out[0]) is out[0]
    np.testing.assert_array_equal(out[0], pool.avg_pool2d(x, *window))
    dx = draw_array(x.shape, 1, np.float32, layout)
    assert pool.avg_pool2d_adjoint(values, (7, 6), *window, out=dx) is dx
    np.testing.assert_array_equal(dx, pool.avg_pool2d_adjoint(values, (7, 6), *window))


def test_what_does_not_fit_is_left_to_the_reference_which_raises(draw_array):
    x, window = draw_array((2, 7, 6, 3), 0, np.float32), ((2, 2), (2, 2), (0, 0))
    values, indices = pool.max_pool2d(x, *window)
    for call in (
        lambda: pool.max_pool2d(x, *window, out=(values[:1], indices)),
        lambda: pool.avg_pool2d(x, *window, out=values[:, :1].copy()),
        lambda: pool.avg_pool2d_adjoint(values, (7, 6), *window, out=values),
        lambda: pool.pool_gather(x[:1, ..., :2], indices),
        lambda: pool.pool_scatter(values[:1, :2], indices, (7, 6)),
    ):
        with pytest.raises(ValueError):
            call()
