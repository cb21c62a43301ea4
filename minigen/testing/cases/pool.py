"""Cases of `core/ops/pool.py` and `resample.py`; the references visit every output pixel in plain loops."""

import itertools
import math

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _windows(most):
    """Windows with a dilation of at most ``most``."""

    def draw(d):
        kernel, dilation = d.choice((d.integer(1, 3), (d.integer(1, 3), d.integer(1, 3)))), d.integer(1, most)
        padding = tuple(d.integer(0, k // 2) for k in _pair(kernel))
        # with a dilation, a window may fall between the pixels of a small image: then none is that small
        slack = 2 if dilation == 1 else 0
        least = [dilation * (k - 1) + 1 - slack * p for k, p in zip(_pair(kernel), padding, strict=True)]
        shape = (d.side(most=2), *(max(n, 1) + d.integer(0, 4) for n in least), d.integer(1, 3))
        options = {"kernel_size": kernel, "stride": d.choice((None, 1, (2, 3))), "padding": padding}
        options["ceil_mode"] = d.boolean()
        if most > 1:
            return Sample((d.distinct(shape),), {**options, "dilation": dilation, "return_indices": d.boolean()})
        counting = d.choice(({}, {"count_include_pad": False}, {"divisor_override": 3}))
        return Sample((d.values(shape),), {**options, **counting})

    return draw


def _each_window(x, kernel_size, stride, padding, ceil_mode, dilation=1):
    """(i, j, rows, columns) of each output pixel: which rows and columns of the padded image it sees."""
    axes = []
    for n, k, s, p in zip(x.shape[1:3], _pair(kernel_size), _pair(stride or kernel_size), padding, strict=True):
        reach, end = dilation * (k - 1) + 1, n + 2 * p
        starts = [start for start in range(0, end, s) if start + reach <= end]
        following = starts[-1] + s
        if ceil_mode and starts[-1] + reach < end and following < n + p:
            starts.append(following)
        axes.append([[at for at in range(start, start + reach, dilation) if at < end] for start in starts])
    for (i, rows), (j, columns) in itertools.product(*map(enumerate, axes)):
        yield i, j, rows, columns


def _max_reference(x, return_indices, **options):
    (ph, pw), (n, h, w, c) = options["padding"], x.shape
    windows = list(_each_window(x, **options))
    y = np.zeros((n, windows[-1][0] + 1, windows[-1][1] + 1, c))
    places = np.zeros(y.shape, np.int64)
    for i, j, rows, columns in windows:
        pixels = [(r - ph, s - pw) for r in rows for s in columns if 0 <= r - ph < h and 0 <= s - pw < w]
        seen = np.stack([x[:, r, s] for r, s in pixels])
        y[:, i, j] = seen.max(0)
        places[:, i, j] = np.array([r * w + s for r, s in pixels])[seen.argmax(0)]
    return (y, places) if return_indices else y


def _avg_reference(x, count_include_pad=True, divisor_override=None, **options):
    padding = [(p, p) for p in options["padding"]]
    padded, real = (np.pad(a, ((0, 0), *padding, (0, 0))) for a in (x, np.ones((1, *x.shape[1:3], 1))))
    windows = list(_each_window(x, **options))
    y = np.zeros((x.shape[0], windows[-1][0] + 1, windows[-1][1] + 1, x.shape[3]))
    for i, j, rows, columns in windows:
        count = len(rows) * len(columns) if count_include_pad else real[0][np.ix_(rows, columns)].sum()
        total = padded[:, rows][:, :, columns].sum((1, 2))
        y[:, i, j] = total / (count if divisor_override is None else divisor_override)
    return y


def _interpolate(d):
    size = d.integer(1, 4), d.integer(1, 4)
    x = d.values((d.side(most=2), *size, d.integer(1, 2)))
    scale = {"scale_factor": d.choice((2, 3, (1, 2), 0.5 if min(size) > 1 else 2))}
    options = d.choice((scale, {"size": (d.integer(1, 6), d.integer(1, 6))}, {"size": 4}))
    mode = d.choice(("nearest", "bilinear"))
    return Sample((x,), {**options, "mode": mode, "align_corners": mode == "bilinear" and d.boolean()})


def _interpolate_reference(x, mode, align_corners, size=None, scale_factor=None):
    n, h, w, c = x.shape
    if size is None:
        factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
        (oh, ow), steps = (int(h * factors[0]), int(w * factors[1])), (1 / factors[0], 1 / factors[1])
    else:
        oh, ow = _pair(size)
        steps = h / oh, w / ow
    if align_corners:
        mode, steps = "corners", ((h - 1) / max(oh - 1, 1), (w - 1) / max(ow - 1, 1))
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
    position = i * step if mode == "corners" else (i + 0.5) * step - 0.5
    position = min(max(position, 0.0), n - 1.0)
    left = math.floor(position)
    return [(left, 1 - (position - left)), (min(left + 1, n - 1), position - left)]


def _shuffle(d):
    r = d.integer(1, 3)
    shape = (*d.shape(most_axes=2), d.side(), d.side(), r * r * d.integer(1, 2))
    return Sample((d.values(shape),), {"upscale_factor": r})


def _shuffle_reference(x, upscale_factor):
    r = upscale_factor
    *lead, h, w, c = x.shape
    y = np.zeros((*lead, h * r, w * r, c // r**2))
    for i, j, k in np.ndindex(r, r, c // r**2):
        y[..., i::r, j::r, k] = x[..., k * r * r + i * r + j]
    return y


def _unshuffle(d):
    r = d.integer(1, 3)
    shape = (*d.shape(most_axes=2), r * d.side(), r * d.side(), d.integer(1, 2))
    return Sample((d.values(shape),), {"downscale_factor": r})


def _unshuffle_reference(x, downscale_factor):
    r = downscale_factor
    channels = [x[..., i::r, j::r, k] for k in range(x.shape[-1]) for i in range(r) for j in range(r)]
    return np.stack(channels, axis=-1)


CASES = (
    Case("max_pool2d", F.max_pool2d, _max_reference, _windows(most=2)),
    Case("avg_pool2d", F.avg_pool2d, _avg_reference, _windows(most=1)),
    Case("interpolate", F.interpolate, _interpolate_reference, _interpolate),
    Case("pixel_shuffle", F.pixel_shuffle, _shuffle_reference, _shuffle),
    Case("pixel_unshuffle", F.pixel_unshuffle, _unshuffle_reference, _unshuffle),
)
