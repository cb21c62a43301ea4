"""Cases of `core/ops/pool.py`; the references visit every output pixel in plain loops."""

import math

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _windows(distinct):
    def draw(d):
        kernel = d.choice((d.integer(1, 3), (d.integer(1, 3), d.integer(1, 3))))
        padding = tuple(d.integer(0, k // 2) for k in _pair(kernel))
        size = tuple(max(k - 2 * p, 1) + d.integer(0, 4) for k, p in zip(_pair(kernel), padding, strict=True))
        shape = (d.side(most=2), *size, d.integer(1, 3))
        options = {"kernel_size": kernel, "stride": d.choice((None, 1, (2, 3))), "padding": padding}
        return Sample((d.distinct(shape) if distinct else d.values(shape),), options)

    return draw


def _pooled(reduce, fill):
    def reference(x, kernel_size, stride, padding):
        (kh, kw), (ph, pw) = _pair(kernel_size), padding
        sh, sw = _pair(kernel_size if stride is None else stride)
        x = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)), constant_values=fill)
        n, h, w, c = x.shape
        y = np.zeros((n, (h - kh) // sh + 1, (w - kw) // sw + 1, c))
        for i, j in np.ndindex(*y.shape[1:3]):
            y[:, i, j] = reduce(x[:, i * sh : i * sh + kh, j * sw : j * sw + kw], axis=(1, 2))
        return y

    return reference


def _interpolate(d):
    size = d.integer(1, 4), d.integer(1, 4)
    x = d.values((d.side(most=2), *size, d.integer(1, 2)))
    scale = {"scale_factor": d.choice((2, 3, (1, 2), 0.5 if min(size) > 1 else 2))}
    options = d.choice((scale, {"size": (d.integer(1, 6), d.integer(1, 6))}, {"size": 4}))
    return Sample((x,), {**options, "mode": d.choice(("nearest", "bilinear"))})


def _interpolate_reference(x, mode, size=None, scale_factor=None):
    n, h, w, c = x.shape
    if size is None:
        factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
        (oh, ow), steps = (int(h * factors[0]), int(w * factors[1])), (1 / factors[0], 1 / factors[1])
    else:
        oh, ow = _pair(size)
        steps = h / oh, w / ow
    y = np.zeros((n, oh, ow, c))
    for i, j in np.ndindex(oh, ow):
        for row, a in _sources(i, h, steps[0], mode):
            for column, b in _sources(j, w, steps[1], mode):
                y[:, i, j] += a * b * x[:, row, column]
    return y


def _sources(i, n, step, mode):
    """Which of n pixels output pixel i looks at, and with what weight."""
    if mode == "nearest":
        return [(min(math.floor(i * step + 1e-9), n - 1), 1.0)]
    position = min(max((i + 0.5) * step - 0.5, 0.0), n - 1.0)
    left = math.floor(position)
    return [(left, 1 - (position - left)), (min(left + 1, n - 1), position - left)]


CASES = (
    Case("max_pool2d", F.max_pool2d, _pooled(np.max, -np.inf), _windows(distinct=True)),
    Case("avg_pool2d", F.avg_pool2d, _pooled(np.mean, 0.0), _windows(distinct=False)),
    Case("interpolate", F.interpolate, _interpolate_reference, _interpolate),
)
