"""Convolution by Winograd's minimal filtering: t² products of small matrices instead of r² taps for each pixel.

`transforms` says what is computed; here it is arranged. The output is cut into tiles of m×m pixels; a tile needs t×t
pixels of the image, t = m + r − 1. A block of tiles is worked on at a time, small enough to stay in the second cache:

    for each block of tiles
        for each tile: V[k, tile, :] = (Bᵀ X B)[k], k = 1 … t²    (vectors along channels)
        for each panel of output channels
            for each k: M[k] (tiles, panel) = V[k] (tiles, C) · U[k] (C, panel)    (the register tile)
            for each tile: Y = Aᵀ M A                         (vectors along channels, straight to the output)

U = G W Gᵀ is made once a call, and threads share the tiles; where these are few beside the output channels, threads
share the channels, and each makes U panel by panel. Matrices of different k begin an odd number of cache lines apart:
at multiples of 4 KiB all t² stores of a transform would meet in one set of the first cache.

A convolution of stride s whose kernel has s·r taps a side is one of stride 1 with r taps on the s² *phases* of the
image (row mod s, column mod s), whose results add up: they count as s²·C channels, and need no copy, since a transform
may take its pixels from s apart. The gradient in x is a convolution of g for each phase of x, as in `conv`.

Measured on Zen 5, one thread, over the 3×3 convolutions of the ddpm workload's U-Net, batch 64: 2.1 times as fast as
the direct method in y and in the gradient by x, 1.9 times in the gradient by the weights; on Zen 3 (AVX2) 2.0 to 2.6
times in y. `python -m benchmarks.ladders.conv2d` shows it on three shapes.

A pixel beyond an image's border is read from a vector of zeros: a choice between two addresses for each pixel of a tile
costs less than a copy of the tile with its border, or masks.

A tile's results depend on no other tile, and their sums run over channels in order, so they do not depend on how tiles
are dealt to blocks and threads. What is not finite in x reaches all pixels of the tiles that read it.
"""

import numpy as np
from numba import njit, prange

from .buffers import ZEROS, put, scratch
from .gemm import RATE, parts_for
from .panel import NONE, UNIT, run_panel
from .simd import FULL, VECTORS
from .threads import launch
from .transforms import ALGORITHMS, ONE, transform_image, transform_result, transform_weight
from .vectors import MASKS, VECTOR_BYTES, driver, pointer, prefetch

BLOCK = 5 << 17  # bytes of V and M together
TRANSFORM = 16  # multiply-adds of the register tile that take as long as transforming one number to or from a matrix
WEIGHTS = 200  # and as long as transforming one weight
HEAVY = 2  # times as many output channels as tiles: then threads share channels, not tiles


