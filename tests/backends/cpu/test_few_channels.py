"""Convolutions to few channels: what the tests of all convolutions ask, and that these shapes go that way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import conv, few_channels
from minigen.backends.reference import conv as reference

PICTURES = [  # image, channels on the other side, kernel, stride, padding
    ((8, 32, 32, 1), 64, (4, 4), (2, 2), (1, 1)),
    ((3, 16, 9, 2), 20, (3, 5), (1, 2), (0, 2)),
    ((2, 8, 8, 1), 5, (2, 1), (1, 1), (0, 0)),
]


def exact(function, *arrays, **options):
    """The reference in float64, and the sum of the absolute values of all that is added up."""
    wide = [a.astype(np.float64) for a in arrays]
    return function(*wide, **options), function(*map(abs, wide), **options)


@st.composite
def cases(draw):
    """An input (N, H, W, C), a kernel to a channel or two, stride, padding and dilation."""
    pair = lambda low, high: (draw(st.integers(low, high)), draw(st.integers(low, high)))  # noqa: E731
    kernel, stride, padding, dilation = pair(1, 4), pair(1, 2), pair(0, 5), pair(1, 3)
    size = [
        max(d * (k - 1) + 1 - 2 * p, 1) + draw(st.integers(0, 9))
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    ]
    rng, dtype = np.random.default_rng(draw(st.integers(0, 99))), draw(st.sampled_from([np.float32, np.float64]))
    x = rng.normal(size=(draw(st.integers(0, 3)), *size, draw(st.integers(0, 20)))).astype(dtype)
    weight = rng.normal(size=(*kernel, x.shape[3], draw(st.integers(1, 2)))).astype(dtype)
    return x, weight, stride, padding, dilation


@given(cases())
def test_both_are_the_references(case):
    x, weight, *where = case
    settings = dict(zip(("stride", "padding", "dilation"), where, strict=True))
    y, size = exact(reference.conv2d, x, weight, **settings, groups=1)
    got = np.full(y.shape, np.nan, x.dtype)
    few_channels.convolve(got, x, weight, **settings)
    eps = np.finfo(x.dtype).eps
    assert (abs(got - y) <= (weight[..., 0].size + 2) * eps * size).all()

    turned = np.ascontiguousarray(weight.swapaxes(2, 3))  # from those few channels to x's
    few = np.empty((*x.shape[:3], turned.shape[2]), x.dtype)
    g = np.random.default_rng(1).normal(size=(*y.shape[:3], turned.shape[3])).astype(x.dtype)
    back, size = exact(reference.conv2d_input_grad, g, turned, input_size=x.shape[1:3], **settings, groups=1)
    few_channels.spread(few, g, turned, **settings)
    assert (abs(few - back) <= (turned[:, :, 0].size + 2) * eps * size).all()


@pytest.mark.parametrize(("image", "channels", "kernel", "stride", "padding"), PICTURES)
def test_pictures_go_this_way_and_threads_change_no_bit(
    draw_array, one_and_many_threads, monkeypatch, image, channels, kernel, stride, padding
):
    went = []
    for name in ("convolve", "spread"):
        method = getattr(few_channels, name)
        monkeypatch.setattr(few_channels, name, lambda *a, name=name, method=method: went.append(name) or method(*a))
    weight = draw_array((*kernel, image[3], channels), 0, np.float32)
    size = reference.conv2d_output_size(image[1:3], kernel, stride, padding, (1, 1))
    g = draw_array((image[0], *size, channels), 1, np.float32)
    one_and_many_threads(lambda: conv.conv2d_input_grad(g, weight, image[1:3], stride, padding, (1, 1), 1))
    back = weight.swapaxes(2, 3)
    many = draw_array((*image[:3], channels), 2, np.float32)
    one_and_many_threads(lambda: conv.conv2d(many, back, stride, padding, (1, 1), 1))
    assert set(went) == {"convolve", "spread"}


@pytest.mark.parametrize(("kernel", "channels", "groups"), [((3, 3), 5, 1), ((3, 3), 1, 2), ((9, 9), 1, 1)])
def test_others_do_not(kernel, channels, groups):
    assert not few_channels.pays(np.dtype(np.float32), kernel, channels, groups)


def test_nan_reaches_every_window_that_sees_it(draw_array):
    x, weight = draw_array((2, 9, 9, 6), 0, np.float32), draw_array((3, 3, 6, 1), 1, np.float32)
    x[1, 4, 4, 2] = np.nan
    y = conv.conv2d(x, weight, (1, 1), (1, 1), (1, 1), 1)
    assert np.isnan(y[1, 3:6, 3:6]).all() and np.isnan(y).sum() == 9
