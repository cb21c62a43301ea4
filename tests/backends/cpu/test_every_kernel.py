"""Laws for every kernel that the cpu backend serves, over one table of how each is called.

In float32 it agrees with the reference in float64; it touches nothing beyond its operands; and what is not finite in
the reference's result, since an operand was not, is not finite in its own.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends import cpu, reference

ONE, EPS = (1, 1), 0.1  # a variance near 0 would divide rounding
WINDOW = (2, 2), (1, 2), (1, 0)  # size, stride, padding
WITHOUT_ARRAYS = {"philox_bits", "philox_normal", "philox_uniform"}
CHOOSE = {"relu_grad": 1, "leaky_relu_grad": 1, "normalize_leaky_relu_grad": 3, "rational_quadratic_spline_grad": 2}
"""Kernel -> the operand that only chooses between two results, of which NaN gives either."""
STEEP = {"rational_quadratic_spline": 50, "rational_quadratic_spline_grad": 50}
"""Kernel -> how many times more its function makes of a rounding of its operands; see test_spline.py."""


def images(n, h, c, o):
    """Kernels on images (N, H, W, C) and points (N, D): name -> (shapes of operands, call)."""
    x, weight, y, pooled = (n, h, 3, c), (3, 3, c, o), (n, h, 3, o), (n, h + 1, 1, c)
    indices = reference.max_pool2d(np.random.default_rng(0).normal(size=x), *WINDOW)[1]
    statistics = [(n, h)] * 2
    settings = (ONE, ONE, ONE, 1)
    return {
        "conv2d": ((x, weight), lambda m, x, w: m.conv2d(x, w, *settings)),
        "conv2d_input_grad": ((y, weight), lambda m, g, w: m.conv2d_input_grad(g, w, (h, 3), *settings)),
        "conv2d_weight_grad": ((x, y), lambda m, x, g: m.conv2d_weight_grad(x, g, (3, 3), *settings)),
        "max_pool2d": ((x,), lambda m, x: m.max_pool2d(x, *WINDOW)),
        "pool_gather": ((x,), lambda m, x: m.pool_gather(x, indices)),
        "pool_scatter": ((pooled,), lambda m, g: m.pool_scatter(g, indices, (h, 3))),
        "avg_pool2d": ((x,), lambda m, x: m.avg_pool2d(x, *WINDOW)),
        "avg_pool2d_adjoint": ((pooled,), lambda m, g: m.avg_pool2d_adjoint(g, (h, 3), *WINDOW)),
        "standardize": (((n, o, h, c),), lambda m, x: m.standardize(x, EPS)),
        "standardize_grad": (
            ((n, o, h, c), (n, o, h, c), (n, h)),
            lambda m, g, xhat, var: m.standardize_grad(g, xhat, var * var, EPS),
        ),
        "normalize_silu": (((n, o, h, c), *[(h * c,)] * 2), lambda m, *a: m.normalize_silu(*a, EPS)),
        "normalize_leaky_relu": (((n, o, h, c), *[(h * c,)] * 2), lambda m, *a: m.normalize_leaky_relu(*a, EPS, 0.2)),
        "normalize_silu_grad": (
            ((n, o, h, c), (n, o, h, c), *[(h * c,)] * 2, *statistics),
            lambda m, *a: m.normalize_silu_grad(*a[:4], *moments(a), EPS),
        ),
        "normalize_leaky_relu_grad": (
            ((n, o, h, c), (n, o, h, c), *[(h * c,)] * 2, *statistics),
            lambda m, *a: m.normalize_leaky_relu_grad(*a[:4], *moments(a), EPS, 0.2),
        ),
        "affine_coupling": (((n, c + h), (n, 2 * c)), lambda m, *a: m.affine_coupling(*a, h)),
        "affine_coupling_grad": (
            ((n, c + h), (n,), (n, c + h), (n, 2 * c)),
            lambda m, *a: m.affine_coupling_grad(*a, h),
        ),
    }


def moments(operands):
    """Mean and variance (N, G) as the normalisations keep them: in float64, and not negative."""
    mean, root = (a.astype(np.float64) for a in operands[4:])
    return mean, root**2


def rest(n, h, c, o):
    """The other kernels: name -> (shapes of operands, call)."""
    x, one, two = (n, h, c), ((n, h, c),), ((n, h, c), (n, h, c))
    adam = (1e-2, 0.9, 0.999, 1e-8, 0.1, 0.1)
    call = lambda name, *more: lambda m, *a: getattr(m, name)(*a, *more)  # noqa: E731
    return {
        **{name: (one, call(name)) for name in ("sigmoid", "softplus", "silu", "relu")},
        **{name: (two, call(name)) for name in ("silu_grad", "relu_grad", "tanh_grad", "bce_with_logits")},
        "leaky_relu": (one, call("leaky_relu", 0.2)),
        "leaky_relu_grad": (two, call("leaky_relu_grad", 0.2)),
        "bernoulli_log_prob": (((n, c),) * 2, call("bernoulli_log_prob")),
        "bernoulli_log_prob_grad": (((n,), (n, c), (n, c)), call("bernoulli_log_prob_grad")),
        "gaussian_bottleneck": (((n, 2 * c), (h, n, c)), call("gaussian_bottleneck")),
        "gaussian_bottleneck_grad": (((h, n, c), (n,), (n, 2 * c), (h, n, c)), call("gaussian_bottleneck_grad")),
        "matmul": (((n, c), (c, o)), call("matmul")),
        "linear": (((n, h, c), (c, o), (o,)), call("linear")),
        "linear_weight_grad": (((n, c), (n, o)), call("linear_weight_grad")),
        "multilayer_perceptron": (
            ((n, c), (c, o), (o, h), (o,), (h,)),
            lambda m, x, *a: m.multilayer_perceptron(x, a[:2], a[2:], "tanh"),
        ),
        "multilayer_perceptron_grad": (
            ((n, h), (n, c), (n, o), (c, o), (o, h)),
            lambda m, g, *a: m.multilayer_perceptron_grad(g, a[:2], a[2:], [None] * 4, True, "tanh"),
        ),
        "rational_quadratic_spline": (((n, h), (n, h, 3 * min(c, 3) + 2)), call("rational_quadratic_spline", 2.0)),
        "rational_quadratic_spline_grad": (
            (*[(n, h)] * 3, (n, h, 3 * min(c, 3) + 2)),
            call("rational_quadratic_spline_grad", 2.0),
        ),
        "softmax": (one, call("softmax", -1)),
        "softmax_grad": (two, call("softmax_grad", -1)),
        "concatenate": (((n, c, h), (n, o, h)), lambda m, *a: m.concatenate(a, 1)),
        "cut": (((n, c + o, h),), call("cut", (c, o), 1)),
        "add": ((x, (n, 1, c)), call("add")),
        "sum": (one, call("sum", (0, 1))),
        "squared_norm": (one, call("squared_norm")),
        "lerp_": (two, in_place("lerp_", 0.1)),
        "sgd_step": (two + one, in_place("sgd_step", 0.1, 0.9, 0.1, 0.1, True, False)),
        "adam_step": (
            two + two,
            lambda m, p, g, a, v: in_place("adam_step", 3, *adam)(m, p, g, a, np.square(v, out=v)),
        ),
    }


def in_place(name, *more):
    """The call of a kernel that writes to its operands, which are its results."""

    def call(module, *arrays):
        getattr(module, name)(*arrays, *more)
        return arrays

    return call


def table(*sizes):
    """Every kernel: name -> (shapes of operands, call of a backend's module with them)."""
    return {**images(*sizes), **rest(*sizes)}


NAMES = sorted(table(1, 1, 1, 1))
SIZES = (2, 3, 17, 5)
GUARDED_SIZES = [(1, 1, 1, 1), (3, 5, 17, 33), (2, 4, 16, 7)]


def draw(name, sizes, seed=0):
    """The call of a kernel and its operands, float32."""
    shapes, call = table(*sizes)[name]
    rng = np.random.default_rng(seed)
    return call, [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def numbers(results):
    """The results that are not indices, in float64."""
    results = [np.asarray(r) for r in (results if isinstance(results, tuple | list) else (results,))]
    return [r.astype(np.float64) for r in results if r.dtype.kind == "f"]


def exactly(call, operands):
    """The reference's results in float64."""
    return numbers(call(reference, *(a.astype(np.float64) for a in operands)))


def test_every_kernel_stands_in_the_table():
    assert set(NAMES) | WITHOUT_ARRAYS == set(cpu.__all__)


channels = st.one_of(st.integers(1, 9), st.sampled_from([15, 16, 17, 33, 70]))


@pytest.mark.parametrize("name", NAMES)
@given(sizes=st.tuples(st.integers(1, 5), st.integers(1, 7), channels, channels), seed=st.integers(0, 99))
def test_agrees_with_the_reference_in_float64(name, sizes, seed):
    call, operands = draw(name, sizes, seed)
    exact = exactly(call, operands)
    for got, wanted in zip(numbers(call(cpu, *operands)), exact, strict=True):
        assert got.shape == wanted.shape
        assert abs(got - wanted).max() <= 2e-5 * STEEP.get(name, 1) * max(1, abs(wanted).max())


@pytest.mark.needs_jit
@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_touches_nothing_beyond_its_operands(guarded, name, end):
    """An unreadable page lies behind, or before, each of them: one number too far ends the process."""
    for sizes in GUARDED_SIZES:
        call, operands = draw(name, sizes)
        expected = numbers(call(cpu, *(a.copy() for a in operands)))
        for got, wanted in zip(numbers(call(cpu, *(guarded(a, end) for a in operands))), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def results(name, operands):
    """The reference's results and the kernel's."""
    call, _ = draw(name, SIZES)
    with np.errstate(all="ignore"):
        return exactly(call, operands), numbers(call(cpu, *operands))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_finite_is_passed_on(name, value):
    """One number of one operand: wherever it makes the reference's result not finite, it does so here."""
    for i, operand in enumerate(draw(name, SIZES)[1]):
        for at in (0, operand.size // 2, operand.size - 1):
            _, operands = draw(name, SIZES)
            operands[i].flat[at] = value
            exact, found = results(name, operands)
            assert not any((np.isfinite(a) & ~np.isfinite(b)).any() for a, b in zip(found, exact, strict=True)), (i, at)


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_never_swallowed(name):
    """An operand that is nothing but NaN leaves its mark, unless all that it does is to choose."""
    for i in set(range(len(draw(name, SIZES)[1]))) - {CHOOSE.get(name)}:
        _, operands = draw(name, SIZES)
        operands[i][...] = np.nan
        exact, found = results(name, operands)
        assert any(np.isnan(a).any() for a in exact) and any(np.isnan(a).any() for a in found), f"operand {i}"
