import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import pool

windows = st.sampled_from(
    [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (1, 1)), ((3, 3), (2, 2), (1, 1)), ((1, 2), (3, 1), (0, 1))]
)


def draw_image(seed, n=2):
    """Few values, so that windows have ties; a plane of −∞ and two NaN in one window."""
    x = np.random.default_rng(seed).integers(-2, 3, size=(n, 7, 6, 3)).astype(np.float32)
    x[:1, 2:6, 2:5] = -np.inf
    x[1:, 1:3, 1] = np.nan
    return x


@given(windows, st.integers(0, 99))
def test_max_pool_agrees_with_torch_on_ties_infinities_and_nan(torch, window, seed):
    x = draw_image(seed)
    values, indices = pool.max_pool2d(x, *window)
    expected = torch.nn.functional.max_pool2d(torch.tensor(np.moveaxis(x, -1, 1).copy()), *window, return_indices=True)
    np.testing.assert_array_equal(np.moveaxis(values, -1, 1), expected[0])
    np.testing.assert_array_equal(np.moveaxis(indices, -1, 1), expected[1])


@given(windows, st.integers(0, 99))
def test_avg_pool_agrees_with_torch(torch, window, seed):
    x = np.random.default_rng(seed).normal(size=(2, 7, 6, 3))
    expected = torch.nn.functional.avg_pool2d(torch.tensor(np.moveaxis(x, -1, 1).copy()), *window)
    np.testing.assert_allclose(np.moveaxis(pool.avg_pool2d(x, *window), -1, 1), expected, atol=1e-14)


@given(windows, st.integers(0, 2), st.integers(0, 99))
def test_gathering_at_the_indices_gives_the_maxima(window, n, seed):
    x = draw_image(seed, n)
    values, indices = pool.max_pool2d(x, *window)
    np.testing.assert_array_equal(pool.pool_gather(x, indices), values)


@given(windows, st.integers(0, 2), st.integers(0, 99))
def test_adjoints(window, n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 7, 6, 3))
    values, indices = pool.max_pool2d(x, *window)
    g = rng.normal(size=values.shape)
    np.testing.assert_allclose(np.vdot(pool.pool_scatter(g, indices, (7, 6)), x), np.vdot(g, values), atol=1e-12)
    dx = pool.avg_pool2d_adjoint(g, (7, 6), *window)
    np.testing.assert_allclose(np.vdot(dx, x), np.vdot(g, pool.avg_pool2d(x, *window)), atol=1e-12)


def test_results_are_written_to_out():
    x = draw_image(0)
    window = (2, 2), (2, 2), (0, 0)
    out = np.empty((2, 3, 3, 3), np.float32), np.empty((2, 3, 3, 3), np.int64)
    assert pool.max_pool2d(x, *window, out=out) is out
    for o, expected in zip(out, pool.max_pool2d(x, *window), strict=True):
        np.testing.assert_array_equal(o, expected)
    assert pool.avg_pool2d(x, *window, out=out[0]) is out[0]
    np.testing.assert_array_equal(out[0], pool.avg_pool2d(x, *window))
    dx = np.empty_like(x)
    assert pool.avg_pool2d_adjoint(out[0], (7, 6), *window, out=dx) is dx
    np.testing.assert_array_equal(dx, pool.avg_pool2d_adjoint(out[0], (7, 6), *window))
