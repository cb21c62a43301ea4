"""The gradient of a convolution in its weight by Winograd's minimal filtering, `winograd` read backwards.

    for each run of tiles, phase of x, group of panels, share of channels     (in parallel)
        for each block of the run's tiles
            for each tile: V[k, tile, :] = (Bᵀ X B)[k], k = 1 … t²
            for each panel of the group's output channels
                for each tile: D[k, tile, :] = (A dY Aᵀ)[k]
                for each k: dU[run, k] (C, panel) += V[k]ᵀ (C, tiles) · D[k] (tiles, panel)      (the register tile)
    add up the runs' dU; dW = Gᵀ dU G

V is made anew for each group of panels and D for each share of channels: there are as many as threads have work by
them, and no more. Runs are for the sake of threads, too, but cost most, since each has sums of its own, which are
larger than all else and come from memory: there are few.

The sum over a block is complete before it is added to what there is, so that its error grows with a block and with
their number, not with their product. The cuts into runs and blocks depend on the shapes alone, and groups and shares
change no sum, so the result does not depend on the number of threads.
"""

import numpy as np
from numba import njit, prange

from .buffers import scratch
from .gemm import RATE, parts_for
from .panel import NONE, UNIT, run_panel
from .simd import VECTORS
from .threads import launch
from .transforms import ALGORITHMS, transform_result_grad, transform_weight_grad
from .vectors import CPU, VECTOR_BYTES, driver, pointer
from .winograd import BLOCK, fetch, image_matrices, padded

RUNS = 2, 4  # of tiles: as many as the memory for their sums allows, but between these
MEMORY = 5 << 17  # bytes of the runs' sums
LEAST_TILES = 128  # to a run; and to a block, since with shorter sums loading and storing them takes too long
# output channels whose sums are kept at once: 64 are better on Zen 3 and 4, 32 on Zen 5, and nothing else was measured
TOGETHER = 32 if VECTOR_BYTES == 64 and CPU != "znver4" else 64
ENOUGH = 8  # phases · groups of panels: so many are work for up to 8 threads without runs
COPY = 1e10  # bytes of the runs' sums added up and transformed per second on one thread


@njit(cache=True)
def _gradient_matrices(algorithm, d, d_at, d_matrix, g, g_shape, j, columns, m, t, grid, first, last):
    """D[k, tile − first, :] of channels j … j+columns−1 of g, tiles first … last−1."""
    driver()
    images, height, width, outputs = g_shape
    row, steps = VECTORS * VECTOR_BYTES // g.itemsize, (width * outputs, outputs)
    zeros, tiles = np.zeros(row, g.dtype), images * grid[0] * grid[1]
    for tile in range(first, last):
        fetch(g, tiles, tile + grid[1], tile + grid[1] + 1)
        n, place = tile // (grid[0] * grid[1]), tile % (grid[0] * grid[1])
        h, w = place // grid[1] * m, place % grid[1] * m
        inside = (0, min(m, height - h), 0, min(m, width - w))
        source = pointer(g), ((n * height + h) * width + w) * outputs + j, steps, pointer(zeros), inside
        target = pointer(d), d_at + (tile - first) * row, (t * d_matrix, d_matrix)
        transform_result_grad(algorithm, columns, target + source)


@njit(cache=True)
def _add(total, at, more, more_at, size):
    """total[at:] += more[more_at:], so many numbers."""
    total, more = total[at : at + size], more[more_at : more_at + size]
    for i in range(size):
        total[i] += more[i]


