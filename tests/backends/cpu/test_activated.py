"""The fused normalisations against the reference in float64, at shapes that split into images, chunks and odd rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import activated, threads
from minigen.backends.reference import activated as reference

shapes = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 3), st.integers(1, 9))
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])
activations = st.sampled_from(["silu", 0.0, 0.2, 1.0])
LARGE = [(1, 5000, 24, 1), (1, 3001, 3, 9), (9, 64, 8, 16), (2, 7, 5, 200), (1, 1, 3, 2)]


def kernels(module, activation):
    """The pair of kernels (x, weight, bias), (g, x, weight, bias, mean, var)."""
    if activation == "silu":
        return (
            lambda *a: module.normalize_silu(*a, 1e-5),
            lambda *a: module.normalize_silu_grad(*a, 1e-5),
        )
    return (
        lambda *a: module.normalize_leaky_relu(*a, 1e-5, activation),
        lambda *a: module.normalize_leaky_relu_grad(*a, 1e-5, activation),
    )


def drawn(draw_array, shape, seed, layout="contiguous", offset=0.0):
    """g, x, weight and bias; no z within rounding of the kink of a leaky ReLU."""
    channels = shape[2] * shape[3]
    g, x = (draw_array(shape, seed + i, np.float32, layout) for i in range(2))
    weight, bias = (draw_array((channels,), seed + i, np.float32, layout) for i in (2, 3))
    return g, x + np.float32(offset), weight, bias


def check(g, x, weight, bias, activation, tolerance=2e-5):
    forward, backward = kernels(activated, activation)
    exact_forward, exact_backward = kernels(reference, activation)
    wide = [a.astype(np.float64) for a in (g, x, weight, bias)]
    y, mean, var = forward(x, weight, bias)
    exact, exact_mean, exact_var = exact_forward(*wide[1:])
    assert y.dtype == np.float32 and mean.dtype == var.dtype == np.float64
    assert np.abs(y - exact).max() <= tolerance * max(1, np.abs(exact).max())
    np.testing.assert_allclose((mean, var), (exact_mean, exact_var), rtol=1e-11, atol=1e-11)
    z = exact if activation != "silu" else 1.0
    g = np.where(np.abs(z) < 1e-4, np.float32(0), g)  # where rounding may choose the other side of the kink
    got = backward(g, x, weight, bias, mean, var)
    for a, b in zip(got, exact_backward(g.astype(np.float64), *wide[1:], mean, var), strict=True):
        assert a.dtype == np.float32 and a.shape == b.shape
        assert np.abs(a - b).max() <= 3 * tolerance * max(1, np.abs(b).max())


@given(shapes, st.integers(0, 99), layouts, activations)
def test_agrees_with_reference(draw_array, shape, seed, layout, activation):
    check(*drawn(draw_array, shape, seed, layout), activation, tolerance=1e-4)  # a variance near 0 divides rounding


@pytest.mark.parametrize("activation", ["silu", 0.2])
@pytest.mark.parametrize("shape", LARGE[:4])
def test_agrees_with_reference_on_large_arrays(draw_array, shape, activation):
    check(*drawn(draw_array, shape, 0), activation, tolerance=2e-6)


@pytest.mark.needs_jit
def test_no_layout_is_compiled_for_anew(draw_array):
    for layout in ("contiguous", "reversed", "strided", "transposed", "broadcast"):
        check(*drawn(draw_array, (2, 4, 2, 3), 0, layout), "silu", tolerance=1e-4)
    assert all(len(kernel.signatures) == 1 for kernel in (activated._normalize, activated._grad))


def test_a_large_mean_costs_no_digits(draw_array):
    """x itself is rounded to 6e-5 of a standard deviation here, what the kernel adds is below 2e-6."""
    check(*drawn(draw_array, LARGE[2], 0, offset=1000.0), "silu", tolerance=2e-6)


@pytest.mark.parametrize("shape", LARGE)
def test_does_not_depend_on_the_number_of_threads(draw_array, one_and_many_threads, shape):
    g, *arrays = drawn(draw_array, shape, 0)
    for activation in ("silu", 0.2):
        forward, backward = kernels(activated, activation)
        one_and_many_threads(lambda forward=forward: forward(*arrays))
        _, *statistics = forward(*arrays)
        one_and_many_threads(lambda backward=backward: backward(g, *arrays, *statistics))  # noqa: B023


@pytest.mark.needs_jit
def test_one_thread_has_no_parallel_regions(draw_array, monkeypatch):
    parallel = [name for name, f in vars(activated).items() if getattr(f, "targetoptions", {}).get("parallel")]
    assert parallel
    for name in parallel:
        monkeypatch.setattr(activated, name, None)
    before = threads.get_threads()
    threads.set_threads(1)
    try:
        check(*drawn(draw_array, LARGE[0], 0), "silu")
    finally:
        threads.set_threads(before)


@np.errstate(invalid="ignore")  # plain Python says that a NaN is cast; compiled code does not
def test_nan_stays_nan(draw_array):
    _, x, weight, bias = drawn(draw_array, (2, 8, 2, 3), 0)
    x[0, 0, 0, 0] = np.nan  # its group, of the first image, and no other
    for activation in ("silu", 0.2):
        y, _, _ = kernels(activated, activation)[0](x, weight, bias)
        assert np.isnan(y[0, :, 0]).all() and np.isfinite(y[0, :, 1]).all() and np.isfinite(y[1]).all()


def test_doubles_and_nothing_at_all_are_the_references(draw_array):
    for shape, dtype in (((2, 8, 2, 3), np.float64), ((0, 8, 2, 3), np.float32)):
        x, weight, bias = draw_array(shape, 0, dtype), *draw_array((2, 6), 1, dtype)
        for a, b in zip(*(m.normalize_silu(x, weight, bias, 1e-5) for m in (activated, reference)), strict=True):
            np.testing.assert_array_equal(a, b)
