"""Cases of `core/ops/conv.py`; the references visit every output pixel in plain loops."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _pair(value):
    return (value, value) if isinstance(value, int) else value


def _window(d):
    """Stride, padding and dilation, as numbers or pairs."""
    options = {}
    for name, low, high in (("stride", 1, 3), ("padding", 0, 2), ("dilation", 1, 2)):
        options[name] = d.integer(low, high) if d.boolean() else (d.integer(low, high), d.integer(low, high))
    return options


def _large_enough(d, kernel, window):
    padding, dilation = _pair(window["padding"]), _pair(window["dilation"])
    reach = [a * (k - 1) + 1 - 2 * p for a, k, p in zip(dilation, kernel, padding, strict=True)]
    return tuple(max(r, 1) + d.integer(0, 3) for r in reach)


def _conv2d(d):
    groups = d.choice((1, 1, 2))
    c, o = groups * d.integer(1, 2), groups * d.integer(1, 2)
    kernel, window = (d.integer(1, 3), d.integer(1, 3)), _window(d)
    x = d.values((d.side(most=2), *_large_enough(d, kernel, window), c))
    inputs = x, d.values((*kernel, c // groups, o))
    if d.integer(0, 4) == 4 and (window["padding"] == 0 or _pair(window["stride"]) == (1, 1)):
        window["padding"] = "same" if _pair(window["stride"]) == (1, 1) else "valid"
    return Sample((*inputs, d.values((o,))) if d.boolean() else inputs, {**window, "groups": groups})


def _conv2d_reference(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ah, aw) = _pair(stride), _pair(dilation)
    kh, kw, _, o = weight.shape
    if padding == "same":
        widths = [(n // 2, n - n // 2) for n in (ah * (kh - 1), aw * (kw - 1))]
    else:
        widths = [(n, n) for n in _pair(0 if padding == "valid" else padding)]
    x = np.pad(x, ((0, 0), *widths, (0, 0)))
    n, h, w, c = x.shape
    y = np.zeros((n, (h - ah * (kh - 1) - 1) // sh + 1, (w - aw * (kw - 1) - 1) // sw + 1, o))
    for _, i, j, k in np.ndindex(1, *y.shape[1:]):
        group = k // (o // groups)
        channels = slice(group * (c // groups), (group + 1) * (c // groups))
        seen = x[:, i * sh : i * sh + ah * (kh - 1) + 1 : ah, j * sw : j * sw + aw * (kw - 1) + 1 : aw, channels]
        y[:, i, j, k] = np.sum(seen * weight[..., k], axis=(1, 2, 3))
    return y if bias is None else y + bias


def _conv1d(d):
    groups, kernel = d.choice((1, 2)), d.integer(1, 3)
    window = {"stride": d.integer(1, 3), "padding": d.integer(0, 2), "dilation": d.integer(1, 2)}
    length = max(window["dilation"] * (kernel - 1) + 1 - 2 * window["padding"], 1) + d.integer(0, 3)
    inputs = d.values((d.side(most=2), length, groups)), d.values((kernel, 1, 2 * groups))
    return Sample((*inputs, d.values((2 * groups,))) if d.boolean() else inputs, {**window, "groups": groups})


def _conv1d_reference(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = _conv2d_reference(x[:, None], weight[None], bias, (1, stride), (0, padding), (1, dilation), groups)
    return y[:, 0]


def _conv_transpose2d(d):
    groups = d.choice((1, 1, 2))
    c, o = groups * d.integer(1, 2), groups * d.integer(1, 2)
    kernel, window = (d.integer(1, 3), d.integer(1, 3)), _window(d)
    steps = [max(s, a) for s, a in zip(_pair(window["stride"]), _pair(window["dilation"]), strict=True)]
    extra = tuple(d.integer(0, s - 1) for s in steps)
    size = tuple(
        max(2, -(-(2 * p - a * (k - 1)) // s) + 1) + d.integer(0, 1)
        for s, p, a, k in zip(*map(_pair, window.values()), kernel, strict=True)
    )
    inputs = d.values((d.side(most=2), *size, c)), d.values((*kernel, c, o // groups))
    options = {**window, "output_padding": extra, "groups": groups}
    return Sample((*inputs, d.values((o,))) if d.boolean() else inputs, options)


def _conv_transpose2d_reference(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    (sh, sw), (ph, pw), (ah, aw), (eh, ew) = map(_pair, (stride, padding, dilation, output_padding))
    (n, h, w, c), (kh, kw, _, share) = x.shape, weight.shape
    full = np.zeros((n, (h - 1) * sh + ah * (kh - 1) + 1 + eh, (w - 1) * sw + aw * (kw - 1) + 1 + ew, share * groups))
    for i, j, a, b, k in np.ndindex(h, w, kh, kw, c):
        group = k // (c // groups)
        spread = x[:, i, j, k, None] * weight[a, b, k]
        full[:, i * sh + a * ah, j * sw + b * aw, group * share : (group + 1) * share] += spread
    y = full[:, ph : full.shape[1] - ph, pw : full.shape[2] - pw]
    return y if bias is None else y + bias


CASES = (
    Case("conv1d", F.conv1d, _conv1d_reference, _conv1d),
    Case("conv2d", F.conv2d, _conv2d_reference, _conv2d),
    Case("conv_transpose2d", F.conv_transpose2d, _conv_transpose2d_reference, _conv_transpose2d),
)