@njit(cache=True)
def padded(numbers, itemsize):
    """`numbers` and as many more as make them an odd number of cache lines (of vectors, where those are shorter)."""
    width = VECTOR_BYTES // itemsize
    return (-(-numbers // width) | 1) * width


@njit(cache=True)
def _weights(algorithm, u, u_at, packed, packed_at, inputs, m, r, stride, first, last):
    """U of panels first … last−1."""
    driver()
    size, t = VECTORS * VECTOR_BYTES // packed.itemsize, m + r - 1
    matrix = padded(stride[0] * stride[1] * inputs * size, packed.itemsize)
    tap = inputs * size
    line = stride[1] * r * tap
    for panel in range(first, last):
        for phase in range(stride[0] * stride[1]):
            p, q = phase // stride[1], phase % stride[1]
            operands = (
                pointer(u), u_at + panel * t * t * matrix + phase * tap, (t * matrix, matrix),
                pointer(packed), packed_at + (panel * stride[0] * r + p) * line + q * tap,
                (stride[0] * line, stride[1] * tap),
            )  # fmt: skip
            transform_weight(algorithm, tap, operands)


@njit(cache=True, parallel=True)
def _weights_parallel(algorithm, u, u_at, packed, packed_at, inputs, m, r, stride, panels):
    for panel in prange(panels):
        _weights(algorithm, u, u_at, packed, packed_at, inputs, m, r, stride, np.int64(panel), panel + 1)


@njit(cache=True)
def _room_for_weights(packed, inputs, outputs, t, stride):
    """Scratch for U, where it begins, and its number of panels."""
    size, depth = VECTORS * VECTOR_BYTES // packed.itemsize, stride[0] * stride[1] * inputs
    panels = -(-outputs // size)
    u, u_at = scratch(packed, panels * t * t * padded(depth * size, packed.itemsize))
    return u, u_at, panels


def kernel_matrices(algorithm, packed, packed_at, inputs, outputs, stride):
    """U [panel, k][phase · C + c, column] of taps packed as [panel, tap, c, column], and where it begins."""
    m, r = ALGORITHMS[algorithm]
    u, u_at, panels = _room_for_weights(packed, inputs, outputs, m + r - 1, stride)
    operations = 2 * WEIGHTS * r * r * stride[0] * stride[1] * inputs * outputs
    args = (algorithm, u, u_at, packed, packed_at, inputs, m, r, stride)
    if parts_for(operations) == 1:
        _weights(*args, 0, panels)
    else:
        launch(_weights_parallel, operations / RATE, *args, panels)
    return u, u_at


@njit(inline="always")
def _inside(first, step, size, t):
    """Of pixels first, first + step, … (t of them) those in [0, size): their range of indices."""
    return max(0, -(first // step)), min(t, -((first - size) // step))


@njit(inline="always")
def fetch(x, tiles, first, last):
    """Ask for what tiles first … last−1 will read of x, or write to it, when all `tiles` share it."""
    for at in range(x.size * first // tiles, x.size * min(last, tiles) // tiles, VECTOR_BYTES // x.itemsize):
        prefetch(x, at)


@njit(cache=True)
def image_matrices(
    algorithm, v, v_at, v_matrix, v_row, x, x_shape, m, t, stride, begin, grid, first, last, channel, channels
):
    """V[k, tile − first, :] of tiles first … last−1 of the images x, numbered image by image; of so many channels.

    Their pixels are `stride` apart; those of an image's first tile begin at row and column `begin`.
    """
    driver()
    images, height, width, depth = x_shape
    tiles = images * grid[0] * grid[1]
    steps = (stride[0] * width * depth, stride[1] * depth)
    zeros = np.zeros(channels, x.dtype)
    for tile in range(first, last):
        fetch(x, tiles, tile + grid[1], tile + grid[1] + 1)
        n, place = tile // (grid[0] * grid[1]), tile % (grid[0] * grid[1])
        row, column = begin[0] + place // grid[1] * m * stride[0], begin[1] + place % grid[1] * m * stride[1]
        inside = _inside(row, stride[0], height, t) + _inside(column, stride[1], width, t)
        source = pointer(x), ((n * height + row) * width + column) * depth + channel, steps, pointer(zeros), inside
        target = pointer(v), v_at + (tile - first) * v_row, (t * v_matrix, v_matrix)
        transform_image(algorithm, channels, target + source)


@njit(cache=True)
def _products(
    c, c_at, c_matrix, zeros, bias, bias_at, t, a, a_at, a_matrix, a_row, b, b_at, b_matrix, rows, depth, columns,
    tiles, y, y_tiles, x, x_tiles,
):  # fmt: skip
    """C[k] (rows, columns ≤ a panel) = A[k] (rows, depth) · B[k] (depth, panel), k = 0 … t²−1.

    The bias starts the sums of one k: that of `ONE` in rows and columns, of which all results get as much as it is.
    Memory, which has little to do meanwhile, is asked for what (first, last + 1) of all `tiles` write to y and read of
    x, a bit with each k.
    """
    driver()
    width = VECTOR_BYTES // c.itemsize
    row = VECTORS * width
    vectors = -(-columns // width)
    parts = t * t
    for k in range(parts):
        for array, (first, last) in ((y, y_tiles), (x, x_tiles)):
            begin = first * parts + (last - first) * k
            fetch(array, tiles * parts, begin, begin + last - first)
        start, start_at = (pointer(bias), bias_at) if k == ONE * t + ONE else (pointer(zeros), NONE)
        operands = (
            pointer(c), c_at + k * c_matrix, row, start, start_at, NONE, pointer(a), a_at + k * a_matrix, a_row,
            pointer(b), b_at + k * b_matrix, (NONE, NONE, UNIT), (NONE, NONE, row), (UNIT, UNIT, depth),
            columns - (vectors - 1) * width,
        )  # fmt: skip
        run_panel(rows, vectors, operands)


@njit(cache=True)
def _results(algorithm, y, y_shape, y_steps, j, columns, products, at, matrix, m, t, grid, first, last):
    """Write Aᵀ M A of tiles first … last−1 to channels j … j+columns−1 of y."""
    driver()
    _, height, width, _ = y_shape
    row = VECTORS * VECTOR_BYTES // y.itemsize
    edge, edge_at = scratch(y, m * m * row)
    for tile in range(first, last):
        n, place = tile // (grid[0] * grid[1]), tile % (grid[0] * grid[1])
        h, w = place // grid[1] * m, place % grid[1] * m
        rows, pixels = min(m, height - h), min(m, width - w)
        begin = y_steps[0] + n * y_steps[1] + h * y_steps[2] + w * y_steps[3] + j
        target = pointer(y), begin, (y_steps[2], y_steps[3])
        if rows < m or pixels < m:
            target = pointer(edge), edge_at, (m * row, row)
        source = pointer(products), at + (tile - first) * row, (t * matrix, matrix)
        transform_result(algorithm, columns, target + source)
        if rows < m or pixels < m:
            for i in range(rows):
                put(y, begin + i * y_steps[2], y_steps[3], edge, edge_at + i * m * row, row, pixels, columns)


@njit(cache=True)
def _convolve(
    algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, u, u_at, m, t, stride, padding, grid, block, part,
    parts,
):  # fmt: skip
    """Part `part` of `parts` of the tiles."""
    driver()
    width, outputs, depth = VECTOR_BYTES // y.itemsize, y_shape[3], stride[0] * stride[1] * x_shape[3]
    panel, tiles = VECTORS * width, y_shape[0] * grid[0] * grid[1]
    steps = -(-tiles // FULL)
    first, last = steps * part // parts * FULL, min(tiles, steps * (part + 1) // parts * FULL)
    block = max(1, min(block, last - first))
    v_row = -(-depth // width) * width
    v_matrix, matrix = padded(block * v_row, x.itemsize), padded(block * panel, x.itemsize)
    u_matrix = padded(depth * panel, x.itemsize)
    v, v_at = scratch(x, t * t * v_matrix)
    products, at = scratch(x, t * t * matrix)
    fetch(x, tiles, first, first + grid[1])
    for begin in range(first, last, block):
        end, later = min(last, begin + block), min(last, begin + 2 * block)
        for phase in range(stride[0] * stride[1]):
            corner = (phase // stride[1] - padding[0], phase % stride[1] - padding[1])
            image_matrices(
                algorithm, v, v_at + phase * x_shape[3], v_matrix, v_row, x, x_shape, m, t, stride, corner, grid,
                begin, end, NONE, x_shape[3],
            )  # fmt: skip
        for j in range(0, outputs, panel):
            columns = min(panel, outputs - j)
            _products(
                products, at, matrix, zeros, bias, j * biased, t, v, v_at, v_matrix, v_row,
                u, u_at + j // panel * t * t * u_matrix, u_matrix, end - begin, depth, columns,
                tiles, y, (begin, end if j == 0 else begin), x, (end, later if j + panel >= outputs else end),
            )  # fmt: skip
            _results(algorithm, y, y_shape, y_steps, j, columns, products, at, matrix, m, t, grid, begin, end)


@njit(cache=True, parallel=True)
def _convolve_parallel(
    algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, u, u_at, m, t, stride, padding, grid, block, parts
):
    for part in prange(parts):
        _convolve(
            algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, u, u_at, m, t, stride, padding, grid,
            block, np.int64(part), parts,
        )  # fmt: skip


@njit(cache=True)
def convolve_alone(
    algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, packed, packed_at, m, r, stride, padding, grid,
    block,
):  # fmt: skip
    """`convolve` on the thread that calls it, with what `plan` gives."""
    driver()
    u, u_at, panels = _room_for_weights(packed, x_shape[3], y_shape[3], m + r - 1, stride)
    _weights(algorithm, u, u_at, packed, packed_at, x_shape[3], m, r, stride, NONE, panels)
    _convolve(
        algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, u, u_at, m, m + r - 1, stride, padding, grid,
        block, NONE, UNIT,
    )  # fmt: skip


@njit(cache=True)
def _convolve_channels(
    algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, packed, packed_at, m, r, stride, padding, grid,
    first, last,
):  # fmt: skip
    """Panels first … last−1 of y's channels, of all tiles: no more of U is made than the next product needs."""
    driver()
    width, channels, t, phases = VECTOR_BYTES // y.itemsize, x_shape[3], m + r - 1, stride[0] * stride[1]
    panel, tiles, depth = VECTORS * width, y_shape[0] * grid[0] * grid[1], phases * channels
    v_row = -(-depth // width) * width
    v_matrix, matrix = padded(tiles * v_row, x.itemsize), padded(tiles * panel, x.itemsize)
    u_matrix = padded(depth * panel, x.itemsize)
    v, v_at = scratch(x, t * t * v_matrix)
    u, u_at = scratch(x, t * t * u_matrix)
    products, at = scratch(x, t * t * matrix)
    for phase in range(phases):
        corner = (phase // stride[1] - padding[0], phase % stride[1] - padding[1])
        image_matrices(
            algorithm, v, v_at + phase * channels, v_matrix, v_row, x, x_shape, m, t, stride, corner, grid, NONE, tiles,
            NONE, channels,
        )  # fmt: skip
    for p in range(first, last):
        columns = min(panel, y_shape[3] - p * panel)
        begin = u_at - p * t * t * u_matrix  # where panel 0 would be
        _weights(algorithm, u, begin, packed, packed_at, channels, m, r, stride, p, p + 1)
        _products(
            products, at, matrix, zeros, bias, p * panel * biased, t, v, v_at, v_matrix, v_row, u, u_at, u_matrix,
            tiles, depth, columns, tiles, y, (NONE, NONE), x, (NONE, NONE),
        )  # fmt: skip
        _results(algorithm, y, y_shape, y_steps, p * panel, columns, products, at, matrix, m, t, grid, NONE, tiles)


@njit(cache=True, parallel=True)
def _convolve_channels_parallel(
    algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, packed, packed_at, m, r, stride, padding, grid,
    panels, parts,
):  # fmt: skip
    for part in prange(parts):
        _convolve_channels(
            algorithm, y, y_shape, y_steps, zeros, bias, biased, x, x_shape, packed, packed_at, m, r, stride, padding,
            grid, panels * np.int64(part) // parts, panels * (np.int64(part) + 1) // parts,
        )  # fmt: skip


def algorithm_for(dtype, x_shape, y_shape, taps, stride, dilation, groups):
    """Index in `ALGORITHMS` of what convolves such shapes fastest, or None where the direct method does.

    float64, which is there to check, stays direct, and so does a CPU without masks, whose code for edges would be long.
    Costs are counted in multiply-adds: the constants were measured on Zen 5, and shapes near the border gain little
    either way.
    """
    (n, height, width, outputs), depth = y_shape, x_shape[3] * stride[0] * stride[1]
    if not MASKS or dtype != np.float32 or dilation != (1, 1) or groups != 1:
        return None
    lanes = VECTOR_BYTES // dtype.itemsize
    ends = sum(-(-channels // lanes) * lanes for channels in (depth, outputs))
    best, least = None, n * height * width * taps[0] * taps[1] * x_shape[3] * outputs
    for i, (m, r) in enumerate(ALGORITHMS):
        if taps != (r * stride[0], r * stride[1]):
            continue
        matrices = n * -(-height // m) * -(-width // m) * (m + r - 1) ** 2
        cost = matrices * (depth * outputs + TRANSFORM * ends) + WEIGHTS * taps[0] * taps[1] * x_shape[3] * outputs
        if cost < least:
            best, least = i, cost
    return best


def plan(algorithm, itemsize, y_shape, x_shape, stride):
    """How `ALGORITHMS[algorithm]` goes about it: m, r, grid of an image's tiles, tiles to a block; and operations."""
    m, r = ALGORITHMS[algorithm]
    t, depth, panel = m + r - 1, stride[0] * stride[1] * x_shape[3], VECTORS * VECTOR_BYTES // itemsize
    grid = (-(-y_shape[1] // m), -(-y_shape[2] // m))
    weights = t * t * depth * -(-y_shape[3] // panel) * panel * itemsize
    room = max(BLOCK, weights // 3)  # a large U is read from afar, once a block: then larger blocks pay
    block = max(1, room // (t * t * (depth + panel) * itemsize * FULL)) * FULL
    return m, r, grid, block, 2 * y_shape[0] * grid[0] * grid[1] * t * t * depth * y_shape[3]


def convolve(algorithm, y, y_shape, y_steps, bias, biased, x, x_shape, packed, packed_at, stride, padding):
    """y = x ∗ taps + bias by `ALGORITHMS[algorithm]` on flat arrays; without one `biased` is 0, and `bias` zeros.

    Shapes are (N, H, W, C); `y_steps` are where y begins and its strides (image, row, pixel), in elements; taps are
    packed as by `conv`, `stride`·r a side.
    """
    m, r, grid, block, operations = plan(algorithm, y.itemsize, y_shape, x_shape, stride)
    before = algorithm, y, y_shape, y_steps, ZEROS[y.dtype], bias, biased, x, x_shape
    parts, panels = parts_for(operations), -(-y_shape[3] * y.itemsize // (VECTORS * VECTOR_BYTES))
    if parts == 1:
        convolve_alone(*before, packed, packed_at, m, r, stride, padding, grid, block)
    elif y_shape[3] > HEAVY * y_shape[0] * grid[0] * grid[1] and panels >= parts:
        args = *before, packed, packed_at, m, r, stride, padding, grid, panels, parts
        launch(_convolve_channels_parallel, operations / RATE, *args)
    else:
        u, u_at = kernel_matrices(algorithm, packed, packed_at, x_shape[3], y_shape[3], stride)
        args = (*before, u, u_at, m, m + r - 1, stride, padding, grid, block, parts)
        launch(_convolve_parallel, operations / RATE, *args)
