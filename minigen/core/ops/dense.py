"""Dense layers in one op: an affine map and the activation behind it, written over the map's result.

What comes between the two is kept nowhere: both derivatives can be told from the output.
"""

from ..autograd import Op
from .activation import ReLUGrad
from .linalg import linear_gradients, on_rows
from .trigonometry import TanhGrad


class LinearReLU(Op):
    """Y = max(X W + b, 0) on rows;  with U = G where Y > 0, else 0: dX = U Wᵀ, dW = Xᵀ U, db = Σ U."""

    saves = (0, 1)
    saves_outputs = (0,)

    def forward(self, x, weight, bias=None):
        y = self.kernels.linear(x, weight, bias)
        return self.kernels.relu(y, out=y)

    def backward(self, g):
        x, weight = self.saved
        return linear_gradients(self, ReLUGrad.apply(g, *self.outputs), x, weight)


class LinearTanh(Op):
    """Y = tanh(X W + b) on rows;  with U = G (1 − Y²): dX = U Wᵀ, dW = Xᵀ U, db = Σ U."""

    saves = (0, 1)
    saves_outputs = (0,)

    def forward(self, x, weight, bias=None):
        y = self.kernels.linear(x, weight, bias)
        return self.kernels.tanh(y, out=y)

    def backward(self, g):
        x, weight = self.saved
        return linear_gradients(self, TanhGrad.apply(g, *self.outputs), x, weight)


def linear_relu(x, weight, bias=None):
    """max(x W + b, 0): x (..., K), weight (K, N), bias (N,) or None, to (..., N).

    Raises:
        ShapeError: K or N differ between the inputs.
    """
    return on_rows(LinearReLU, x, weight, bias)


def linear_tanh(x, weight, bias=None):
    """tanh(x W + b): x (..., K), weight (K, N), bias (N,) or None, to (..., N).

    Raises:
        ShapeError: K or N differ between the inputs.
    """
    return on_rows(LinearTanh, x, weight, bias)
