"""Distances to near neighbours, in blocks of rows, so that memory stays bounded."""

import numpy as np

from ..errors import UserError

BLOCK = 2**21  # distances at a time: 16 MB


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """|x_i − y_j|² = |x_i|² + |y_j|² − 2⟨x_i, y_j⟩ of x (n, d) and y (m, d): (n, m), not below zero.

    One product of matrices; two rows that are equal may come out some 1e-16 |x|² apart.
    """
    squares = x @ y.T
    squares *= -2
    squares += (x * x).sum(1)[:, None]
    squares += (y * y).sum(1)
    return np.maximum(squares, 0, out=squares)


def blocks(x: np.ndarray, y: np.ndarray):
    """Slices of x's rows (n, d), and the squared distances of these to all of y (m, d), (rows, m)."""
    step = max(1, BLOCK // len(y))
    for a in range(0, len(x), step):
        rows = slice(a, min(a + step, len(x)))
        yield rows, squared_distances(x[rows], y)


def squared_radii(x: np.ndarray, k: int) -> np.ndarray:
    """The squared distance (n,) of each row of x (n, d) to its k-th nearest other row.

    Raises:
        UserError: k is not within 1 … n − 1.
    """
    if not 1 <= k < len(x):
        raise UserError(f"k is {k}; among {len(x)} rows there are neighbours 1 to {len(x) - 1}")
    radii = np.empty(len(x))
    for rows, squares in blocks(x, x):
        squares[np.arange(len(squares)), np.arange(rows.start, rows.stop)] = np.inf  # nobody is their own neighbour
        radii[rows] = np.partition(squares, k - 1, axis=1)[:, k - 1]
    return radii


def nearest_distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The distance (n,) from each row of x (n, d) to the nearest of y (m, d); exactly 0 where it is one of them."""
    distance = np.empty(len(x))
    for rows, squares in blocks(x, y):
        distance[rows] = np.sqrt(((x[rows] - y[squares.argmin(1)]) ** 2).sum(1))
    return distance
