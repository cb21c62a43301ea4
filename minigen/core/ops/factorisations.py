"""Square systems: determinants, inverses, solutions, the Cholesky factor. Batched: matrices are the last two axes.

The derivatives are written with the same ops, so that any order works.
Source: An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation. Giles, 2008, https://people.maths.ox.ac.uk/gilesm/files/NA-08-01.pdf
"""

from ...errors import ShapeError
from ..autograd import Op
from .linalg import MatMulNT, MatMulTN
from .shape import reshape, transpose, unsqueeze
from .triangle import tril, triu


class Inv(Op):
    """Y = A⁻¹;  dA = −Yᵀ G Yᵀ."""

    saves_outputs = (0,)

    def forward(self, a):
        return self.kernels.inv(a)

    def backward(self, g):
        (y,) = self.outputs
        return -MatMulNT.apply(MatMulTN.apply(y, g), y)


class Solve(Op):
    """X = A⁻¹ B;  dB = A⁻ᵀ G, dA = −dB Xᵀ."""

    saves = (0,)
    saves_outputs = (0,)
    broadcasts = True

    def forward(self, a, b):
        return self.kernels.solve(a, b)

    def backward(self, g):
        (a,), (x,) = self.saved, self.outputs
        by_b = Solve.apply(transpose(a, -1, -2), g)
        return lambda: -MatMulNT.apply(by_b, x), by_b


class SolveTriangular(Op):
    """X = T⁻¹ B, T one triangle of A;  dB = T⁻ᵀ G, dA = −dB Xᵀ in that triangle."""

    saves = (0,)
    saves_outputs = (0,)
    broadcasts = True

    def forward(self, a, b):
        return self.kernels.solve_triangular(a, b, self.upper, self.unitriangular)

    def backward(self, g):
        (a,), (x,) = self.saved, self.outputs
        upper, beside = self.upper, int(self.unitriangular)  # a diagonal taken as ones has no gradient
        by_b = SolveTriangular.apply(transpose(a, -1, -2), g, upper=not upper, unitriangular=self.unitriangular)
        return lambda: -_triangle(MatMulNT.apply(by_b, x), upper, beside), by_b


class Cholesky(Op):
    """A = L Lᵀ;  dA = ½ (S + Sᵀ), S = L⁻ᵀ Φ(Lᵀ G) L⁻¹, Φ the lower triangle with half of its diagonal.

    Source: Differentiation of the Cholesky decomposition. Murray, 2016, https://arxiv.org/abs/1602.07527
    """

    saves_outputs = (0,)

    def forward(self, a):
        return self.kernels.cholesky(a)

    def backward(self, g):
        (l,) = self.outputs
        product = MatMulTN.apply(l, g)
        phi = (tril(product) + tril(product, -1)) * 0.5
        lt = transpose(l, -1, -2)
        left = SolveTriangular.apply(lt, phi, upper=True, unitriangular=False)  # L⁻ᵀ Φ
        s = SolveTriangular.apply(lt, transpose(left, -1, -2), upper=True, unitriangular=False)  # (L⁻ᵀ Φ L⁻¹)ᵀ
        return (s + transpose(s, -1, -2)) * 0.5


class SLogDet(Op):
    """s = sign det A, l = log |det A|;  dA = g_l A⁻ᵀ; the sign is constant wherever A is regular."""

    saves = (0,)

    def forward(self, a):
        return self.kernels.slogdet(a)

    def backward(self, g_sign, g_logabsdet):
        (a,) = self.saved
        if g_logabsdet is None:
            return None
        return unsqueeze(unsqueeze(g_logabsdet, -1), -1) * transpose(inv(a), -1, -2)


def _triangle(x, upper, diagonal):
    return triu(x, diagonal) if upper else tril(x, -diagonal)


def _require_square(a, name):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"{name} got a tensor of shape {tuple(a.shape)}; it needs square matrices (..., N, N)")


def _right_hand_side(a, b, left, name):
    """b as matrices, and whether it was made of vectors."""
    _require_square(a, name)
    b = a.constant(b)
    n = a.shape[-1]
    vectors = b.ndim == 1 or (b.ndim == a.ndim - 1 and tuple(b.shape) == tuple(a.shape[:-1]))
    if b.ndim < 1 or b.shape[-1 if vectors or not left else -2] != n or (vectors and not left):
        wanted = "(..., N) or (..., N, K)" if left else "(..., K, N)"
        raise ShapeError(f"{name} got A {tuple(a.shape)} and B {tuple(b.shape)}; B must be {wanted} with N = {n}")
    return (unsqueeze(b, -1) if vectors else b), vectors


def inv(a):
    """A⁻¹: (..., N, N) to the same. To solve a system, `solve` is faster and more accurate.

    Raises:
        ShapeError: A is not square.
        UserError: A is singular.
    """
    _require_square(a, "inv")
    return Inv.apply(a)


def solve(a, b, left=True):
    """X with A X = B: A (..., N, N), B (..., N, K) or vectors (..., N), batches broadcast, to B's shape.

    ``left=False``: X with X A = B, B (..., K, N). A 1-d B, or one of A's shape without its last axis, is vectors.

    Raises:
        ShapeError: A is not square, or B does not fit.
        UserError: A is singular.
    """
    b, vectors = _right_hand_side(a, b, left, "solve")
    if not left:
        return transpose(Solve.apply(transpose(a, -1, -2), transpose(b, -1, -2)), -1, -2)
    x = Solve.apply(a, b)
    return reshape(x, x.shape[:-1]) if vectors else x


def solve_triangular(a, b, *, upper, left=True, unitriangular=False):
    """X with T X = B, T the ``upper`` (or lower) triangle of A: A (..., N, N), B (..., N, K), batches broadcast.

    Args:
        left: False for X T = B, B (..., K, N).
        unitriangular: take T's diagonal as ones, whatever A's is.
    Raises:
        ShapeError: A is not square, or B does not fit.
        UserError: T is singular: its diagonal holds a 0.
    """
    _require_square(a, "solve_triangular")
    if b.ndim < 2 or b.shape[-2 if left else -1] != a.shape[-1]:
        raise ShapeError(
            f"solve_triangular got A {tuple(a.shape)} and B {tuple(b.shape)}; B must be"
            f" {'(..., N, K)' if left else '(..., K, N)'} with N = {a.shape[-1]}"
        )
    if left:
        return SolveTriangular.apply(a, b, upper=upper, unitriangular=unitriangular)
    a, b = transpose(a, -1, -2), transpose(b, -1, -2)  # X T = B is Tᵀ Xᵀ = Bᵀ
    return transpose(SolveTriangular.apply(a, b, upper=not upper, unitriangular=unitriangular), -1, -2)


def cholesky(a, upper=False):
    """The lower triangular L with A = L Lᵀ (or ``upper``: Lᵀ), A symmetric positive definite: (..., N, N) to the same.

    Only the lower triangle of A is read; the gradient is symmetric, as in torch.

    Raises:
        ShapeError: A is not square.
        UserError: A is not positive definite.
    """
    _require_square(a, "cholesky")
    l = Cholesky.apply(a)
    return transpose(l, -1, -2) if upper else l


def slogdet(a):
    """Sign and logarithm of |det A|: (..., N, N) to two tensors (...); 0 and −inf where A is singular.

    Raises:
        ShapeError: A is not square.
        UserError: going backward through a singular A.
    """
    _require_square(a, "slogdet")
    return SLogDet.apply(a)
