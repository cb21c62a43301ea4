"""A panel of a product: as many columns as the tile is wide, and any number of rows a fixed stride apart, tile by tile.

Full tiles one below the other are one call, since a call and its thirty operands take as long as some steps of the sum.
If the rows that full tiles leave over can be spread over them, some are made taller. What is left is a tile of two
groups, and one of a group whose rows are not all valid.
"""

import numpy as np
from numba import njit

from .simd import FULL, GROUP, TALLEST, VECTORS, run_column
from .vectors import driver

NONE, UNIT = np.int64(0), np.int64(1)  # Python's own would be literal, and what takes them be compiled for each anew


@njit(cache=True)
def run_panel(rows, vectors, operands):
    """C[rows, columns] = start[rows, columns] + Σ A[rows, …] · B[…, columns] of all rows.

    `operands` is one tuple: of C a `pointer`, where it begins and the stride of its rows; of start and of A the same;
    of B a pointer and where it begins; A's and B's steps for the three nested sums, their counts; the valid lanes of
    the last vector. All numbers are int64.
    """
    driver()
    c, c_at, c_row, start, start_at, start_row, a, a_at, a_row, b, b_at, a_step, b_step, count, lanes = operands
    tiles, i = rows // FULL, 0
    spread = vectors == VECTORS and rows <= tiles * TALLEST
    while i < rows:
        height, times = np.int64(FULL), tiles
        if tiles == 0:
            height, times = min(max(1, (rows - i) // GROUP), 2) * GROUP, UNIT
        elif spread:
            height = -(-(rows - i) // tiles)
            times = rows - i - tiles * (height - 1)
        at = (c, c_at + i * c_row, c_row, start, start_at + i * start_row, start_row, a, a_at + i * a_row, a_row)
        rest = (b, b_at, a_step, b_step, count, min(height, rows - i), lanes)
        run_column(height, vectors, (times, *at, *rest))
        tiles -= min(times, tiles)
        i += times * height