@njit(cache=True)
def _add_products(
    du, du_at, du_matrix, fresh, zeros, v, v_at, v_matrix, v_row, d, d_at, d_matrix, matrices, depth, tiles, columns
):
    """dU[k] (depth, panel) = V[k]ᵀ (depth, tiles) · D[k] (tiles, panel), added to what is there unless `fresh`."""
    driver()
    width = VECTOR_BYTES // du.itemsize
    row = VECTORS * width
    vectors = -(-columns // width)
    sums, sums_at = scratch(du, 0 if fresh else depth * row)
    for k in range(matrices):
        to = du_at + k * du_matrix
        operands = (
            pointer(du) if fresh else pointer(sums), to if fresh else sums_at, row, pointer(zeros), NONE, NONE,
            pointer(v), v_at + k * v_matrix, UNIT, pointer(d), d_at + k * d_matrix,
            (NONE, NONE, v_row), (NONE, NONE, row), (UNIT, UNIT, tiles), columns - (vectors - 1) * width,
        )  # fmt: skip
        run_panel(depth, vectors, operands)
        if not fresh:
            _add(du, to, sums, sums_at, depth * row)


@njit(cache=True)
def _run(
    algorithm, du, at, du_matrix, zeros, x, x_shape, g, g_shape, panels, share, m, t, stride, corner, grid, block,
    first, last,
):  # fmt: skip
    """dU [panel, k, c, column] of tiles first … last−1 and one phase of x.

    Of `panels` (first, end) of g's channels and a `share` (first, end) of x's; matrices of dU are `du_matrix` apart.
    """
    driver()
    width, channels = VECTOR_BYTES // x.itemsize, share[1] - share[0]
    panel, blocks = VECTORS * width, -(-(last - first) // block)
    v_row, block = -(-channels // width) * width, -(-(last - first) // blocks)
    v_matrix, d_matrix = padded(block * v_row, x.itemsize), padded(block * panel, x.itemsize)
    v, v_at = scratch(x, t * t * v_matrix)
    d, d_at = scratch(x, t * t * d_matrix)
    for begin in range(first, last, block):
        end = min(last, begin + block)
        image_matrices(
            algorithm, v, v_at, v_matrix, v_row, x, x_shape, m, t, stride, corner, grid, begin, end, share[0], channels
        )
        for p in range(panels[0], panels[1]):
            columns = min(panel, g_shape[3] - p * panel)
            _gradient_matrices(algorithm, d, d_at, d_matrix, g, g_shape, p * panel, columns, m, t, grid, begin, end)
            _add_products(
                du, at + (p - panels[0]) * t * t * du_matrix, du_matrix, begin == first, zeros, v, v_at, v_matrix,
                v_row, d, d_at, d_matrix, t * t, channels, end - begin, columns,
            )  # fmt: skip


@njit(cache=True)
def _finish(algorithm, dw, shape, du, at, share, m, r, stride, part):
    """dW (stride·r, stride·r, C, O) = Gᵀ dU G, for one of the phases · panels and a share of the channels."""
    driver()
    (inputs, outputs), channels = shape, share[1] - share[0]
    panel, t = VECTORS * VECTOR_BYTES // dw.itemsize, m + r - 1
    panels, line = -(-outputs // panel), stride[1] * r * inputs * outputs
    phase, j = part // panels, part % panels * panel
    for c in range(channels):
        operands = (
            pointer(dw), phase // stride[1] * line + (phase % stride[1] * inputs + share[0] + c) * outputs + j,
            (stride[0] * line, stride[1] * inputs * outputs),
            pointer(du), at + c * panel, (t * channels * panel, channels * panel),
        )  # fmt: skip
        transform_weight_grad(algorithm, min(panel, outputs - j), operands)


@njit(cache=True)
def _tasks(
    algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups, shares,
    start, stop,
):  # fmt: skip
    """Tasks start … stop−1 of the runs · phases · groups · shares; of a single run all that remains to be done."""
    driver()
    width, t, channels, outputs = VECTOR_BYTES // x.itemsize, m + r - 1, x_shape[3], g_shape[3]
    panel = VECTORS * width
    tiles, panels, phases = g_shape[0] * grid[0] * grid[1], -(-outputs // panel), stride[0] * stride[1]
    vectors = -(-channels // width)
    for task in range(start, stop):
        run, phase = task // (phases * groups * shares), task // (groups * shares) % phases
        group, part = task // shares % groups, task % shares
        first, last = panels * group // groups, panels * (group + 1) // groups
        share = (vectors * part // shares * width, min(channels, vectors * (part + 1) // shares * width))
        corner = (phase // stride[1] - padding[0], phase % stride[1] - padding[1])
        if runs == 1:
            matrix = (share[1] - share[0]) * panel
            sums, at = scratch(x, (last - first) * t * t * matrix)
        else:
            matrix = channels * panel
            sums, at = du, du_at + ((run * phases + phase) * panels + first) * t * t * matrix + share[0] * panel
        _run(
            algorithm, sums, at, matrix, zeros, x, x_shape, g, g_shape, (first, last), share, m, t, stride, corner,
            grid, block, tiles * run // runs, tiles * (run + 1) // runs,
        )  # fmt: skip
        if runs == 1:
            for i in range(last - first):
                place = phase * panels + first + i
                _finish(algorithm, dw, (channels, outputs), sums, at + i * t * t * matrix, share, m, r, stride, place)


@njit(cache=True, parallel=True)
def _tasks_parallel(
    algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups, shares,
    tasks,
):  # fmt: skip
    for task in prange(tasks):
        _tasks(
            algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups,
            shares, np.int64(task), task + 1,
        )  # fmt: skip


@njit(cache=True)
def _collect(algorithm, dw, outputs, du, du_at, runs, inputs, m, r, stride, parts, start, stop):
    """Add up the runs' sums, and finish, phases · panels start … stop−1 of `parts`."""
    panel = VECTORS * VECTOR_BYTES // dw.itemsize
    panels, size = -(-outputs // panel), (m + r - 1) ** 2 * inputs * panel
    for part in range(start, stop):
        first, columns = du_at + part * size, min(panel, outputs - part % panels * panel)  # beyond them is nothing
        for run in range(1, runs):
            for row in range(first, first + size, panel):
                more = row + run * parts * size
                for i in range(columns):
                    du[row + i] += du[more + i]
        _finish(algorithm, dw, (inputs, outputs), du, first, (0, inputs), m, r, stride, part)


@njit(cache=True, parallel=True)
def _collect_parallel(algorithm, dw, outputs, du, du_at, runs, inputs, m, r, stride, parts):
    for part in prange(parts):
        _collect(algorithm, dw, outputs, du, du_at, runs, inputs, m, r, stride, parts, np.int64(part), part + 1)


def weight_gradient(algorithm, dw, x, x_shape, g, g_shape, zeros, stride, padding):
    """dw = ∂⟨x ∗ w, g⟩/∂w by `ALGORITHMS[algorithm]` on flat arrays of shapes (N, H, W, C)."""
    m, r = ALGORITHMS[algorithm]
    t, channels, panel = m + r - 1, x_shape[3], VECTORS * VECTOR_BYTES // x.itemsize
    phases, panels, grid = stride[0] * stride[1], -(-g_shape[3] // panel), (-(-g_shape[1] // m), -(-g_shape[2] // m))
    tiles, size = g_shape[0] * grid[0] * grid[1], phases * panels * t * t * channels * panel
    operations = 2 * tiles * t * t * phases * channels * g_shape[3]
    workers, groups = parts_for(operations), -(-g_shape[3] // TOGETHER)
    few, many = RUNS
    runs = max(few, min(many, MEMORY // (size * x.itemsize)))
    runs = 1 if phases * groups >= ENOUGH else max(1, min(runs, tiles // LEAST_TILES))
    groups = max(groups, min(panels, workers // (runs * phases)))
    shares = max(1, min(channels * x.itemsize // VECTOR_BYTES, workers // (runs * phases * groups)))
    du, du_at = scratch(x, 0 if runs == 1 else runs * size)
    block = max(LEAST_TILES, BLOCK // (t * t * (channels + panel) * x.itemsize))
    args = algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups
    sums = algorithm, dw, g_shape[3], du, du_at, runs, channels, m, r, stride, phases * panels
    tasks = runs * phases * groups * shares
    if workers == 1:
        _tasks(*args, shares, 0, tasks)
    else:
        launch(_tasks_parallel, operations / RATE, *args, shares, tasks)
    if runs > 1 and (workers == 1 or phases * panels == 1):
        _collect(*sums, 0, phases * panels)
    elif runs > 1:
        launch(_collect_parallel, (runs + 1) * size * x.itemsize / COPY, *sums)
