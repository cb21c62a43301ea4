"""Activations, elementwise: any shape (...) to the same shape."""

import math

from ...errors import UserError
from ..autograd import Op
from .arithmetic import where
from .elementwise import erf, expm1, tanh


class Sigmoid(Op):
    """y = σ(x) = 1/(1 + e⁻ˣ);  dy/dx = y (1 − y)."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.sigmoid(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * (y * (1.0 - y))


class Softplus(Op):
    """y = log(1 + eˣ);  dy/dx = σ(x)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.softplus(x)

    def backward(self, g):
        (x,) = self.saved
        return g * sigmoid(x)


class ReLU(Op):
    """y = max(x, 0);  dy/dx = 1 for x > 0, else 0."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.relu(x)

    def backward(self, g):
        (x,) = self.saved
        return where(x > 0, g, 0.0)


def sigmoid(x):
    """The logistic function 1/(1 + e⁻ˣ); any shape (...) to the same, within (0, 1)."""
    return Sigmoid.apply(x)


def softplus(x):
    """log(1 + eˣ), without overflow; any shape (...) to the same, positive."""
    return Softplus.apply(x)


def logsigmoid(x):
    """log σ(x) = −softplus(−x); any shape (...) to the same."""
    return -softplus(-x)


def relu(x):
    """max(x, 0); any shape (...) to the same."""
    return ReLU.apply(x)


def leaky_relu(x, negative_slope=0.01):
    """x for x > 0, else negative_slope · x; any shape (...) to the same.

    Source: Rectifier Nonlinearities Improve Neural Network Acoustic Models. Maas, Hannun, Ng, 2013,
    https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf
    """
    return where(x > 0, x, x * negative_slope)


def elu(x, alpha=1.0):
    """x for x > 0, else α (eˣ − 1); any shape (...) to the same.

    Source: Fast and Accurate Deep Network Learning by Exponential Linear Units. Clevert, Unterthiner,
    Hochreiter, 2015, https://arxiv.org/abs/1511.07289
    """
    # the exponential sees no positive x, so that it cannot overflow where it is not used
    return where(x > 0, x, expm1(where(x > 0, 0.0, x)) * alpha)


def silu(x):
    """x σ(x); any shape (...) to the same.

    Source: Sigmoid-Weighted Linear Units. Elfwing, Uchibe, Doya, 2017, https://arxiv.org/abs/1702.03118
    """
    return x * sigmoid(x)


def gelu(x, approximate="none"):
    """x Φ(x) = x/2 · (1 + erf(x/√2)), Φ the standard normal distribution; any shape (...) to the same.

    ``approximate="tanh"``: x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).
    Source: Gaussian Error Linear Units. Hendrycks, Gimpel, 2016, https://arxiv.org/abs/1606.08415
    """
    if approximate not in ("none", "tanh"):
        raise UserError(f"gelu's approximate is {approximate!r}; it must be 'none' or 'tanh'")
    if approximate == "none":
        return x * (erf(x * math.sqrt(0.5)) + 1.0) * 0.5
    return x * (tanh((x + x * x * x * 0.044715) * math.sqrt(2.0 / math.pi)) + 1.0) * 0.5
