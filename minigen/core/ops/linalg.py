"""Matrix products."""

import math

from ...errors import ShapeError
from ..autograd import Op
from .shape import reshape, unsqueeze


class MatMul(Op):
    """Z = A B over the last two axes, the others broadcast;  dA = G Bᵀ, dB = Aᵀ G.

    This and the two below are the derivatives of each other, so that no transposed tensor is ever made.
    """

    saves = (0, 1)
    broadcasts = True

    def forward(self, a, b):
        return self.kernels.matmul(a, b)

    def backward(self, g):
        a, b = self.saved
        return lambda: MatMulNT.apply(g, b), lambda: MatMulTN.apply(a, g)


class MatMulNT(Op):
    """Z = A Bᵀ;  dA = G B, dB = Gᵀ A."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, a, b):
        return self.kernels.matmul(a, b.swapaxes(-1, -2))

    def backward(self, g):
        a, b = self.saved
        return lambda: MatMul.apply(g, b), lambda: MatMulTN.apply(g, a)


class MatMulTN(Op):
    """Z = Aᵀ B;  dA = B Gᵀ, dB = A G."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, a, b):
        return self.kernels.matmul(a.swapaxes(-1, -2), b)

    def backward(self, g):
        a, b = self.saved
        return lambda: MatMulNT.apply(b, g), lambda: MatMul.apply(a, g)


class Linear(Op):
    """Z = X W + b on rows;  dX = G Wᵀ, dW = Xᵀ G, db = Σ G."""

    saves = (0, 1)

    def forward(self, x, weight, bias=None):
        return self.kernels.linear(x, weight, bias)

    def backward(self, g):
        x, weight = self.saved
        return linear_gradients(self, g, x, weight)


class LinearWeightGrad(Op):
    """(dW, db) = (Xᵀ G, Σ G), what reaches weight and bias of Y = X W + b, in one op.

    With H and h the gradients of the two: dX = G Hᵀ, dG = X H + h. ``rooms`` are arrays to write to, or None.
    """

    saves = (0, 1)
    rooms = (None, None)

    def forward(self, x, g):
        return self.kernels.linear_weight_grad(x, g, *self.rooms)

    def backward(self, by_weight, by_bias):
        x, g = self.saved
        if by_weight is None:
            return None, by_bias.expand(g.shape)
        return (
            lambda: MatMulNT.apply(g, by_weight),
            lambda: MatMul.apply(x, by_weight) if by_bias is None else Linear.apply(x, by_weight, by_bias),
        )


def linear_gradients(op, g, x, weight):
    """The gradients of the inputs of ``op``, whose first step was X W or X W + b, given that of this step's result."""
    if len(op.edges) == 2:
        return lambda: MatMulNT.apply(g, weight), lambda: MatMulTN.apply(x, g)
    both = []

    def to(i):
        if not both:
            both.extend(LinearWeightGrad.apply(x, g, rooms=(op.room(1), op.room(2))))
        return both[i]

    return lambda: MatMulNT.apply(g, weight), lambda: to(0), lambda: to(1)


def matmul(a, b):
    """A B: (..., M, K) and (..., K, N) to (..., M, N); a vector (K,) is a row on the left, a column on the right.

    Raises:
        ShapeError: the inner sizes differ, or an input has no axis.
    """
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ShapeError(
            f"matmul of {tuple(a.shape)} and {tuple(b.shape)}: columns of the first must match rows of the second"
        )
    if a.ndim == 1 and b.ndim == 1:
        return reshape(MatMul.apply(unsqueeze(a, 0), unsqueeze(b, 1)), ())
    if a.ndim == 1:
        return matmul(unsqueeze(a, 0), b).squeeze(-2)
    if b.ndim == 1:
        return matmul(a, unsqueeze(b, 1)).squeeze(-1)
    if b.ndim == 2 and a.ndim > 2:  # one product of all rows, and no gradient of b for each matrix of the batch
        rows = reshape(a, (math.prod(a.shape[:-1]), a.shape[-1]))
        return reshape(MatMul.apply(rows, b), (*a.shape[:-1], b.shape[1]))
    return MatMul.apply(a, b)


def linear(x, weight, bias=None):
    """x W + b: x (..., K), weight (K, N), bias (N,) or None, to (..., N).

    Raises:
        ShapeError: K or N differ between the inputs.
    """
    return on_rows(Linear, x, weight, bias)


def on_rows(op, x, weight, bias):
    """The affine ``op`` of the rows of x, as `linear`; the shapes are checked here."""
    if (
        weight.ndim != 2
        or x.ndim < 1
        or x.shape[-1] != weight.shape[0]
        or (bias is not None and bias.shape != (weight.shape[1],))
    ):
        bias_shape = "" if bias is None else f" and bias {tuple(bias.shape)}"
        raise ShapeError(
            f"linear got x {tuple(x.shape)}, weight {tuple(weight.shape)}{bias_shape};"
            " it needs (..., K), (K, N) and (N,)"
        )
    affine = (weight,) if bias is None else (weight, bias)
    return on_matrix(lambda rows: op.apply(rows, *affine), x)


def on_matrix(f, x):
    """f of the rows of x, (..., K) to (..., N), where f is a function of matrices, (M, K) to (M, N)."""
    if x.ndim == 2:
        return f(x)
    y = f(reshape(x, (math.prod(x.shape[:-1]), x.shape[-1])))
    return reshape(y, (*x.shape[:-1], y.shape[1]))


def outer(a, b):
    """a bᵀ: (M,) and (N,) to (M, N)."""
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"outer got {tuple(a.shape)} and {tuple(b.shape)}; it needs two vectors (M,) and (N,)")
    return unsqueeze(a, -1) * unsqueeze(b, -2)
