from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from benchmarks.isa import SETS
from benchmarks.kernels.method import additions
from minigen.backends.cpu import conv, conv_grad, winograd, winograd_grad
from minigen.backends.cpu.transforms import ALGORITHMS, STEPS, bilinear, in_two_steps
from minigen.backends.cpu.vectors import FEATURES, VECTOR_BYTES
from minigen.backends.reference import conv as reference

ONE = (1, 1)
FACTORS = {(4, 3): 1.5, (2, 3): 0.5, (4, 2): 1.5}
"""Bounds of the errors' root mean square, in eps·√terms standard errors of the sum: usual are 0.4, 0.1 and 0.4, and
0.15 for the direct sum."""
FURTHEST = 16  # and the largest error, in root mean squares


@contextmanager
def told(algorithm):
    """The kernels take `algorithm` where it fits, whatever it costs; None stands for the direct method."""

    def choose(dtype, x_shape, y_shape, taps, stride, dilation, groups):
        fits = algorithm is not None and dilation == ONE and groups == 1
        return algorithm if fits and taps == tuple(ALGORITHMS[algorithm][1] * s for s in stride) else None

    with patch.object(conv, "algorithm_for", choose), patch.object(conv_grad, "algorithm_for", choose):
        yield


@st.composite
def cases(draw):
    """An algorithm, x, weight and settings that it takes: one pixel, one channel and odd sizes included.

    All of float32: `winograd` serves nothing else, and a second type would take as long again to compile.
    """
    algorithm = draw(st.integers(0, len(ALGORITHMS) - 1))
    r = ALGORITHMS[algorithm][1]
    stride = draw(st.sampled_from([ONE] if r == 3 else [ONE, (2, 2), (1, 2)]))
    kernel, padding = tuple(r * s for s in stride), draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    size = [max(1, k - 2 * p) + draw(st.integers(0, 9)) for k, p in zip(kernel, padding, strict=True)]
    c, o = (draw(st.sampled_from([1, 2, 15, 16, 17, 33])) for _ in "co")
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.normal(size=(draw(st.integers(1, 3)), *size, c)).astype(np.float32)
    return algorithm, x, rng.normal(size=(*kernel, c, o)).astype(np.float32), (stride, padding, ONE, 1)


def three(x, weight, options):
    """The convolution and its two gradients, each as (function of kernels, operands, terms of its sums)."""
    size = reference.conv2d_output_size(x.shape[1:3], weight.shape[:2], *options[:3][:2], options[2])
    g = np.random.default_rng(1).normal(size=(len(x), *size, weight.shape[3])).astype(x.dtype)
    taps = weight.shape[0] * weight.shape[1]
    return (
        ("conv2d", (x, weight), (), taps * x.shape[3]),
        ("conv2d_input_grad", (g, weight), (x.shape[1:3],), taps * weight.shape[3]),
        ("conv2d_weight_grad", (x, g), (weight.shape[:2],), g[..., 0].size),
    )


def run(name, operands, shape, options):
    return getattr(conv_grad if name == "conv2d_weight_grad" else conv, name)(*operands, *shape, *options)


def errors(got, name, operands, shape, options):
    """The errors of `got`, and the standard errors of its sums, if the signs of their terms are chance."""
    wide = [a.astype(np.float64) for a in operands]
    exact = getattr(reference, name)
    return got - exact(*wide, *shape, *options), np.sqrt(exact(*map(np.square, wide), *shape, *options))


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


@pytest.mark.parametrize(("m", "r"), [(m, r) for m in range(1, 6) for r in range(1, 6) if m + r <= 7])
def test_bilinear_algorithms_convolve(m, r):
    at, g, bt = bilinear(m, r)
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=m + r - 1), rng.normal(size=r)
    np.testing.assert_allclose(at @ ((g @ w) * (bt @ x)), np.correlate(x, w), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("m", "r"), [(m, r) for m in range(2, 6) for r in range(2, 6) if 4 <= m + r <= 7])
def test_two_steps_are_the_one(m, r):
    """To the last bit, since all numbers are sums of few powers of two; and what they take is no more."""
    first, second = in_two_steps(m, r)
    *_, bt = bilinear(m, r)
    np.testing.assert_array_equal(second @ first, bt)
    assert additions(first) + additions(second) <= additions(bt)


@given(cases())
def test_errors_are_a_few_of_the_direct_sums(case):
    algorithm, x, weight, options = case
    for name, operands, shape, terms in three(x, weight, options):
        with told(algorithm):
            got = run(name, operands, shape, options)
        error, deviation = errors(got, name, operands, shape, options)
        unit = FACTORS[ALGORITHMS[algorithm]] * np.finfo(x.dtype).eps * np.sqrt(terms + 4) * deviation.max()
        assert abs(error).max() <= FURTHEST * unit
        assert rms(error) <= max(1, FURTHEST / np.sqrt(error.size)) * unit


