"""How much an answer moves when its matrix does: an error counts by it for linear solvers."""

import numpy as np

SOLVERS = ("inv", "solve", "solve_triangular", "cholesky", "slogdet")


def condition_number(name, arrays, options=None):
    """The largest κ₂ of the first array's matrices (..., N, N) for an op of `SOLVERS`; 1 for any other, and if empty.

    ``solve_triangular`` sees one triangle, by its options ``upper`` and ``unitriangular``.
    """
    if name not in SOLVERS or not arrays[0].size:
        return 1.0
    a, options = arrays[0], options or {}
    if name == "solve_triangular":
        a = np.triu(a) if options["upper"] else np.tril(a)
        if options.get("unitriangular"):
            identity = np.eye(a.shape[-1])
            a = a * (1 - identity) + identity
    return max(1.0, float(np.linalg.cond(a).max()))
