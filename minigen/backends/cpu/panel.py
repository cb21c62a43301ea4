"""A panel of a product: as many columns as the tile is wide, and any number of rows a fixed stride apart, tile by tile.

    for each height of full tiles: one call of a stack of them, since a call hands over twenty-five operands
    for what is left: a tile of two groups, one of a group, one of the rows that fill none

Full tiles are made taller, if the rows that they would leave over can be spread over them. Sums are single chains, so
that no result depends on which tile computes it.
"""

import numpy as np
from numba import njit

from .simd import FULL, GROUP, TALLEST, VECTORS, run_stack
from .vectors import driver

NONE, UNIT = np.int64(0), np.int64(1)  # Python's own would be literal, and what takes them be compiled for each anew


@njit(cache=True)
def run_panel(rows, vectors, operands):
    """C[rows, columns] = start[rows, columns] + Σ A[rows, …] · B[…, columns], of `rows` rows and 1 or 2 vectors.

    `operands` is one tuple: of C a `pointer`, where it begins and the stride of its rows; of start and of A the same;
    of B a pointer and where it begins; A's and B's steps for the three nested sums, their counts; the valid lanes of
    the last vector. All numbers are int64.
    """
    driver()
    c, c_at, c_row, start, start_at, start_row, a, a_at, a_row, b, b_at, a_step, b_step, count, lanes = operands
    tiles, i = rows // FULL, 0
    spread = vectors == VECTORS and rows <= tiles * TALLEST
    while i < rows:
        if tiles == 0:
            height, times = max(1, (rows - i) // GROUP) * GROUP, UNIT
        elif spread:  # so many of the greater height that those that remain are a row less
            height = -(-(rows - i) // tiles)
            times = rows - i - tiles * (height - 1)
            tiles -= times
        else:
            height, times, tiles = np.int64(FULL), tiles, NONE
        at = (c, c_at + i * c_row, c_row, start, start_at + i * start_row, start_row, a, a_at + i * a_row, a_row)
        run_stack(height, vectors, (times, *at, b, b_at, a_step, b_step, count, min(height, rows - i), lanes))
        i += times * height
