import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import conv, conv_grad
from minigen.backends.reference import conv as reference

dtypes = st.sampled_from([np.float32, np.float64])
channels = st.one_of(st.sampled_from([1, 2, 15, 16, 17, 33]), st.integers(0, 5))
ONE, TWO = (1, 1), (2, 2)
LARGE = [  # image, channels, kernel, stride, padding
    ((40, 16, 16, 3), 33, (3, 3), ONE, ONE),
    ((5, 28, 28, 16), 32, (4, 4), TWO, ONE),
    ((2, 70, 65, 9), 5, (5, 5), ONE, TWO),
    ((64, 4, 4, 20), 40, (4, 4), TWO, ONE),
    ((2, 300, 300, 2), 3, (3, 3), TWO, (0, 1)),
]


@st.composite
def cases(draw):
    """x, weight and (stride, padding, dilation, groups), sizes 0 included."""
    pair = lambda low, high: (draw(st.integers(low, high)), draw(st.integers(low, high)))  # noqa: E731
    kernel, stride, padding, dilation = pair(1, 4), pair(1, 3), pair(0, 5), pair(1, 3)
    groups, dtype, rng = draw(st.integers(1, 3)), draw(dtypes), np.random.default_rng(draw(st.integers(0, 99)))
    spans = [d * (k - 1) + 1 - 2 * p for k, d, p in zip(kernel, dilation, padding, strict=True)]
    size = [max(span, 1) + draw(st.integers(0, 13)) for span in spans]
    c, o = draw(channels), draw(channels)
    x = rng.normal(size=(draw(st.integers(0, 3)), *size, c * groups)).astype(dtype)
    weight = rng.normal(size=(*kernel, c, o * groups)).astype(dtype)
    return x, weight, (stride, padding, dilation, groups)


def assert_close(got, exact, size, terms):
    """|error| ≤ terms·eps·Σ|products|, as for any sum of so many rounded multiply-adds."""
    assert got.shape == exact.shape
    assert (abs(got - exact) <= (terms + 2) * np.finfo(got.dtype).eps * size).all()


def check(x, weight, settings):
    wide = lambda v: v.astype(np.float64)  # noqa: E731
    y = conv.conv2d(x, weight, *settings)
    terms = int(np.prod(weight.shape[:3]))
    args = (wide(x), wide(weight))
    assert_close(y, reference.conv2d(*args, *settings), reference.conv2d(*map(abs, args), *settings), terms)

    g = np.random.default_rng(1).normal(size=y.shape).astype(x.dtype)
    got = conv.conv2d_input_grad(g, weight, x.shape[1:3], *settings)
    terms = weight.shape[0] * weight.shape[1] * weight.shape[3]
    exact, size = (
        reference.conv2d_input_grad(f(wide(g)), f(wide(weight)), x.shape[1:3], *settings) for f in (np.array, abs)
    )
    assert_close(got, exact, size, terms)

    got = conv_grad.conv2d_weight_grad(x, g, weight.shape[:2], *settings)
    exact, size = (
        reference.conv2d_weight_grad(f(wide(x)), f(wide(g)), weight.shape[:2], *settings) for f in (np.array, abs)
    )
    assert_close(got, exact, size, int(np.prod(g.shape[:3])))


@given(cases())
def test_agree_with_reference(case):
    check(*case)


@pytest.mark.needs_jit
@pytest.mark.parametrize(("image", "outputs", "kernel", "stride", "padding"), LARGE)
@pytest.mark.parametrize("groups", [1, 2])
def test_agree_with_reference_on_larger_images(draw_array, image, outputs, kernel, stride, padding, groups):
    x = draw_array((*image[:3], image[3] * groups), 0, np.float32)
    weight = draw_array((*kernel, image[3], outputs * groups), 1, np.float32)
    check(x, weight, (stride, padding, ONE, groups))


@given(cases())
def test_a_bias_starts_the_sums(case):
    x, weight, settings = case
    bias = np.random.default_rng(2).normal(0, 3, weight.shape[3]).astype(x.dtype)
    y = conv.conv2d(x, weight, *settings, bias=bias)
    exact, size = (
        reference.conv2d(*(f(a.astype(np.float64)) for a in (x, weight)), *settings, bias=f(bias.astype(np.float64)))
        for f in (np.array, abs)
    )
    assert_close(y, exact, size, int(np.prod(weight.shape[:3])) + 1)
    if x.dtype == np.float32:  # another dtype, or one number for all channels: what the reference makes of it
        wide = bias.astype(np.float64)
        np.testing.assert_allclose(conv.conv2d(x, weight, *settings, bias=wide), exact, rtol=1e-3, atol=1e-3)


