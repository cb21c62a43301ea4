"""The gradient of a convolution in its weight by Winograd's minimal filtering, `winograd` read backwards.

    for each run of tiles, phase of x, group of panels     (in parallel; each has a sum dU of its own)
        for each block of the run's tiles
            for each tile: V[k, tile, :] = (Bᵀ X B)[k], k = 1 … t²
            for each panel of the group's output channels
                for each tile: D[k, tile, :] = (A dY Aᵀ)[k]
                for each k: dU[k] (C, panel) += V[k]ᵀ (C, tiles) · D[k] (tiles, panel)      (the register tile)
    add up the runs' dU; dW = Gᵀ dU G

The sums of a group stay in the caches over all blocks and, where there is but one run, until dW is made of them. V is
made anew for each group: with more panels to a group it is made less often, and the sums come from farther away. The
cuts into runs and blocks depend on the shapes alone, so the result does not depend on the number of threads.
"""

import numpy as np
from numba import njit, prange

from .buffers import scratch
from .gemm import RATE, parts_for
from .panel import NONE, UNIT, run_panel
from .simd import FULL, VECTORS
from .threads import launch
from .transforms import ALGORITHMS, transform_result_grad, transform_weight_grad
from .vectors import CPU, VECTOR_BYTES, driver, pointer
from .winograd import BLOCK, fetch, image_matrices, padded

