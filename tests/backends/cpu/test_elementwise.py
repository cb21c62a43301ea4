import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("numba")

from minigen.backends.cpu import elementwise
from minigen.backends.reference import elementwise as reference
from minigen.errors import ShapeError


def exact_sigmoid(x):
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def exact_softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


KERNELS = [(elementwise.sigmoid, exact_sigmoid), (elementwise.softplus, exact_softplus)]
CASES = pytest.mark.parametrize("kernel, exact", KERNELS)


def assert_within_ulp(got, exact, ulps):
    """|got − exact| in units of the float32 spacing at the exact value, which is float64."""
    with np.errstate(under="ignore"):
        spacing = np.spacing(abs(exact).astype(np.float32)).astype(np.float64)
    np.testing.assert_array_less(abs(got.astype(np.float64) - exact) / spacing, ulps)


@CASES
def test_within_4_ulp_over_the_whole_range(kernel, exact):
    x = np.concatenate(
        [np.linspace(-110, 110, 100_001), np.geomspace(1e-45, 1, 10_001), -np.geomspace(1e-45, 1, 10_001)]
    )
    with np.errstate(under="ignore"):
        x = x.astype(np.float32)
        assert_within_ulp(kernel(x), exact(x.astype(np.float64)), 4)


@CASES
@given(x=arrays(np.float32, st.integers(0, 70), elements=st.floats(-100, 100, width=32)))
def test_within_4_ulp_at_any_length(kernel, exact, x):
    with np.errstate(under="ignore"):
        assert_within_ulp(kernel(x), exact(x.astype(np.float64)), 4)


@np.errstate(invalid="ignore")  # plain Python says that a NaN is cast; compiled code does not
def test_special_values():
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 3e38, -3e38, 1e-45], np.float32)
    np.testing.assert_array_equal(elementwise.sigmoid(x), np.array([1, 0, np.nan, 0.5, 0.5, 1, 0, 0.5], np.float32))
    log2 = np.float32(np.log(2))
    expected = np.array([np.inf, 0, np.nan, log2, log2, 3e38, 0, log2], np.float32)
    np.testing.assert_array_equal(elementwise.softplus(x), expected)
    np.testing.assert_array_equal(elementwise.bce_with_logits(x[2:], np.zeros(6, np.float32)), expected[2:])


@given(st.integers(0, 99))
def test_bce_with_logits(seed):
    rng = np.random.default_rng(seed)
    logits, target = 10 * rng.normal(size=(3, 17)).astype(np.float32), rng.random((3, 17), np.float32)
    wide, t = logits.astype(np.float64), target.astype(np.float64)
    loss = elementwise.bce_with_logits(logits, target)
    np.testing.assert_allclose(loss, exact_softplus(wide) - wide * t, rtol=1e-6, atol=2e-6)


@given(x=arrays(np.float32, st.integers(0, 70), elements=st.floats(-100, 100, width=32)))
def test_silu_and_its_gradient(x):
    """x σ(x) within rounding where σ is not subnormal; its slope, 0 near −1.28, within rounding of its terms."""
    wide = x.astype(np.float64)
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(elementwise.silu(x), wide * exact_sigmoid(wide), rtol=1e-6, atol=1e-42)
        s = exact_sigmoid(wide)
        slope = elementwise.silu_grad(np.full_like(x, 3), x)
        np.testing.assert_allclose(slope, 3 * s * (1 + wide * (1 - s)), rtol=2e-6, atol=1e-6)


def test_a_confident_right_answer_keeps_its_small_loss():
    logits, target = np.array([20.0, -20.0], np.float32), np.array([1.0, 0.0], np.float32)
    np.testing.assert_allclose(elementwise.bce_with_logits(logits, target), np.log1p(np.exp(-20.0)), rtol=1e-6)


@given(st.sampled_from(["reversed", "strided", "transposed", "broadcast"]), st.sampled_from([np.float32, np.float64]))
def test_other_layouts_and_dtypes(draw_array, layout, dtype):
    x, t = draw_array((4, 5), 0, dtype, layout), draw_array((4, 5), 1, dtype)
    for name in ("sigmoid", "softplus"):
        np.testing.assert_allclose(getattr(elementwise, name)(x), getattr(reference, name)(x), rtol=1e-5)
    np.testing.assert_allclose(elementwise.bce_with_logits(x, t), reference.bce_with_logits(x, t), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        elementwise.bce_with_logits(x, t[:1]), reference.bce_with_logits(x, t[:1]), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3)])
def test_shapes_and_out(draw_array, shape):
    x = np.ones(shape, np.float32)
    for kernel in (
        elementwise.sigmoid,
        elementwise.softplus,
        lambda x, out=None: elementwise.bce_with_logits(x, x, out),
    ):
        out = np.empty(shape, np.float32)
        assert kernel(x).shape == shape and kernel(x, out=out) is out
        np.testing.assert_array_equal(out, kernel(x))
        strided = np.empty((*shape, 2), np.float32)[..., 0]
        assert kernel(x, out=strided) is strided
        np.testing.assert_allclose(strided, out, rtol=1e-6)


def test_parallel_and_serial_give_the_same_bits(one_and_many_threads):
    x = np.random.default_rng(0).normal(size=100_003).astype(np.float32)
    one_and_many_threads(lambda: elementwise.bce_with_logits(x, x[::-1].copy()))


def test_an_out_of_another_shape_is_refused():
    x = np.ones(100, np.float32)
    for kernel in (
        elementwise.sigmoid,
        elementwise.softplus,
        elementwise.silu,
        lambda x, out: elementwise.tanh_grad(x, x, out),
        lambda x, out: elementwise.silu_grad(x, x, out),
    ):
        for size in (99, 101):
            with pytest.raises(ShapeError, match="pass one of that shape"):
                kernel(x, out=np.empty(size, np.float32))


def test_an_out_that_overlaps_the_input_gets_the_same_numbers():
    memory = np.linspace(-3, 3, 101, dtype=np.float32)
    expected = elementwise.sigmoid(memory[:-1].copy())
    elementwise.sigmoid(memory[:-1], out=memory[1:])
    np.testing.assert_array_equal(memory[1:], expected)


@pytest.mark.needs_jit
def test_the_logarithm_of_positive_numbers():
    x = np.geomspace(1e-37, 1e37, 200_001).astype(np.float32)
    exact = np.log(x.astype(np.float64))
    got = np.array([elementwise.log_positive(v) for v in x], np.float64)
    assert (abs(got - exact) / np.maximum(np.spacing(abs(exact).astype(np.float32)), 1e-8)).max() <= 4
    assert np.isnan(elementwise.log_positive(np.float32(np.nan)))
