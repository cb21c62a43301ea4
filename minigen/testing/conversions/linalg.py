"""Products, sums of products and factorisations."""

from ...core import functional as F
from .conversion import Conversion, direct

CONVERSIONS = (
    *direct("matmul", "outer"),
    *direct("slogdet", "inv", "solve", "solve_triangular", "cholesky", prefix="linalg."),
    *(Conversion(name, "matmul", F.matmul) for name in ("mm", "bmm", "mv")),
    Conversion("einsum", "einsum", lambda operands, equation: F.einsum(equation, *operands)),
    Conversion(
        "nn.functional.linear",
        "linear",
        lambda x, weight, bias=None: F.linear(x, F.transpose(weight, 0, 1), bias),
    ),
)