@given(cases())
def test_are_each_others_adjoints(case):
    x, weight, settings = (v.astype(np.float64) if isinstance(v, np.ndarray) else v for v in case)
    y = conv.conv2d(x, weight, *settings)
    g = np.random.default_rng(1).normal(size=y.shape)
    inner, scale = np.vdot(g, y), np.linalg.norm(g) * np.linalg.norm(y) + 1
    for gradient, of in (
        (conv.conv2d_input_grad(g, weight, x.shape[1:3], *settings), x),
        (conv_grad.conv2d_weight_grad(x, g, weight.shape[:2], *settings), weight),
    ):
        assert abs(np.vdot(gradient, of) - inner) <= 1e-12 * scale


@pytest.mark.parametrize("layout", ["reversed", "strided", "transposed", "broadcast"])
def test_take_any_layout(draw_array, layout):
    x, weight = draw_array((3, 6, 5, 4), 0, np.float64, layout), draw_array((3, 2, 4, 7), 1, np.float64, layout)
    check(x, weight, (ONE, ONE, ONE, 1))


@pytest.mark.parametrize(
    ("kernel", "padding"), [((1, 1), (0, 0)), ((2, 1), (1, 0)), ((3, 1), (2, 0)), ((3, 2), (2, 0))]
)
def test_a_band_of_the_kernel_may_meet_the_image_as_it_lies(draw_array, kernel, padding):
    """But for rows below it: of few images each row of a kernel is summed apart, and one needs no border above."""
    x, weight = draw_array((1, 5, 4, 3), 0, np.float32), draw_array((*kernel, 3, 6), 1, np.float32)
    check(x, weight, (ONE, padding, ONE, 1))
    check(np.concatenate([x, x + 1]), weight, (ONE, padding, ONE, 1))


