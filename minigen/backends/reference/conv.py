"""Two-dimensional convolution, channels last, and its two derivatives.

One loop over the kernel's taps: at tap (i, j) output pixel (h, w) meets input pixel (h·stride + i·dilation − padding,
…), so the input of a tap is a strided view and its work one matrix product per group. x is (N, H, W, C), weight
(KH, KW, C/groups, O), the output (N, OH, OW, O); stride, padding and dilation are pairs (height, width).
"""

import numpy as np

from ...errors import ShapeError


def conv2d_output_size(size, kernel, stride, padding, dilation):
    """Height and width (OH, OW) that a sliding window of `kernel` (KH, KW) leaves of an input `size` (H, W).

    OH = ⌊(H + 2·padding − dilation·(KH − 1) − 1) / stride⌋ + 1. Raises ShapeError where the window is larger than the
    padded input.
    """
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padded = [n + 2 * p for n, p in zip(size, padding, strict=True)]
    if spans[0] > padded[0] or spans[1] > padded[1]:
        raise ShapeError(
            f"a window spanning {spans[0]}×{spans[1]} pixels does not fit an input of {padded[0]}×{padded[1]} "
            "(padding included): use a larger input, more padding or a smaller kernel"
        )
    return tuple((n - span) // s + 1 for n, span, s in zip(padded, spans, stride, strict=True))


def pad_image(x, padding, value=0):
    """Surround the images (N, H, W, C) by `padding` (height, width) pixels of `value` on each side."""
    (ph, pw), (n, h, w, c) = padding, x.shape
    padded = np.full((n, h + 2 * ph, w + 2 * pw, c), value, x.dtype)
    padded[:, ph : ph + h, pw : pw + w] = x
    return padded


def taps(padded, kernel, output_size, stride, dilation=(1, 1)):
    """Yield (i, j, view) per kernel tap in row-major order; view (N, OH, OW, C) is what the tap sees of `padded`."""
    (kh, kw), (oh, ow) = kernel, output_size
    for i, j in np.ndindex(kh, kw):
        top, left = i * dilation[0], j * dilation[1]
        rows = slice(top, top + (oh - 1) * stride[0] + 1, stride[0])
        yield i, j, padded[:, rows, left : left + (ow - 1) * stride[1] + 1 : stride[1]]


def _by_group(x, groups):
    """(N, H, W, G·C) -> (G, N·H·W, C)."""
    n, h, w, c = x.shape
    return x.reshape(n * h * w, groups, c // groups).swapaxes(0, 1)


def _weight_by_group(weight, groups):
    """(KH, KW, C/G, O) -> (KH, KW, G, C/G, O/G)."""
    kh, kw, c, o = weight.shape
    return weight.reshape(kh, kw, c, groups, o // groups).swapaxes(2, 3)


def conv2d(x, weight, stride, padding, dilation, groups, out=None, bias=None):
    """Cross-correlation of images with a kernel: (N, H, W, C), (KH, KW, C/groups, O) -> (N, OH, OW, O).

    out[n, h, w, o] = bias[o] + Σ_{i,j,c} x[n, h·stride + i·dilation − padding, …, c] · weight[i, j, c, o], where input
    channel c runs over the group of o and pixels outside the input are zero; bias is (O,) or None.
    """
    kernel, o = weight.shape[:2], weight.shape[3]
    oh, ow = conv2d_output_size(x.shape[1:3], kernel, stride, padding, dilation)
    w = _weight_by_group(weight, groups)
    total = np.zeros((groups, x.shape[0] * oh * ow, o // groups), np.result_type(x, weight))
    for i, j, tap in taps(pad_image(x, padding), kernel, (oh, ow), stride, dilation):
        total += _by_group(tap, groups) @ w[i, j]
    total = total.swapaxes(0, 1).reshape(x.shape[0], oh, ow, o)
    return _deliver(total if bias is None else total + bias, out)


def conv2d_input_grad(g, weight, input_size, stride, padding, dilation, groups, out=None):
    """Adjoint of `conv2d` in x: g (N, OH, OW, O) -> (N, H, W, C) with (H, W) = `input_size`; also conv_transpose2d."""
    kernel, channels = weight.shape[:2], weight.shape[2] * groups
    (h, width), (ph, pw) = input_size, padding
    padded = np.zeros((g.shape[0], h + 2 * ph, width + 2 * pw, channels), np.result_type(g, weight))
    w, by_group = _weight_by_group(weight, groups), _by_group(g, groups)
    for i, j, tap in taps(padded, kernel, g.shape[1:3], stride, dilation):
        tap += (by_group @ w[i, j].swapaxes(1, 2)).swapaxes(0, 1).reshape(tap.shape)
    return _deliver(padded[:, ph : ph + h, pw : pw + width], out)


def conv2d_weight_grad(x, g, kernel_size, stride, padding, dilation, groups, out=None):
    """Adjoint of `conv2d` in weight: x (N, H, W, C), g (N, OH, OW, O) -> (KH, KW, C/groups, O)."""
    c, o = x.shape[3] // groups, g.shape[3]
    total, by_group = np.empty((*kernel_size, c, o), np.result_type(x, g)), _by_group(g, groups)
    for i, j, tap in taps(pad_image(x, padding), kernel_size, g.shape[1:3], stride, dilation):
        total[i, j] = (_by_group(tap, groups).swapaxes(1, 2) @ by_group).swapaxes(0, 1).reshape(c, o)
    return _deliver(total, out)


def _deliver(result, out):
    if out is None:
        return np.ascontiguousarray(result)
    out[...] = result
    return out
