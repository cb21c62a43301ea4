"""The gradient of a convolution in its weight, on the register tile of `simd`.

    dw[kh, kw, c, o] = Σ_{n, h, w} x[n, h·stride + kh·dilation − padding, …, c] · g[n, h, w, o]

is for each kh a product of matrices whose sum runs over pixels: the tile's rows are the numbers (kw, c), which lie side
by side in x, its columns the channels o. Its operands are long and its result small, so the sum is cut: the images
into at most `RUNS` runs (fewer where the kernel is large), each with a result of its own, and those into chunks of
pixels that stay in the cache.

    for each run of images                              (in parallel; where runs are few, for each kernel row too)
        for each chunk of pixels: (copy x's lines with their border, where there is one or pixels lie apart)
            for each kernel row kh, for each tile: result[run][kh, rows, columns] += Σ_pixels …
    add up the runs

The cuts depend on the shapes alone, so the result does not depend on the number of threads.

Few channels o leave most lanes empty. With stride 1, x and g are alike: dw is also the gradient of a convolution whose
image is g and whose output has x's channels, its taps in the opposite order. So the one with more channels is put along
the lanes (`_exchanged`); unless g is not finite, and would no longer meet the zeros of x's border.

Where it takes fewer multiplications, `winograd_grad` does the same.
"""

import numpy as np
from numba import njit, prange

from ..reference import conv as reference
from .buffers import ZEROS, deliver, flat, pad_rows, scratch, target_for
from .gemm import RATE, parts_for
from .panel import UNIT, run_panel
from .simd import GROUP, VECTORS
from .threads import launch
from .vectors import MASKS, VECTOR_BYTES, driver, pointer
from .winograd import algorithm_for
from .winograd_grad import weight_gradient

RUNS = 16  # of images
SCRATCH = 1 << 23  # bytes of the runs' results; one run alone adds to the result itself
LEAST_PIXELS = 512  # of g to a run
PIXELS = 256  # of g to a chunk