RUNS = 8  # of tiles, at most
LEAST_TILES = 128  # to a run
# output channels whose sums are kept at once: 64 are better on Zen 3 and 4, 32 on Zen 5, and nothing else was measured
TOGETHER = 32 if VECTOR_BYTES == 64 and CPU != "znver4" else 64
ENOUGH = 8  # phases · groups of panels: so many are work for up to 8 threads without runs
LEAST_BLOCK = 8  # times FULL tiles: with shorter sums, loading and storing them takes too long
MEMORY = 1 << 23  # bytes of the runs' sums
COPY = 1e10  # bytes of them added up and transformed per second on one thread


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
def _add_products(
    du, du_at, fresh, zeros, v, v_at, v_matrix, v_row, d, d_at, d_matrix, matrices, depth, tiles, columns
):
    """dU[k] (depth, panel) = V[k]ᵀ (depth, tiles) · D[k] (tiles, panel), added to what is there unless `fresh`."""
    driver()
    width = VECTOR_BYTES // du.itemsize
    row = VECTORS * width
    vectors = -(-columns // width)
    for k in range(matrices):
        to = du_at + k * depth * row
        start, start_at, start_row = (pointer(zeros), NONE, NONE) if fresh else (pointer(du), to, row)
        operands = (
            pointer(du), to, row, start, start_at, start_row, pointer(v), v_at + k * v_matrix, UNIT,
            pointer(d), d_at + k * d_matrix, (NONE, NONE, v_row), (NONE, NONE, row), (UNIT, UNIT, tiles),
            columns - (vectors - 1) * width,
        )  # fmt: skip
        run_panel(depth, vectors, operands)


@njit(cache=True)
def _run(
    algorithm, du, at, zeros, x, x_shape, g, g_shape, first_panel, last_panel, m, t, stride, corner, grid, block, first,
    last,
):  # fmt: skip
    """dU [panel, k, c, column] of tiles first … last−1, one phase of x, and panels first … last−1 of g's channels."""
    driver()
    width, channels = VECTOR_BYTES // x.itemsize, x_shape[3]
    panel, block = VECTORS * width, min(block, last - first)
    v_row = -(-channels // width) * width
    v_matrix, d_matrix = padded(block * v_row, x.itemsize), padded(block * panel, x.itemsize)
    v, v_at = scratch(x, t * t * v_matrix)
    d, d_at = scratch(x, t * t * d_matrix)
    for begin in range(first, last, block):
        end = min(last, begin + block)
        image_matrices(algorithm, v, v_at, v_matrix, v_row, x, x_shape, m, t, stride, corner, grid, begin, end)
        for p in range(first_panel, last_panel):
            columns = min(panel, g_shape[3] - p * panel)
            _gradient_matrices(algorithm, d, d_at, d_matrix, g, g_shape, p * panel, columns, m, t, grid, begin, end)
            _add_products(
                du, at + (p - first_panel) * t * t * channels * panel, begin == first, zeros, v, v_at, v_matrix, v_row,
                d, d_at, d_matrix, t * t, channels, end - begin, columns,
            )  # fmt: skip


@njit(cache=True)
def _finish(algorithm, dw, outputs, du, at, inputs, m, r, stride, part):
    """dW (stride·r, stride·r, C, O) = Gᵀ dU G, for one of the phases · panels."""
    driver()
    panel, t = VECTORS * VECTOR_BYTES // dw.itemsize, m + r - 1
    panels, line = -(-outputs // panel), stride[1] * r * inputs * outputs
    phase, j = part // panels, part % panels * panel
    for c in range(inputs):
        operands = (
            pointer(dw), phase // stride[1] * line + (phase % stride[1] * inputs + c) * outputs + j,
            (stride[0] * line, stride[1] * inputs * outputs),
            pointer(du), at + c * panel, (t * inputs * panel, inputs * panel),
        )  # fmt: skip
        transform_weight_grad(algorithm, min(panel, outputs - j), operands)


@njit(cache=True)
def _tasks(
    algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups, start,
    stop,
):  # fmt: skip
    """Tasks start … stop−1 of the runs · phases · groups of panels; of a single run all that remains to be done."""
    driver()
    panel, t = VECTORS * VECTOR_BYTES // x.itemsize, m + r - 1
    tiles, panels, phases = g_shape[0] * grid[0] * grid[1], -(-g_shape[3] // panel), stride[0] * stride[1]
    size = t * t * x_shape[3] * panel
    for task in range(start, stop):
        run, phase, group = task // (phases * groups), task // groups % phases, task % groups
        first, last = panels * group // groups, panels * (group + 1) // groups
        corner = (phase // stride[1] - padding[0], phase % stride[1] - padding[1])
        part = phase * panels + first
        if runs == 1:
            sums, at = scratch(x, (last - first) * size)
        else:
            sums, at = du, du_at + (run * phases * panels + part) * size
        _run(
            algorithm, sums, at, zeros, x, x_shape, g, g_shape, first, last, m, t, stride, corner, grid, block,
            tiles * run // runs, tiles * (run + 1) // runs,
        )  # fmt: skip
        if runs == 1:
            for i in range(last - first):
                _finish(algorithm, dw, g_shape[3], sums, at + i * size, x_shape[3], m, r, stride, part + i)


@njit(cache=True, parallel=True)
def _tasks_parallel(
    algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups, tasks
):
    for task in prange(tasks):
        _tasks(
            algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups,
            np.int64(task), task + 1,
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
        _finish(algorithm, dw, outputs, du, first, inputs, m, r, stride, part)


@njit(cache=True, parallel=True)
def _collect_parallel(algorithm, dw, outputs, du, du_at, runs, inputs, m, r, stride, parts):
    for part in prange(parts):
        _collect(algorithm, dw, outputs, du, du_at, runs, inputs, m, r, stride, parts, np.int64(part), part + 1)


def weight_gradient(algorithm, dw, x, x_shape, g, g_shape, zeros, stride, padding):
    """dw = ∂⟨x ∗ w, g⟩/∂w by `ALGORITHMS[algorithm]` on flat arrays of shapes (N, H, W, C)."""
    m, r = ALGORITHMS[algorithm]
    t, channels, panel = m + r - 1, x_shape[3], VECTORS * VECTOR_BYTES // x.itemsize
    phases, panels, grid = stride[0] * stride[1], -(-g_shape[3] // panel), (-(-g_shape[1] // m), -(-g_shape[2] // m))
    groups = -(-g_shape[3] // TOGETHER)
    tiles, size = g_shape[0] * grid[0] * grid[1], phases * panels * t * t * channels * panel
    enough = phases * groups >= ENOUGH
    runs = 1 if enough else max(1, min(RUNS, tiles // LEAST_TILES, MEMORY // (size * x.itemsize)))
    du, du_at = scratch(x, 0 if runs == 1 else runs * size)
    block = max(LEAST_BLOCK, BLOCK // (t * t * (channels + panel) * x.itemsize * FULL)) * FULL
    args = (algorithm, dw, du, du_at, zeros, x, x_shape, g, g_shape, m, r, stride, padding, grid, block, runs, groups)
    sums = algorithm, dw, g_shape[3], du, du_at, runs, channels, m, r, stride, phases * panels
    operations = 2 * tiles * t * t * phases * channels * g_shape[3]
    alone = parts_for(operations) == 1
    if alone:
        _tasks(*args, 0, runs * phases * groups)
    else:
        launch(_tasks_parallel, operations / RATE, *args, runs * phases * groups)
    if runs > 1 and (alone or phases * panels == 1):
        _collect(*sums, 0, phases * panels)
    elif runs > 1:
        launch(_collect_parallel, (runs + 1) * size * x.itemsize / COPY, *sums)
