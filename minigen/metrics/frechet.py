"""The Fréchet distance between two sets of features, as if each were a Gaussian.

    d² = |μ_x − μ_y|² + tr(A) + tr(B) − 2 tr((A^½ B A^½)^½)

with the means μ and covariances A, B of the two sets: the squared 2-Wasserstein distance of N(μ_x, A) and N(μ_y, B).
It sees means and covariances alone, depends on the feature network, and is biased upwards by about c/n, with another c
for each model: never compare two of different n, nor rank by it at small n.

References:
    The Fréchet Distance between Multivariate Normal Distributions. Dowson, Landau, 1982,
    https://doi.org/10.1016/0047-259X(82)90077-X
    GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium. Heusel, Ramsauer, Unterthiner,
    Nessler, Hochreiter, 2017, https://arxiv.org/abs/1706.08500
    Effectively Unbiased FID and Inception Score and Where to Find Them. Chong, Forsyth, 2020,
    https://arxiv.org/abs/1911.07023 (the bias)
"""

import math

import numpy as np

from ..errors import ShapeError
from .score import Score, two_sets


def frechet(x: np.ndarray, y: np.ndarray) -> Score:
    """The squared Fréchet distance of features x (n, d) and y (m, d), with its standard error.

    The error is that of the first-order expansion of d² in the two means and covariances (the delta method): a datum
    x_i counts

        2 (μ_x − μ_y)·(x_i − μ_x) + (x_i − μ_x)ᵀ (1 − T) (x_i − μ_x),      T = A^−½ (A^½ B A^½)^½ A^−½

    where T is the linear map that carries N(0, A) to N(0, B). It knows nothing of the bias, and is up to √2 too large
    where the distributions are equal, as the first order vanishes there.

    Raises:
        ShapeError: other shapes, or fewer than 2 rows.
        UserError: a value that is not finite.
    """
    x, y = two_sets("the Fréchet distance", x, y)
    (mean_x, a), (mean_y, b) = moments(x), moments(y)
    value = frechet_of_gaussians(mean_x, a, mean_y, b)
    shift = mean_x - mean_y
    variance = _influence(x - mean_x, shift, a, b).var(ddof=1) / len(x)
    variance += _influence(y - mean_y, -shift, b, a).var(ddof=1) / len(y)
    return Score(value, min(len(x), len(y)), math.sqrt(variance))


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and unbiased covariance (d, d) of x (n, d)."""
    mean = x.mean(0)
    centred = x - mean
    return mean, centred.T @ centred / (len(x) - 1)


def frechet_of_gaussians(mean_x: np.ndarray, a: np.ndarray, mean_y: np.ndarray, b: np.ndarray) -> float:
    """The squared distance of N(mean_x, a) and N(mean_y, b); means (d,), covariances (d, d), which may be singular.

    tr((A^½ B A^½)^½) is the sum of the singular values of A^½ B^½, which squares no small number.

    >>> frechet_of_gaussians(np.zeros(2), np.eye(2), np.array([3.0, 4.0]), np.eye(2))
    25.0

    Raises:
        ShapeError: the shapes do not fit together.
    """
    mean_x, a, mean_y, b = (np.asarray(v, np.float64) for v in (mean_x, a, mean_y, b))
    d = mean_x.size
    if mean_x.shape != (d,) or mean_y.shape != (d,) or a.shape != (d, d) or b.shape != (d, d):
        raise ShapeError(
            f"the Fréchet distance got means {mean_x.shape}, {mean_y.shape} and covariances {a.shape}, {b.shape}; "
            "wanted (d,) and (d, d)"
        )
    overlap = np.linalg.svd(root(a) @ root(b), compute_uv=False).sum()
    return max(0.0, float(((mean_x - mean_y) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * overlap))


def root(a: np.ndarray) -> np.ndarray:
    """A^½, symmetric, of a positive semi-definite (d, d)."""
    value, vector = _eigen(a)
    return (vector * np.sqrt(value)) @ vector.T


def _influence(centred, shift, a, b):
    """How each row of the set with covariance a moves d², (n,)."""
    value, vector = _eigen(a)
    kept = value > 0  # the rows have no part in the other directions
    basis, size = vector[:, kept], np.sqrt(value[kept])
    half = basis * size  # A^½ = half basisᵀ
    middle = root(half.T @ b @ half)
    z = centred @ basis / size  # A^−½ x, in the basis
    return 2 * centred @ shift + (centred**2).sum(1) - ((z @ middle) * z).sum(1)


def _eigen(a):
    """Eigenvalues (d,) and eigenvectors (d, d); values that rounding alone made differ from zero are zero."""
    value, vector = np.linalg.eigh((a + a.T) / 2)
    least = len(value) * np.finfo(np.float64).eps * value.max(initial=0)
    return np.where(value > least, value, 0.0), vector