@pytest.mark.needs_jit
@pytest.mark.parametrize(("algorithm", "factor"), [(0, 3.5), (1, 1.2), (2, 3.5)])
def test_errors_beside_the_direct_methods(draw_array, algorithm, factor):
    """At 64 channels F(4×4, 3×3) errs 2.5 times as much as the direct sum in y, F(2×2, 3×3) 0.6 times; gradients alike.

    A weight's gradient is cut into fewer runs than the direct one's, and its sums are longer: they err 1.5 times.
    """
    x, weight = draw_array((8, 16, 16, 64), 0, np.float32), draw_array((3, 3, 64, 64), 1, np.float32)
    weight = weight if ALGORITHMS[algorithm][1] == 3 else weight[:2, :2]
    options = (ONE, ONE, ONE, 1)
    for name, operands, shape, _ in three(x, weight, options):
        found = []
        for choice in (algorithm, None):
            with told(choice):
                found.append(rms(errors(run(name, operands, shape, options), name, operands, shape, options)[0]))
        assert 0 < found[0] <= factor * (1.5 if name == "conv2d_weight_grad" else 1) * found[1], (name, found)


@given(cases())
def test_a_bias_reaches_each_result_once(case):
    """Exactly, where nothing else does; else within the rounding of sums that it begins."""
    algorithm, x, weight, options = case
    bias = np.random.default_rng(3).normal(size=weight.shape[3]).astype(x.dtype)
    with told(algorithm):
        alone = conv.conv2d(np.zeros_like(x), weight, *options, bias=bias)
        with_it, without = conv.conv2d(x, weight, *options, bias=bias), conv.conv2d(x, weight, *options)
    np.testing.assert_array_equal(alone, np.broadcast_to(bias, alone.shape))
    scale = abs(without).max(initial=0) + abs(bias).max(initial=0)
    assert (abs(with_it - without - bias) <= 1e3 * np.finfo(x.dtype).eps * scale).all()


@given(cases())
def test_are_each_others_adjoints(case):
    algorithm, x, weight, options = case
    _, (_, (g, _), _, _), _ = three(x, weight, options)
    with told(algorithm):
        y = conv.conv2d(x, weight, *options)
        dx = conv.conv2d_input_grad(g, weight, x.shape[1:3], *options)
        dw = conv_grad.conv2d_weight_grad(x, g, weight.shape[:2], *options)
    forward, by_image, by_weight = (np.vdot(*map(np.float64, pair)) for pair in ((g, y), (dx, x), (dw, weight)))
    allowed = 10 * np.finfo(np.float32).eps * (np.linalg.norm(g) * np.linalg.norm(y) + 1)
    assert abs(by_image - forward) <= allowed and abs(by_weight - forward) <= allowed


LARGE = [  # algorithm, images, outputs, taps, stride, padding
    (0, (20, 16, 16, 32), 40, (3, 3), ONE, ONE),
    (1, (9, 17, 14, 33), 32, (3, 3), ONE, (0, 2)),
    (2, (8, 16, 16, 32), 64, (4, 4), (2, 2), ONE),
    (0, (2, 9, 8, 20), 120, (3, 3), ONE, ONE),  # so few pixels that threads share channels
]


@pytest.mark.needs_jit
@pytest.mark.parametrize(("algorithm", "images", "outputs", "taps", "stride", "padding"), LARGE)
def test_threads_do_not_change_a_bit(
    draw_array, one_and_many_threads, algorithm, images, outputs, taps, stride, padding
):
    x, weight = draw_array(images, 0, np.float32), draw_array((*taps, images[3], outputs), 1, np.float32)
    options = (stride, padding, ONE, 1)
    calls = three(x, weight, options)

    def all_three():
        return tuple(run(name, operands, shape, options) for name, operands, shape, _ in calls)

    with told(algorithm):
        one_and_many_threads(all_three)
        few = all_three()
        for parts in (2, 5, 99):  # the last more than there are tiles or channels to share
            with (
                patch.object(winograd, "parts_for", lambda operations, parts=parts: parts),
                patch.object(winograd_grad, "parts_for", lambda operations, parts=parts: parts),
            ):
                for a, b in zip(few, all_three(), strict=True):
                    np.testing.assert_array_equal(a, b)