@njit(inline="always")
def _rows(dw, dw_at, dw_row, x, x_at, a_step, g, g_at, g_step, count, rows, columns, size):
    """dw[rows, columns] += the sum over one chunk's pixels."""
    vectors = -(-columns // size)
    operands = (
        dw, dw_at, dw_row, dw, dw_at, dw_row, x, x_at, UNIT, g, g_at, a_step, g_step, count,
        columns - (vectors - 1) * size,
    )  # fmt: skip
    run_panel(rows, vectors, operands)


@njit(inline="always")
def _chunk(
    dw, dw_at, x, x_at, x_h, a_step, g, g_at, total, count, inputs, outputs, kernel_h, kernel_w,
    dilation_h, dilation_w, groups, size,
):  # fmt: skip
    """Add what one chunk of pixels gives to `kernel_h` rows of the kernel."""
    channels, panel = groups * inputs, VECTORS * size
    g_step = (count[1] * count[2] * total, count[2] * total, total)
    if dilation_w == 1 and groups == 1:
        steps, rows = 1, kernel_w * inputs  # (kw, c) is one run of numbers
    else:
        steps, rows = kernel_w, inputs
    for q in range(groups):
        for j in range(q * outputs, (q + 1) * outputs, panel):
            for k in range(kernel_h):
                for i in range(steps):
                    _rows(
                        dw, dw_at + (k * kernel_w + i) * inputs * total + j, total,
                        x, x_at + k * dilation_h * x_h + i * dilation_w * channels + q * inputs, a_step,
                        g, g_at + j, g_step, count, rows, min(panel, (q + 1) * outputs - j), size,
                    )  # fmt: skip


@njit(cache=True)
def _accumulate(
    dw, dw_at, x, g, height, width, inputs, g_height, g_width, outputs, kernel_h, kernel_w,
    stride_h, stride_w, dilation_h, dilation_w, top, left, groups, first, last,
):  # fmt: skip
    """Add what images first … last−1 give to `kernel_h` rows of the kernel, which lie at dw[dw_at:]."""
    driver()
    size, channels = VECTOR_BYTES // g.itemsize, groups * inputs
    lines = min(g_height, max(1, PIXELS // g_width))
    together = max(1, PIXELS // (lines * g_width)) if lines == g_height else 1  # small images several at a time
    padded_width = (g_width - 1) * stride_w + (kernel_w - 1) * dilation_w + 1
    span = (kernel_h - 1) * dilation_h + 1
    row = padded_width * channels
    unit = span == stride_h == stride_w == 1
    as_it_lies = unit and top == left == 0 and padded_width == width and g_height <= height
    memory, memory_at = scratch(x, 0 if as_it_lies else together * ((lines - 1) * stride_h + span) * row)
    for n in range(first, last, together):
        images = min(together, last - n)
        for h in range(0, g_height, lines):
            count = (images, min(lines, g_height - h), g_width)
            padded_height = (count[1] - 1) * stride_h + span
            if as_it_lies:
                source, source_at, image = pointer(x), (n * height + h) * row, height * row
            else:
                source, source_at, image = pointer(memory), memory_at, padded_height * row
                for i in range(images):
                    pad_rows(
                        memory, memory_at + i * image, x, (n + i) * height * width * channels,
                        height, width, channels, h * stride_h - top, 1, padded_height, left, padded_width,
                    )  # fmt: skip
            _chunk(
                pointer(dw), dw_at, source, source_at, row, (image, stride_h * row, stride_w * channels),
                pointer(g), (n * g_height + h) * g_width * groups * outputs, groups * outputs, count,
                inputs, outputs, kernel_h, kernel_w, dilation_h, dilation_w, groups, size,
            )  # fmt: skip


@njit(cache=True)
def _tasks(
    dw, x, g, images, height, width, inputs, g_height, g_width, outputs, kernel_h, kernel_w,
    stride_h, stride_w, dilation_h, dilation_w, top, left, groups, runs, bands, start, stop,
):  # fmt: skip
    """Tasks start … stop−1 of the runs · bands: one run of images, and one band of the kernel's rows."""
    driver()
    line = kernel_w * inputs * groups * outputs
    for task in range(start, stop):
        run, band = task // bands, task % bands
        k0, k1 = kernel_h * band // bands, kernel_h * (band + 1) // bands
        _accumulate(
            dw, (run * kernel_h + k0) * line, x, g, height, width, inputs, g_height, g_width, outputs,
            k1 - k0, kernel_w, stride_h, stride_w, dilation_h, dilation_w, top - k0 * dilation_h, left, groups,
            images * run // runs, images * (run + 1) // runs,
        )  # fmt: skip


@njit(cache=True, parallel=True)
def _tasks_parallel(
    dw, x, g, images, height, width, inputs, g_height, g_width, outputs, kernel_h, kernel_w,
    stride_h, stride_w, dilation_h, dilation_w, top, left, groups, runs, bands,
):  # fmt: skip
    for task in prange(runs * bands):
        _tasks(
            dw, x, g, images, height, width, inputs, g_height, g_width, outputs, kernel_h, kernel_w,
            stride_h, stride_w, dilation_h, dilation_w, top, left, groups, runs, bands, np.int64(task),
            task + 1,
        )  # fmt: skip


def served_size(a, b, x_shape, weight_shape, settings):
    """(OH, OW) of a convolution of such shapes; None if the kernels on the tile do not take operands `a` and `b`.

    They do not look where they read: what does not fit together is left to the reference, which raises.
    """
    stride, padding, dilation, groups = settings
    (_, h, w, channels), (kh, kw, inputs, outputs) = x_shape, weight_shape
    fit = a.dtype == b.dtype and a.dtype in ZEROS and a.size > 0 and b.size > 0
    if not fit or channels != inputs * groups or outputs % groups:
        return None
    return reference.conv2d_output_size((h, w), (kh, kw), stride, padding, dilation)


def conv2d_weight_grad(x, g, kernel_size, stride, padding, dilation, groups, out=None):
    """See `reference.conv2d_weight_grad`; float32 and float64 are served here."""
    settings = (stride, padding, dilation, groups)
    (n, _, _, c), (_, oh, ow, o) = x.shape, g.shape
    shape = (*kernel_size, c // groups, o)
    if served_size(x, g, x.shape, shape, settings) != (oh, ow) or len(g) != n:
        return reference.conv2d_weight_grad(x, g, kernel_size, *settings, out=out)
    dw = target_for(out, shape, x.dtype, x, g)
    algorithm = algorithm_for(x.dtype, x.shape, g.shape, kernel_size, stride, dilation, groups)
    if algorithm is not None:
        weight_gradient(algorithm, flat(dw), flat(x), x.shape, flat(g), g.shape, ZEROS[x.dtype], stride, padding)
    elif _pays_exchanged(shape, stride, dilation, padding, groups, dw.itemsize) and np.isfinite(g).all():
        _exchanged(dw, x, g, dilation, padding)
    else:
        _direct(dw, x, g, stride, dilation, padding, groups)
    return deliver(dw, out)


def _pays_exchanged(shape, stride, dilation, padding, groups, itemsize):
    """Whether fewer products of whole vectors by whole groups of rows are needed, and the exchange is one."""
    (kh, kw, c, o), lanes = shape, VECTOR_BYTES // itemsize
    as_it_is, exchanged = (-(-columns // lanes) * -(-kw * rows // GROUP) for rows, columns in ((c, o), (o, c)))
    inside = padding[0] <= (kh - 1) * dilation[0] and padding[1] <= (kw - 1) * dilation[1]
    return stride == (1, 1) and groups == 1 and inside and exchanged < as_it_is


def _exchanged(dw, x, g, dilation, padding):
    """dw[i, j, c, o] = Σ g[q + k' · dilation − padding', o] · x[q, c], tap k' the k-th from the end."""
    kh, kw, c, o = dw.shape
    turned = np.empty((kh, kw, o, c), dw.dtype)
    padding = ((kh - 1) * dilation[0] - padding[0], (kw - 1) * dilation[1] - padding[1])
    _direct(turned, g, x, (1, 1), dilation, padding, 1)
    dw[...] = turned[::-1, ::-1].swapaxes(2, 3)


def _direct(dw, x, g, stride, dilation, padding, groups):
    (n, h, w, c), (_, oh, ow, o), shape = x.shape, g.shape, dw.shape
    # without masks the last pixel's last vector is read beyond the array: zeros for it to find
    columns = flat(g) if MASKS else np.append(flat(g), np.zeros(VECTOR_BYTES // g.itemsize, g.dtype))
    runs = max(1, min(n, RUNS, n * oh * ow // LEAST_PIXELS, SCRATCH // max(dw.nbytes, 1)))
    bands = 1 if runs == RUNS else shape[0]
    parts = np.empty((runs, *shape), x.dtype) if runs > 1 else dw[None]
    parts[...] = 0
    args = (
        flat(parts), flat(x), columns, n, h, w, c // groups, oh, ow, o // groups, *shape[:2],
        *stride, *dilation, *padding, groups, runs, bands,
    )  # fmt: skip
    operations = 2 * g.size * (dw.size // o)
    if parts_for(operations) == 1:
        _tasks(*args, 0, runs * bands)
    else:
        launch(_tasks_parallel, operations / RATE, *args)
    if runs > 1:
        np.add.reduce(parts, axis=0, out=dw)
