"""Convolution, channels last, on the register tile of `simd`: no im2col.

In channels-last memory the numbers that one row of the kernel meets, (kw, c), lie side by side. So the tile's rows are
pixels of the output, its columns output channels, and its sum runs over (kernel row, kernel column, channel) by
strides alone. Images are taken in bands of rows small enough for the second cache; a band that padding touches is
first copied, with its border of zeros, to a scratch of the thread.

    for each image, for each band of its output rows
        (copy the band with its border)
        for each group of channels, for each panel of output channels
            for each tile of pixels: y[pixels, panel] = Σ_{kh, kw, c} x[…] · weight[kh, kw, c, panel]

The kernel's panels are packed once. The gradient in x runs through the same loops: with stride s, the pixels of x of
one phase (h mod s, w mod s) meet every s-th row and column of the kernel only, and are a convolution of g, stride 1,
with that part of the kernel, flipped and with its channels exchanged.

Where a kernel of 3×3 taps (or 4×4 with stride 2) meets enough channels, `winograd` does the same with fewer
multiplications; where there are too few channels to fill the tile's lanes, `few_channels` fills them with taps; a
kernel of one tap is a product of matrices, by `gemm`.
"""

from itertools import product
from math import gcd, prod
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from ..reference import conv as reference
from . import few_channels
from .buffers import ZEROS, compact, deliver, flat, pad_rows, scratch, target_for, turn
from .conv_grad import served_size
from .gemm import RATE, linear, matmul, parts_for
from .panel import NONE, UNIT
from .simd import GROUP, GROUPS, VECTORS, run_tile
from .threads import launch
from .vectors import VECTOR_BYTES, driver, pointer
from .winograd import algorithm_for, convolve, convolve_alone, plan

BAND = 1 << 16  # numbers of an image that are worked on at a time


