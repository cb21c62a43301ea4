"""Kernel distances: KID and MMD, unbiased, with their errors, and an exact test.

    MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y)

is zero where x and y have the same distribution, and for a characteristic kernel only there. Averages that leave out
the pairs of a datum with itself estimate it without bias at any n, so that unlike the Fréchet distance it may be ranked
at a few hundred samples. The estimate of a perfect sampler is below zero about half of the time.

References:
    A Kernel Two-Sample Test. Gretton, Borgwardt, Rasch, Schölkopf, Smola, 2012,
    https://jmlr.org/papers/v13/gretton12a.html
    Demystifying MMD GANs. Bińkowski, Sutherland, Arbel, Gretton, 2018, https://arxiv.org/abs/1801.01401 (KID)
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ..errors import UserError
from .neighbours import squared_distances
from .score import Score, jackknife_variance, two_sets

BLOCK = 2**21  # kernel values at a time: 16 MB
MEDIAN_OF = 2000  # rows whose distances the median is of

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Arrays (n, d) and (m, d) to the values k(x_i, y_j), (n, m)."""


def polynomial(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(⟨x, y⟩/d + 1)³ of x (n, d) and y (m, d): (n, m)."""
    k = x @ y.T
    k /= x.shape[1]
    k += 1
    return k * k * k


def gaussian(x: np.ndarray, y: np.ndarray, bandwidth: float) -> np.ndarray:
    """exp(−|x − y|²/(2 σ²)) of x (n, d) and y (m, d), σ = bandwidth: (n, m)."""
    k = squared_distances(x, y)
    k *= -0.5 / bandwidth**2
    return np.exp(k, out=k)


def kid(x: np.ndarray, y: np.ndarray) -> Score:
    """The kernel distance of features x (n, d) and y (m, d): `mmd` with the kernel (⟨x, y⟩/d + 1)³."""
    return mmd(x, y, polynomial)


def mmd(x: np.ndarray, y: np.ndarray, kernel: Kernel) -> Score:
    """Unbiased MMD² of x (n, d) and y (m, d), with its jackknife error.

        Σ_{i≠j} k(x_i, x_j)/(n(n − 1)) + Σ_{i≠j} k(y_i, y_j)/(m(m − 1)) − 2 Σ_ij k(x_i, y_j)/(nm)

    Leaving out a datum takes away its row of each sum, so that all n + m jackknife estimates follow from the row sums:
    one pass over the kernel, in blocks. The error is on average not too small, and up to √2 too large where x and y
    have the same distribution.

    Raises:
        ShapeError: other shapes, or fewer than 3 rows.
        UserError: a value that is not finite.
    """
    x, y = two_sets("the kernel distance", x, y, least=3)
    n, m = len(x), len(y)
    xx, yy = _row_sums(x, kernel), _row_sums(y, kernel)
    xy, yx = _cross_sums(x, y, kernel)
    s_xx, s_yy, s_xy = xx.sum(), yy.sum(), xy.sum()
    a, b, c = s_xx / (n * (n - 1)), s_yy / (m * (m - 1)), s_xy / (n * m)
    without_x = (s_xx - 2 * xx) / ((n - 1) * (n - 2)) + b - 2 * (s_xy - xy) / ((n - 1) * m)
    without_y = (s_yy - 2 * yy) / ((m - 1) * (m - 2)) + a - 2 * (s_xy - yx) / ((m - 1) * n)
    variance = jackknife_variance(without_x) + jackknife_variance(without_y)
    return Score(float(a + b - 2 * c), min(n, m), math.sqrt(variance))


def median_distance(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """The median distance between two different rows of x (n, d) and y (m, d) together, of at most 2,000 of them.

    The usual bandwidth of a Gaussian kernel. It does not know which rows are x, so that a permutation test with it is
    exact.

    Raises:
        UserError: at least half of the distances are zero.
    """
    pooled = np.concatenate(two_sets("the median distance", x, y, least=1))
    if len(pooled) > MEDIAN_OF:
        pooled = pooled[rng.permutation(len(pooled))[:MEDIAN_OF]]
    i, j = np.triu_indices(len(pooled), 1)
    median = math.sqrt(float(np.median(squared_distances(pooled, pooled)[i, j])))
    if not median > 0:
        raise UserError("most rows are equal, their median distance is 0; give the kernel a bandwidth of its own")
    return median


def mmd_test(
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    kernel: Kernel | None = None,
    permutations: int = 199,
) -> Score:
    """`mmd`, by default with a Gaussian kernel of the median bandwidth, with its p-value under equal distributions.

    The rows are shuffled between the two sets ``permutations`` times; p = (1 + those whose MMD² is no smaller)/(1 +
    permutations). Where the distributions are equal p is uniform on its grid, at any n: the test is exact.

    With s ∈ {0, 1}^(n+m) marking the first set, Σ_xx = sᵀKs and Σ_xx + Σ_xy = sᵀK1, so that one pass over the kernel,
    in blocks, serves all permutations. That takes 2 (n + m)² · permutations operations: some thousand rows at most.

    Raises:
        UserError: fewer than 19 permutations, of which no p-value below .05 could come.
    """
    if permutations < 19:
        raise UserError(f"the test got {permutations} permutations; wanted at least 19, for p-values as small as .05")
    kernel = kernel or partial(gaussian, bandwidth=median_distance(x, y, rng))
    found = mmd(x, y, kernel)
    x, y = two_sets("the kernel distance", x, y, least=3)
    pooled, n, m = np.concatenate([x, y]), len(x), len(y)
    first = np.zeros((n + m, permutations + 1))
    first[:n, 0] = 1  # as it is
    for k in range(permutations):
        first[rng.permutation(n + m)[:n], k + 1] = 1
    inside, of_first, total = np.zeros(permutations + 1), np.zeros(permutations + 1), 0.0
    for rows, block in _blocks(pooled, pooled, kernel):
        _without_self(block, rows)
        sums = block.sum(1)
        inside += (first[rows] * (block @ first)).sum(0)
        of_first += sums @ first[rows]
        total += sums.sum()
    across = of_first - inside  # Σ_xy, once
    values = inside / (n * (n - 1)) + (total - 2 * across - inside) / (m * (m - 1)) - 2 * across / (n * m)
    # rounding alone must not tell the same split from itself
    no_smaller = values[1:] >= values[0] - 1e-12 * max(1.0, abs(total) / (n + m) ** 2)
    return replace(found, p_value=float((1 + no_smaller.sum()) / (1 + permutations)))


def _row_sums(x, kernel):
    """Σ_{j≠i} k(x_i, x_j), (n,)."""
    sums = np.empty(len(x))
    for rows, block in _blocks(x, x, kernel):
        _without_self(block, rows)
        sums[rows] = block.sum(1)
    return sums


def _cross_sums(x, y, kernel):
    """Σ_j k(x_i, y_j), (n,), and Σ_i k(x_i, y_j), (m,)."""
    of_x, of_y = np.empty(len(x)), np.zeros(len(y))
    for rows, block in _blocks(x, y, kernel):
        of_x[rows] = block.sum(1)
        of_y += block.sum(0)
    return of_x, of_y


def _blocks(x, y, kernel):
    """Slices of x's rows, and the kernel of these with all of y."""
    step = max(1, BLOCK // len(y))
    for a in range(0, len(x), step):
        rows = slice(a, min(a + step, len(x)))
        yield rows, kernel(x[rows], y)


def _without_self(block, rows):
    block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = 0
