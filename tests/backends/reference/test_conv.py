import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import conv
from minigen.errors import ShapeError

pairs = {
    "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "stride": st.tuples(st.integers(1, 3), st.integers(1, 2)),
    "padding": st.tuples(st.integers(0, 2), st.integers(0, 2)),
    "dilation": st.tuples(st.integers(1, 2), st.integers(1, 2)),
}


@st.composite
def cases(draw):
    """x, weight and the settings of a convolution, sizes 0 included."""
    kernel, stride, padding, dilation = (draw(p) for p in pairs.values())
    groups, n = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    size = [max(d * (k - 1) + 1 - 2 * p, 1) + draw(st.integers(0, 4)) for k, d, p in zip(kernel, dilation, padding)]  # noqa: B905
    c, o = groups * draw(st.integers(0, 2)), groups * draw(st.integers(0, 2))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x, weight = rng.normal(size=(n, *size, c))[:, ::-1], rng.normal(size=(*kernel, c // groups, o))
    return x, weight, (stride, padding, dilation, groups)


@given(cases())
def test_gradients_are_adjoints(case):
    x, weight, settings = case
    y = conv.conv2d(x, weight, *settings)
    g = np.random.default_rng(1).normal(size=y.shape)
    inner = np.vdot(g, y)
    np.testing.assert_allclose(
        np.vdot(conv.conv2d_input_grad(g, weight, x.shape[1:3], *settings), x), inner, atol=1e-10
    )
    np.testing.assert_allclose(
        np.vdot(conv.conv2d_weight_grad(x, g, weight.shape[:2], *settings), weight), inner, atol=1e-10
    )


@given(cases())
def test_agrees_with_torch(torch, case):
    x, weight, (stride, padding, dilation, groups) = case
    if 0 in x.shape or 0 in weight.shape:
        return  # torch refuses most of them
    tx = torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True)
    tw = torch.tensor(weight.transpose(3, 2, 0, 1).copy(), requires_grad=True)
    ty = torch.nn.functional.conv2d(tx, tw, None, stride, padding, dilation, groups)
    y = conv.conv2d(x, weight, stride, padding, dilation, groups)
    np.testing.assert_allclose(np.moveaxis(y, -1, 1), ty.detach(), atol=1e-12)
    g = np.random.default_rng(1).normal(size=y.shape)
    ty.backward(torch.tensor(np.moveaxis(g, -1, 1).copy()))
    dx = conv.conv2d_input_grad(g, weight, x.shape[1:3], stride, padding, dilation, groups)
    dw = conv.conv2d_weight_grad(x, g, weight.shape[:2], stride, padding, dilation, groups)
    np.testing.assert_allclose(np.moveaxis(dx, -1, 1), tx.grad, atol=1e-12)
    np.testing.assert_allclose(dw.transpose(3, 2, 0, 1), tw.grad, atol=1e-12)


@given(cases())
def test_writes_to_out_of_any_strides(case):
    x, weight, settings = case
    y = conv.conv2d(x, weight, *settings)
    out = np.full(y.shape[::-1], np.nan).T
    assert conv.conv2d(x, weight, *settings, out=out) is out
    np.testing.assert_array_equal(out, y)
    dx = np.full(x.shape, np.nan)[:, ::-1]
    assert conv.conv2d_input_grad(y, weight, x.shape[1:3], *settings, out=dx) is dx
    np.testing.assert_array_equal(dx, conv.conv2d_input_grad(y, weight, x.shape[1:3], *settings))
    dw = np.full(weight.shape[::-1], np.nan).T
    assert conv.conv2d_weight_grad(x, y, weight.shape[:2], *settings, out=dw) is dw
    np.testing.assert_array_equal(dw, conv.conv2d_weight_grad(x, y, weight.shape[:2], *settings))


def test_a_window_larger_than_the_input_is_named():
    with pytest.raises(ShapeError, match="3×5 pixels does not fit an input of 4×4"):
        conv.conv2d_output_size((2, 2), (3, 3), (1, 1), (1, 1), (1, 2))