@njit(cache=True)
def _pack(weight, groups, kernel_width, rows, columns, taps_h, taps_w, first_h, first_w, step_h, step_w, turned):
    """The kernel's taps as panels [group, panel, tap, row, column of the panel].

    Tap (i, j) is weight[first_h + i·step_h, first_w + j·step_w], a matrix (rows, groups·columns) of which each group
    has its columns; if `turned`, it is stored (columns, groups·rows) and a group's part is transposed.
    """
    size = VECTORS * VECTOR_BYTES // weight.itemsize
    panels = -(-columns // size)
    count = groups * panels * taps_h * taps_w * rows
    packed, start = scratch(weight, (count + size) * size)
    stride = groups * (rows if turned else columns)
    at = start
    for g in range(groups):
        for j in range(0, columns, size):
            for tap in range(taps_h * taps_w):
                h, w = first_h + tap // taps_w * step_h, first_w + tap % taps_w * step_w
                source = (h * kernel_width + w) * rows * columns * groups
                valid = min(size, columns - j)
                if valid < size:
                    packed[at : at + rows * size] = 0  # `winograd` transforms a panel whole
                if turned:
                    turn(packed, at, size, weight, source + j * stride + g * rows, stride, valid, rows)
                else:
                    compact(packed, at, size, weight, source + g * columns + j, stride, rows, valid)
                at += rows * size
    return packed, start


@njit(inline="always")
def _pixels(
    y, start, start_at, x, w, y_at, y_h, y_w, x_at, x_h, x_w, a_step, w_at, w_step, count, rows, row_pixels, columns,
    size,
):  # fmt: skip
    """One panel of output channels for `rows` lines of `row_pixels` pixels, tile by tile.

    A line is cut into groups of pixels; its last one is moved back to end with it, and some pixels computed twice.
    """
    vectors = -(-columns // size)
    line = -(-row_pixels // GROUP)
    valid, furthest = min(GROUP, row_pixels), max(0, row_pixels - GROUP)
    for first in range(0, rows * line, GROUPS):
        q0, q1, q2 = first, min(first + 1, rows * line - 1), min(first + 2, rows * line - 1)
        h0, h1, h2 = q0 // line, q1 // line, q2 // line
        w0, w1 = min((q0 - h0 * line) * GROUP, furthest), min((q1 - h1 * line) * GROUP, furthest)
        w2 = min((q2 - h2 * line) * GROUP, furthest)
        operands = (
            y, (y_at + h0 * y_h + w0 * y_w, y_at + h1 * y_h + w1 * y_w, y_at + h2 * y_h + w2 * y_w), y_w,
            start, (start_at, start_at, start_at), 0,
            x, (x_at + h0 * x_h + w0 * x_w, x_at + h1 * x_h + w1 * x_w, x_at + h2 * x_h + w2 * x_w), x_w,
            w, w_at, a_step, w_step, count, valid, columns - (vectors - 1) * size,
        )  # fmt: skip
        run_tile(min(GROUPS, rows * line - first), vectors, operands)


@njit(cache=True)
def _slide(
    y, start, biased, x, weight, weight_at, images, height, width, inputs, y_height, y_width, outputs, y_at, y_n, y_h,
    y_w, taps_h, taps_w, stride_h, stride_w, dilation_h, dilation_w, top, left, groups, part, parts,
):  # fmt: skip
    """Part `part` of `parts` of y; x has `inputs` and y `outputs` channels a group, and y strides of its own.

    `start` holds a bias for each channel of y if `biased` is 1, else zeros for one row of a tile.
    """
    driver()
    size = VECTOR_BYTES // y.itemsize
    channels, panel = groups * inputs, VECTORS * size
    span_h, span_w = (taps_h - 1) * dilation_h + 1, (taps_w - 1) * dilation_w + 1
    padded_width = (y_width - 1) * stride_w + span_w
    inside = top == 0 and left == 0 and padded_width <= width and (y_height - 1) * stride_h + span_h <= height
    band = max(1, (BAND // (padded_width * channels) - span_h) // stride_h + 1)
    lines = min(band, y_height) * stride_h + span_h
    memory, memory_at = scratch(x, 1 if inside else lines * padded_width * channels)
    line = (width if inside else padded_width) * channels
    # of one group, and without gaps between the taps, (kw, c) is one run of numbers
    count = (taps_h, 1, taps_w * inputs) if dilation_w == 1 and groups == 1 else (taps_h, taps_w, inputs)
    a_step, w_step = (dilation_h * line, dilation_w * channels, 1), (taps_w * inputs * panel, inputs * panel, panel)
    first, last = images * y_height * part // parts, images * y_height * (part + 1) // parts
    while first < last:
        n, h = first // y_height, first % y_height
        rows = min(band, y_height - h, last - first)
        source, at = pointer(x), n * height * width * channels
        if inside:
            at += h * stride_h * line
        else:
            pad_rows(
                memory, memory_at, x, at, height, width, channels, h * stride_h - top, 1,
                (rows - 1) * stride_h + span_h, left, padded_width,
            )  # fmt: skip
            source, at = pointer(memory), memory_at
        w_at = weight_at
        for g in range(groups):
            for j in range(0, outputs, panel):
                _pixels(
                    pointer(y), pointer(start), (g * outputs + j) * biased, source, pointer(weight),
                    y_at + n * y_n + h * y_h + g * outputs + j, y_h, y_w,
                    at + g * inputs, stride_h * line, stride_w * channels, a_step, w_at, w_step, count,
                    rows, y_width, min(panel, outputs - j), size,
                )  # fmt: skip
                w_at += taps_h * taps_w * inputs * panel
        first += rows


@njit(cache=True, parallel=True)
def _slide_parallel(
    y, start, biased, x, weight, weight_at, images, height, width, inputs, y_height, y_width, outputs, y_at, y_n, y_h,
    y_w, taps_h, taps_w, stride_h, stride_w, dilation_h, dilation_w, top, left, groups, parts,
):  # fmt: skip
    for part in prange(parts):
        _slide(
            y, start, biased, x, weight, weight_at, images, height, width, inputs, y_height, y_width, outputs, y_at,
            y_n, y_h, y_w, taps_h, taps_w, stride_h, stride_w, dilation_h, dilation_w, top, left, groups,
            np.int64(part), parts,
        )  # fmt: skip


def _convolve(y, y_shape, y_steps, x, x_shape, panels, at, taps, stride, dilation, padding, groups, bias=None):
    """y = x ∗ taps + bias on flat arrays, by the method that is fastest for such shapes.

    `y_steps` are where y begins and its strides (image, row, pixel); `taps` (height, width) lie in `panels` from `at`.
    """
    start, biased = (ZEROS[x.dtype], 0) if bias is None else (flat(bias), 1)
    algorithm = algorithm_for(x.dtype, x_shape, y_shape, taps, stride, dilation, groups)
    if algorithm is not None:
        convolve(algorithm, y, y_shape, y_steps, start, biased, x, x_shape, panels, at, stride, padding)
        return
    (n, h, w, c), (_, oh, ow, o) = x_shape, y_shape
    operations = 2 * n * oh * ow * o * taps[0] * taps[1] * c // groups
    args = (
        y, start, biased, x, panels, at, n, h, w, c // groups, oh, ow, o // groups, *y_steps,
        *taps, *stride, *dilation, *padding, groups,
    )  # fmt: skip
    parts = parts_for(operations)
    if parts == 1:
        _slide(*args, 0, 1)
    else:
        launch(_slide_parallel, operations / RATE, *args, parts)


def conv2d(x, weight, stride, padding, dilation, groups, out=None, bias=None):
    """See `reference.conv2d`; float32 and float64 are served here, the bias in the same pass."""
    settings = (stride, padding, dilation, groups)
    size = served_size(x, weight, x.shape, weight.shape, settings)
    fits = bias is None or (bias.dtype == x.dtype and bias.shape == weight.shape[3:])
    if size is None or not fits:
        return reference.conv2d(x, weight, *settings, out=out, bias=bias)
    (kh, kw, c, o), (oh, ow) = weight.shape, size
    operands = (x, weight) if bias is None else (x, weight, bias)
    y = target_for(out, (len(x), oh, ow, o), x.dtype, *operands)
    if pointwise((kh, kw), stride, padding, groups):
        linear(x, weight[0, 0], bias, out=y)
        return deliver(y, out)
    if few_channels.pays(x.dtype, (kh, kw), o, groups) and prod(stride) <= few_channels.MOST_STRIDE:
        few_channels.convolve(y, x, weight, stride, padding, dilation, bias)
        return deliver(y, out)
    panels, at = _pack(flat(weight), groups, kw, c, o // groups, kh, kw, 0, 0, 1, 1, False)
    steps = (0, oh * ow * o, ow * o, o)
    where = (stride, dilation, padding, groups)
    _convolve(flat(y), y.shape, steps, flat(x), x.shape, panels, at, (kh, kw), *where, bias=bias)
    return deliver(y, out)


def conv2d_input_grad(g, weight, input_size, stride, padding, dilation, groups, out=None):
    """See `reference.conv2d_input_grad`; float32 and float64 are served here."""
    settings = (stride, padding, dilation, groups)
    kh, kw, c, o = weight.shape
    shape = (len(g), *input_size, groups * c)
    size = served_size(g, weight, shape, weight.shape, settings)
    if size is None or g.shape[1:] != (*size, o):
        return reference.conv2d_input_grad(g, weight, input_size, *settings, out=out)
    x = target_for(out, shape, g.dtype, g, weight)
    if pointwise((kh, kw), stride, padding, groups):
        matmul(g, weight[0, 0].T, out=x)
        return deliver(x, out)
    if few_channels.pays(g.dtype, (kh, kw), c, groups):
        few_channels.spread(x, g, weight, stride, padding, dilation)
        return deliver(x, out)
    rows = list(_phases(kh, shape[1], stride[0], padding[0], dilation[0]))
    columns = list(_phases(kw, shape[2], stride[1], padding[1], dilation[1]))
    g_flat, weight_flat = flat(g), flat(weight)
    if not _phases_at_once(x, g_flat, g.shape, weight_flat, weight.shape, stride, groups, rows, columns):
        for row, column in product(rows, columns):
            _phase(x, g_flat, g.shape, weight_flat, weight.shape, stride, groups, row, column)
    return deliver(x, out)


def pointwise(taps, stride, padding, groups):
    """Whether one tap meets each pixel: then the convolution is one product of all pixels and the weights."""
    return taps == stride == (1, 1) and padding == (0, 0) and groups == 1


class Phase(NamedTuple):
    """Every so many-th pixel of an axis, and the convolution that gives them."""

    first: int
    pixels: int
    taps: int
    first_tap: int
    step: int
    """From a tap to the next."""
    dilation: int
    padding: int

    def alike(self):
        """What must agree for two phases to go through the same code at once."""
        return self.pixels, self.taps, self.step, self.dilation


def _phases(kernel, size, stride, padding, dilation):
    """Along one axis, each `Phase` of the input.

    Pixel phase + stride·i meets output pixel (phase + stride·i + padding − dilation·k) / stride for the k for which
    this is whole. They are `step` apart and are taken from the last to the first.
    """
    common = gcd(stride, dilation)
    step, apart = stride // common, dilation // common
    for phase in range(min(stride, size)):
        taps = [k for k in range(kernel) if (phase + padding - dilation * k) % stride == 0]
        pixels = -(-(size - phase) // stride)
        if not taps:
            yield Phase(phase, pixels, 0, 0, 0, 1, 0)
            continue
        before = dilation * taps[-1] - phase - padding
        yield Phase(phase, pixels, len(taps), taps[-1], -step, apart, before // stride)


def _phase(x, g, g_shape, weight, weight_shape, stride, groups, rows, columns):
    """Write the pixels of x of one phase."""
    (ph, h, kh, first_h, step_h, apart_h, top), (pw, w, kw, first_w, step_w, apart_w, left) = rows, columns
    n, o, c = len(x), g_shape[3], x.shape[3]
    if kh == 0 or kw == 0:
        x[:, ph :: stride[0], pw :: stride[1]] = 0
        return
    panels, at = _pack(
        weight, groups, weight_shape[1], o // groups, c // groups, kh, kw, first_h, first_w, step_h, step_w, True
    )
    line = x.shape[2] * c
    _convolve(
        x.reshape(-1), (n, h, w, c), (ph * line + pw * c, x.shape[1] * line, stride[0] * line, stride[1] * c),
        g, g_shape, panels, at, (kh, kw), (1, 1), (apart_h, apart_w), (top, left), groups,
    )  # fmt: skip


def _phases_at_once(x, g, g_shape, weight, weight_shape, stride, groups, rows, columns):
    """Write all pixels of x, a phase to a thread at a time, where that is possible and saves threads their waiting.

    Returns whether it was done. The phases must be alike, as they are of 4×4 taps with stride 2 and even sizes.
    """
    pairs = list(product(rows, columns))
    if len(pairs) < 2 or len({(row.alike(), column.alike()) for row, column in pairs}) > 1:
        return False
    row, column = pairs[0]
    shape, dilation = (len(x), row.pixels, column.pixels, x.shape[3]), (row.dilation, column.dilation)
    algorithm = algorithm_for(x.dtype, g_shape, shape, (row.taps, column.taps), (1, 1), dilation, groups)
    if algorithm is None:
        return False
    m, r, grid, block, operations = plan(algorithm, x.itemsize, shape, g_shape, (1, 1))
    parts = parts_for(len(pairs) * operations)
    if parts == 1 or len(pairs) % parts:
        return False
    pixel, line = x.shape[3], x.shape[2] * x.shape[3]
    each = [(h.first * line + w.first * pixel, h.first_tap, w.first_tap, h.padding, w.padding) for h, w in pairs]
    lines = (x.shape[1] * line, stride[0] * line, stride[1] * pixel)
    launch(
        _phases_parallel, len(pairs) * operations / RATE, algorithm, x.reshape(-1), shape, lines, ZEROS[x.dtype], g,
        g_shape, weight, weight_shape, (row.step, column.step), m, r, grid, block, np.array(each, np.int64),
    )  # fmt: skip
    return True


@njit(cache=True, parallel=True)
def _phases_parallel(
    algorithm, x, x_shape, lines, zeros, g, g_shape, weight, weight_shape, steps, m, r, grid, block, phases
):
    """`phases` are rows of: where x begins, first tap (row, column), padding (row, column)."""
    for i in prange(len(phases)):
        begin, first_h, first_w, top, left = phases[i, 0], phases[i, 1], phases[i, 2], phases[i, 3], phases[i, 4]
        packed, at = _pack(
            weight, UNIT, weight_shape[1], g_shape[3], x_shape[3], r, r, first_h, first_w, steps[0], steps[1], True
        )
        convolve_alone(
            algorithm, x, x_shape, (begin, lines[0], lines[1], lines[2]), zeros, zeros, NONE, g, g_shape, packed, at,
            m, r, (UNIT, UNIT), (top, left), grid, block,
        )  # fmt: skip