@pytest.mark.needs_jit
@pytest.mark.parametrize(("sides", "at_once"), [((8, 8), True), ((10, 6), True), ((7, 8), False)])
def test_phases_at_once_are_those_in_turn(draw_array, sides, at_once):
    """The four phases of a gradient in x are alike where both sides are even; then each may go to a thread."""
    g, weight = (
        draw_array((20, sides[0] // 2, sides[1] // 2, 70), 0, np.float32),
        draw_array((4, 4, 33, 70), 1, np.float32),
    )
    settings, original, found, done = ((2, 2), ONE, ONE, 1), conv._phases_at_once, [], []
    for parts in (1, 2, 4, 3):
        with (
            told(2),
            patch.object(conv, "parts_for", lambda operations, parts=parts: parts),
            patch.object(conv, "_phases_at_once", lambda *a: done.append(original(*a)) or done[-1]),
        ):
            found.append(conv.conv2d_input_grad(g, weight, sides, *settings))
    assert done == [False, at_once, at_once, False]
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.needs_jit
@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("algorithm", range(len(ALGORITHMS)))
def test_nothing_beyond_the_operands_is_touched(guarded, algorithm, end):
    """An unreadable page lies behind, or before, each of them; the results, too, are written there."""
    rng, r = np.random.default_rng(0), ALGORITHMS[algorithm][1]
    for h, w, c, o, padding, stride in [
        (5, 4, 1, 1, 1, 1),
        (7, 9, 3, 17, 0, 1),
        (4, 3, 16, 33, 2, 1),
        (6, 8, 5, 2, 1, 2),
    ]:
        kernel, options = (r * stride, r * stride), ((stride, stride), (padding, padding), ONE, 1)
        if max(kernel) > min(h, w) + 2 * padding or (r == 3 and stride > 1):
            continue
        x = guarded(rng.normal(size=(2, h, w, c)).astype(np.float32), end)
        weight = guarded(rng.normal(size=(*kernel, c, o)).astype(np.float32), end)
        with told(algorithm):
            y = conv.conv2d(x, weight, *options)
            g = guarded(y, end)
            assert conv.conv2d(x, weight, *options, g) is g
            np.testing.assert_array_equal(g, y)
            conv.conv2d_input_grad(g, weight, (h, w), *options, guarded(x, end))
            conv_grad.conv2d_weight_grad(x, g, kernel, *options, guarded(weight, end))


@given(st.integers(0, len(ALGORITHMS) - 1), *[st.integers(0, 8)] * 2, st.sampled_from([np.nan, np.inf, -np.inf]))
def test_what_is_not_finite_reaches_its_tiles_only(draw_array, algorithm, h, w, value):
    """At least where it does in the direct method, and no pixel of a tile that does not read it."""
    m, r = ALGORITHMS[algorithm]
    x, weight, options = (
        draw_array((2, 9, 9, 3), 0, np.float32),
        draw_array((r, r, 3, 5), 1, np.float32),
        (ONE, ONE, ONE, 1),
    )
    x[1, h, w, 1] = value
    with told(None):
        direct = np.isfinite(conv.conv2d(x, weight, *options))
    with told(algorithm):
        got = np.isfinite(conv.conv2d(x, weight, *options))
    assert not got[~direct].any()
    reach = np.ones_like(got)
    rows, columns = ([i for i in range(got.shape[1]) if i // m * m - 1 <= at < i // m * m + m + r - 2] for at in (h, w))
    reach[1][np.ix_(rows, columns)] = False
    assert got[reach].all()


def test_the_method_follows_the_shape():
    f32, f64 = np.dtype(np.float32), np.dtype(np.float64)

    def chosen(dtype, x_shape, outputs, taps, stride=ONE, dilation=ONE, groups=1):
        y_shape = (x_shape[0], x_shape[1] // stride[0], x_shape[2] // stride[1], outputs)
        i = winograd.algorithm_for(dtype, x_shape, y_shape, taps, stride, dilation, groups)
        return None if i is None else ALGORITHMS[i]

    assert chosen(f32, (64, 32, 32, 32), 32, (3, 3)) == (4, 3)
    assert chosen(f32, (64, 8, 8, 128), 64, (3, 3)) == (4, 3)
    assert chosen(f32, (999, 2, 2, 256), 256, (3, 3)) == (2, 3)  # tiles of 4×4 would be three parts waste
    assert chosen(f32, (64, 16, 16, 64), 128, (4, 4), (2, 2)) == (4, 2)
    assert chosen(f64, (64, 32, 32, 32), 32, (3, 3)) is None  # there to check: stays what it checks by
    for c, o in ((1, 32), (32, 1), (4, 4)):  # transforms of few channels cost more than they save
        assert chosen(f32, (64, 32, 32, c), o, (3, 3)) is None
    assert chosen(f32, (1, 8, 8, 256), 256, (3, 3)) is None  # the weights' transform serves few tiles
    assert chosen(f32, (64, 32, 32, 64), 64, (3, 3), dilation=(2, 2)) is None
    assert chosen(f32, (64, 32, 32, 64), 64, (3, 3), groups=2) is None
    for taps, stride in (((5, 5), ONE), ((1, 1), ONE), ((3, 3), (2, 2)), ((3, 1), ONE)):
        assert chosen(f32, (64, 32, 32, 64), 64, taps, stride) is None


KERNELS = """
import numpy as np
from minigen.backends.cpu import buffers, conv, conv_grad, gemm, simd, transforms, vectors, winograd, winograd_grad
x, options = np.ones((2, 9, 7, 18), np.float32), ((1, 1), (1, 1), (1, 1), 1)
for algorithm, (m, r) in enumerate(transforms.ALGORITHMS):
    conv.algorithm_for = conv_grad.algorithm_for = lambda *shapes: algorithm
    for parts in PARTS:
        winograd.parts_for = winograd_grad.parts_for = lambda operations: parts
        y = conv.conv2d(x, np.ones((r, r, 18, 33), np.float32), *options)
        dw = conv_grad.conv2d_weight_grad(x, np.ones_like(y), (r, r), *options)
        assert abs(y.max() - 18 * r * r) < 1e-3 and abs(dw.max() - 2 * 63) < 1e-2
"""
RUNS_AND_PHASES = """
winograd_grad.LEAST_TILES = 1  # several runs of tiles, and the phases of a gradient in x at once
dw = conv_grad.conv2d_weight_grad(x, np.ones_like(y), (r, r), *options)
assert abs(dw.max() - 2 * 63) < 1e-2
for conv.parts_for in (lambda operations: 1, lambda operations: 2):
    dx = conv.conv2d_input_grad(y[:, :4, :4], np.ones((4, 4, 18, 33), np.float32), (8, 8), (2, 2), (1, 1), (1, 1), 1)
    assert abs(dx.max() - y[:, :4, :4].max() * 33 * 4) < 1e-2 * dx.max()
"""
ALONE, ALL = f"PARTS = (1,){KERNELS}", f"PARTS = (1, 2){KERNELS}{RUNS_AND_PHASES}"
UNWRITTEN = """
import numpy as np
np.empty = lambda shape, dtype=float: np.full(shape, np.finfo(dtype).max, dtype)
"""


@pytest.mark.needs_jit
def test_a_second_process_compiles_nothing(second_process_compiles_nothing):
    second_process_compiles_nothing(ALL)


def test_kernels_run_without_a_compiler(script):
    """And read nothing that they have not written: sums of such numbers overflow, which is a warning, an error here."""
    script(UNWRITTEN + ALL, NUMBA_DISABLE_JIT="1")


@pytest.mark.needs_jit
def test_narrower_vectors_are_as_right(script):
    if not {"+avx2", "+fma"} <= FEATURES or VECTOR_BYTES == 32:
        pytest.skip("this CPU cannot run what is compiled for AVX2, or has nothing wider")
    code = ALONE + "print(vectors.VECTOR_BYTES)"  # the parts of a parallel call are the same code
    assert script(code, **SETS["AVX2"]) == ["32"]


@pytest.mark.needs_jit
def test_a_cpu_without_masks_stays_direct(script):
    code = (
        ALONE.split("x, options")[0]
        + """
shape = (64, 32, 32, 64)
print(winograd.algorithm_for(np.dtype(np.float32), shape, shape, (3, 3), (1, 1), (1, 1), 1))"""
    )
    assert script(code, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == ["None"]


def test_matrices_begin_an_odd_number_of_vectors_apart():
    width = VECTOR_BYTES // 4
    for numbers in (1, width, 64 * width, 64 * width + 1, 1000):
        apart = winograd.padded(numbers, 4)
        assert numbers <= apart <= numbers + 2 * width and apart % width == 0 and apart // width % 2 == 1


def test_there_is_a_matrix_of_each_kind():
    assert len(STEPS) == 5 * len(ALGORITHMS)
    for i, (m, r) in enumerate(ALGORITHMS):
        t = m + r - 1
        steps = [STEPS[i + kind * len(ALGORITHMS)] for kind in range(5)]
        assert [(len(each[-1]), each[0].shape[1]) for each in steps] == [(t, t), (t, r), (m, t), (t, m), (r, t)]