@pytest.mark.parametrize(
    ("outputs", "settings", "exchanged"),
    [
        (1, (ONE, ONE, ONE, 1), True),
        (3, (ONE, (0, 4), (1, 2), 1), True),
        (3, (ONE, (3, 0), ONE, 1), False),  # more padding than the kernel reaches
        (3, ((2, 1), ONE, ONE, 1), False),
        (4, (ONE, ONE, ONE, 4), False),
        (20, (ONE, ONE, ONE, 1), False),
    ],
)
def test_of_few_outputs_the_inputs_go_along_the_lanes(draw_array, monkeypatch, outputs, settings, exchanged):
    went, original = [], conv_grad._exchanged
    monkeypatch.setattr(conv_grad, "_exchanged", lambda *a: went.append(True) or original(*a))
    x = draw_array((3, 7, 9, 20), 0, np.float32)
    check(x, draw_array((3, 3, 20 // settings[3], outputs), 1, np.float32), settings)
    assert went == [True] * exchanged


def test_a_gradient_that_is_not_finite_meets_the_border(draw_array):
    """0 · NaN is NaN: the taps that meet zeros beyond the corner are lost, too, as in the reference."""
    x, g = draw_array((2, 6, 5, 20), 0, np.float32), draw_array((2, 6, 5, 1), 1, np.float32)
    g[0, 0, 0, 0] = np.nan
    assert np.isnan(conv_grad.conv2d_weight_grad(x, g, (3, 3), ONE, ONE, ONE, 1)).all()


def test_out_is_written_and_returned(draw_array):
    x, weight, settings = draw_array((2, 6, 6, 3), 0), draw_array((3, 3, 3, 3), 1), (ONE, ONE, ONE, 1)
    y = conv.conv2d(x, weight, *settings)
    for call, expected in (
        (lambda out: conv.conv2d(x, weight, *settings, out), y),
        (lambda out: conv.conv2d_input_grad(y, weight, (6, 6), *settings, out), None),
        (lambda out: conv_grad.conv2d_weight_grad(x, y, (3, 3), *settings, out), None),
    ):
        expected = call(None) if expected is None else expected
        for out in (np.full(expected.shape, np.nan), np.full(expected.shape[::-1], np.nan).T):
            assert call(out) is out
            np.testing.assert_array_equal(out, expected)
    assert conv.conv2d(x, weight, *settings, x) is x  # overlaps its input
    np.testing.assert_array_equal(x, y)


def test_what_does_not_fit_is_left_to_the_reference(draw_array):
    """It raises, or finds a meaning; the kernels themselves would read beyond their operands."""
    x, weight, g = draw_array((2, 6, 6, 3), 0), draw_array((3, 3, 3, 4), 1), draw_array((2, 6, 6, 4), 2)
    settings = (ONE, ONE, ONE, 1)
    for name, *args in (
        ("conv2d", x[..., :2], weight, *settings),
        ("conv2d", x, weight, ONE, ONE, ONE, 2),
        ("conv2d", x[:, :2, :2], weight, ONE, (0, 0), ONE, 1),
        ("conv2d_input_grad", g[..., :3], weight, (6, 6), *settings),
        ("conv2d_input_grad", g, weight, (9, 9), *settings),
        ("conv2d_weight_grad", x, g[:, :5], (3, 3), *settings),
        ("conv2d_weight_grad", x[:1], g, (3, 3), *settings),
    ):
        kernel = getattr(conv_grad if name == "conv2d_weight_grad" else conv, name)
        try:
            expected = getattr(reference, name)(*args)
        except ValueError:
            with pytest.raises(ValueError):
                kernel(*args)
        else:
            np.testing.assert_array_equal(kernel(*args), expected)


@pytest.mark.needs_jit
@pytest.mark.parametrize(("image", "outputs", "kernel", "stride", "padding"), LARGE)
def test_threads_do_not_change_a_bit(draw_array, one_and_many_threads, image, outputs, kernel, stride, padding):
    x, weight = draw_array(image, 0, np.float32), draw_array((*kernel, image[3], outputs), 1, np.float32)
    settings = (stride, padding, ONE, 1)
    g = conv.conv2d(x, weight, *settings)
    one_and_many_threads(
        lambda: (
            conv.conv2d(x, weight, *settings),
            conv.conv2d_input_grad(g, weight, image[1:3], *settings),
            conv_grad.conv2d_weight_grad(x, g, kernel, *settings),
        )
    )


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2), st.sampled_from([np.nan, np.inf]))
def test_what_is_not_finite_reaches_its_neighbours_only(draw_array, h, w, c, value):
    x, weight, settings = draw_array((1, 7, 7, 3), 0), draw_array((3, 3, 3, 5), 1), (ONE, ONE, ONE, 1)
    x[0, h, w, c] = value
    finite = np.ones((1, 7, 7, 5), bool)
    finite[:, max(0, h - 1) : h + 2, max(0, w - 1) : w + 2] = False
    np.testing.assert_array_equal(np.isfinite(conv.conv2d(x, weight, *settings)), finite)


@pytest.mark.parametrize(("channels", "most"), [(8, 16), (128, 14), (640, 1)])
def test_the_weight_gradients_scratch_is_bounded(monkeypatch, channels, most):
    """Runs of images have a result each: as many as fit SCRATCH, and none beside the gradient where only one does."""
    found = []
    monkeypatch.setattr(conv_grad, "algorithm_for", lambda *shapes: None)
    monkeypatch.setattr(conv_grad, "parts_for", lambda operations: 1)
    monkeypatch.setattr(conv_grad, "_tasks", lambda parts, *args: found.append((parts.nbytes, *args[-4:])))
    x = np.zeros((64, 16, 16, channels), np.float32)
    dw = conv_grad.conv2d_weight_grad(x, x, (3, 3), ONE, ONE, ONE, 1)
    ((nbytes, runs, bands, *tasks),) = found
    assert runs == most and nbytes == runs * dw.nbytes and nbytes <= max(conv_grad.SCRATCH, dw.nbytes)
    assert tasks == [0, runs * bands]


def test_a_kernel_too_large_for_runs_is_added_up_in_place(draw_array, one_and_many_threads, monkeypatch):
    x, g = draw_array((64, 8, 8, 9), 0), draw_array((64, 8, 8, 7), 1)
    args = ((3, 3), ONE, ONE, ONE, 1)
    expected = conv_grad.conv2d_weight_grad(x, g, *args)
    for scratch in (0, 2 * expected.nbytes):
        monkeypatch.setattr(conv_grad, "SCRATCH", scratch)
        got = conv_grad.conv2d_weight_grad(x, g, *args, out=np.full(expected.shape, np.nan))
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)
        one_and_many_threads(lambda: conv_grad.conv2d_weight_grad(x, g, *args))


def test_little_work_is_not_split(draw_array, monkeypatch):
    monkeypatch.setattr(conv_grad, "_tasks_parallel", None)
    x = draw_array((2, 4, 4, 2), 0)
    check(x, draw_array((3, 3, 2, 2), 1), (ONE, ONE, ONE, 1))
