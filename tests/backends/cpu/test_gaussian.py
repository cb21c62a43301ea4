import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import gaussian
from minigen.backends.reference import gaussian as reference


@pytest.mark.needs_jit
@given(st.sampled_from([0, 1, 5, 3 * gaussian.ROWS + 1]), st.integers(0, 19), st.integers(0, 3))
def test_both_kernels_are_the_reference(draw_array, n, size, draws):
    """In float32 within rounding of the float64 reference, with a gradient that is a view of one number too."""
    statistics, epsilon = draw_array((n, 2 * size), 0, np.float32), draw_array((draws, n, size), 1, np.float32)
    g, g_kl = draw_array(epsilon.shape, 2, np.float32), np.broadcast_to(np.float32(0.25), (n,))
    wide = [a.astype(np.float64) for a in (g, g_kl, statistics, epsilon)]
    got = (
        *gaussian.gaussian_bottleneck(statistics, epsilon),
        gaussian.gaussian_bottleneck_grad(g, g_kl, statistics, epsilon),
    )
    exact = *reference.gaussian_bottleneck(*wide[2:]), reference.gaussian_bottleneck_grad(*wide)
    for a, b in zip(got, exact, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.needs_jit
def test_threads_do_not_change_a_bit(draw_array, one_and_many_threads):
    statistics, epsilon = draw_array((1000, 100), 0, np.float32), draw_array((2, 1000, 50), 1, np.float32)
    one_and_many_threads(lambda: gaussian.gaussian_bottleneck(statistics, epsilon))
    gradients = epsilon[::-1].copy(), statistics[:, 0].copy()
    one_and_many_threads(lambda: (gaussian.gaussian_bottleneck_grad(*gradients, statistics, epsilon),))


@pytest.mark.needs_jit
@pytest.mark.parametrize("logvar", [-np.inf, -300, -1e-30, 0, 88, 170, 176.5, 177.4, 177.5, 180, 1e4, np.inf, np.nan])
def test_extreme_variances(logvar):
    """σ underflows to 0 and overflows to ∞ where it does in the reference, and NaN stays NaN."""
    statistics, epsilon = np.array([[0.5, logvar]], np.float32), np.full((1, 1, 1), 2, np.float32)
    given, results = (epsilon, np.ones(1, np.float32), statistics, epsilon), []
    for module in gaussian, reference:
        with np.errstate(over="ignore", invalid="ignore"):
            results.append((*module.gaussian_bottleneck(*given[2:]), module.gaussian_bottleneck_grad(*given)))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_what_does_not_fit_is_left_to_the_reference(draw_array):
    """The kernels check no bounds, and an odd column would stay unwritten."""
    epsilon = draw_array((1, 3, 2), 1, np.float32)
    for shape in ((3, 5), (2, 4), (3, 6)):
        statistics = draw_array(shape, 0, np.float32)
        assert not gaussian._served(statistics, epsilon)
        with pytest.raises(ValueError):
            gaussian.gaussian_bottleneck(statistics, epsilon)
