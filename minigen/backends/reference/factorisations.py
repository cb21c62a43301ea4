"""Square systems and factorisations, by LAPACK (`numpy.linalg`): matrices are the last two axes, the others a batch.

A singular matrix, or one that is not positive definite, is a UserError: no number is the answer.
"""

import numpy as np

from ...errors import UserError


def inv(a):
    """A⁻¹: (..., N, N) to the same. Raises UserError where a matrix is singular."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        raise UserError(_singular("inv", a)) from None


def solve(a, b):
    """X with A X = B: a (..., N, N), b (..., N, K), batches broadcast, to (..., N, K); UserError where singular."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise UserError(_singular("solve", a)) from None


def solve_triangular(a, b, upper, unitriangular):
    """X with A X = B by substitution, reading one triangle of A alone (with ``unitriangular`` not its diagonal).

    lower: X[i] = (B[i] − Σ_{j<i} A[i, j] X[j]) / A[i, i], i = 0, 1, …; upper: the same from the last row up.
    a (..., N, N), b (..., N, K), batches broadcast, to (..., N, K); UserError where the diagonal holds a 0.
    """
    n = a.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])), dtype=np.result_type(a, b))
    diagonal = np.diagonal(a, axis1=-2, axis2=-1)
    if not unitriangular and (diagonal == 0).any():
        raise UserError(_singular("solve_triangular", a))
    for i in range(n)[:: -1 if upper else 1]:
        done = slice(i + 1, n) if upper else slice(0, i)
        x[..., i, :] -= np.matmul(a[..., i : i + 1, done], x[..., done, :])[..., 0, :]
        if not unitriangular:
            x[..., i, :] /= diagonal[..., i, None]
    return x


def cholesky(a):
    """The lower triangular L with L Lᵀ = A, from A's lower triangle: (..., N, N) to the same.

    Raises UserError where A is not positive definite.
    """
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        raise UserError(
            f"cholesky got a matrix of shape {a.shape} that is not positive definite;"
            " add a small multiple of the identity (jitter) or check how it was made"
        ) from None


def slogdet(a):
    """Sign and logarithm of |det A|: (..., N, N) to two arrays (...); 0 and −inf where singular."""
    sign, logabsdet = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(logabsdet)


def _singular(name, a):
    return (
        f"{name} got a singular matrix in a tensor of shape {a.shape}: no inverse exists; add a small multiple of the"
        " identity, or check how it was made"
    )
