"""Cases of `core/ops/factorisations.py` and `einsum.py`: well-conditioned matrices, references by elimination."""

import itertools

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _regular(d, batch, n):
    """Matrices whose diagonal outweighs each row, so that all are well-conditioned; of either sign."""
    x = d.values((*batch, n, n), -0.5, 0.5)
    signs = d.generator().choice([-1.0, 1.0], size=(*batch, n, 1))
    return x + signs * (0.5 * n + 1) * np.eye(n)


def _square(d):
    return Sample((_regular(d, d.shape(most_axes=2), d.side()),))


def _eliminate(a, b):
    """X with A X = B by Gauss and Jordan, with the determinant as the product of the pivots."""
    n = a.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    work = np.concatenate([np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b)], axis=-1)
    determinant = np.ones(batch)
    for i in range(n):
        pivot = work[..., i, i].copy()
        determinant = determinant * pivot
        work[..., i, :] /= pivot[..., None]
        for j in range(n):
            if j != i:
                work[..., j, :] -= work[..., j, i, None] * work[..., i, :]
    return work[..., n:], determinant


def _solve(d):
    n, k = d.side(), d.side()
    batch_a, batch_b = d.broadcastable()
    kind = d.choice(("matrices", "vector", "vectors", "right"))
    if kind == "vector":
        return Sample((_regular(d, batch_a, n), d.values((n,))))
    if kind == "vectors":
        return Sample((_regular(d, batch_a, n), d.values((*batch_a, n))))
    k = 5 + k % 2  # more than any batch: a B of A's shape without its last axis would be vectors
    shape = (k, n) if kind == "right" else (n, k)
    return Sample((_regular(d, batch_a, n), d.values((*batch_b, *shape))), {"left": kind != "right"})


def _solve_reference(a, b, left=True):
    if not left:
        return np.swapaxes(_eliminate(np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2))[0], -1, -2)
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    x, _ = _eliminate(a, b[..., None] if vectors else b)
    return x[..., 0] if vectors else x


def _solve_triangular(d):
    n, k = d.side(), d.side()
    batch_a, batch_b = d.broadcastable()
    left = d.boolean()
    options = {"upper": d.boolean(), "left": left, "unitriangular": d.boolean()}
    return Sample((_regular(d, batch_a, n), d.values((*batch_b, *((n, k) if left else (k, n))))), options)


def _solve_triangular_reference(a, b, upper, left, unitriangular):
    triangle = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        triangle = triangle * (1 - np.eye(a.shape[-1])) + np.eye(a.shape[-1])
    if left:
        return _eliminate(triangle, b)[0]
    return np.swapaxes(_eliminate(np.swapaxes(triangle, -1, -2), np.swapaxes(b, -1, -2))[0], -1, -2)


def _cholesky_op(x, upper):
    """Of a positive-definite matrix made of x, so that every direction stays among symmetric ones."""
    return F.cholesky(x @ x.mT + _identity(x.shape[-1], x), upper)


def _identity(n, like):
    return like.constant(np.eye(n, dtype=like.dtype))


def _cholesky_reference(x, upper):
    a = np.einsum("...ik,...jk->...ij", x, x) + np.eye(x.shape[-1])
    l = np.zeros_like(a)
    for i, j in itertools.product(range(a.shape[-1]), repeat=2):
        rest = a[..., i, j] - np.sum(l[..., i, :j] * l[..., j, :j], axis=-1)
        if j <= i:
            l[..., i, j] = np.sqrt(rest) if i == j else rest / l[..., j, j]
    return np.swapaxes(l, -1, -2) if upper else l


def _slogdet_reference(a):
    _, determinant = _eliminate(a, a)
    return np.sign(determinant), np.log(np.abs(determinant))


EQUATIONS = (
    "ij,jk->ik", "ij,jk", "bij,bjk->bik", "i,i->", "i,j->ij", "ij->ji", "ii->i", "ii", "ij->", "ij,ij->j", "ijj,j->ij",
    "ij,jk,kl->il", "i,ij,j->", "ab,b,cb->ca", "...ij,...jk->...ik", "i...->...", "...i,i->...", "...,...",
    "bhld,bhsd->bhls",
)  # fmt: skip


def _einsum(d):
    equation = d.choice(EQUATIONS)
    sizes = {letter: d.side() for letter in sorted(set(equation) - set(".,->"))}
    parts = equation.split("->")[0].split(",")
    shapes = []
    for part, extra in zip(parts, d.broadcastable(len(parts)), strict=True):
        before, dots, after = part.partition("...")
        sides = [tuple(sizes[c] for c in letters) for letters in (before, after)]
        shapes.append((*sides[0], *(extra if dots else ()), *sides[1]))
    return Sample(tuple(d.values(shape) for shape in shapes), {"equation": equation})


CASES = (
    Case("inv", F.inv, lambda a: _eliminate(a, np.broadcast_to(np.eye(a.shape[-1]), a.shape))[0], _square),
    Case("solve", F.solve, _solve_reference, _solve),
    Case("solve_triangular", F.solve_triangular, _solve_triangular_reference, _solve_triangular),
    Case("cholesky", _cholesky_op, _cholesky_reference,
         lambda d: Sample((d.values((*d.shape(most_axes=2), *(d.side(),) * 2)),), {"upper": d.boolean()})),
    Case("slogdet", F.slogdet, _slogdet_reference, _square),
    Case("einsum", lambda *xs, equation: F.einsum(equation, *xs), lambda *xs, equation: np.einsum(equation, *xs),
         _einsum),
)  # fmt: skip
