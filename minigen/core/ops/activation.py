"""Activations, elementwise: any shape (...) to the same shape."""

import math

from ...errors import UserError
from ..autograd import Op
from .arithmetic import where
from .elementwise import erf, expm1, sigmoid
from .trigonometry import tanh

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # the fixed point's, the paper's equation 14


class Softplus(Op):
    """y = log(1 + eˣ);  dy/dx = σ(x)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.softplus(x)

    def backward(self, g):
        (x,) = self.saved
        return g * sigmoid(x)


class ReLU(Op):
    """y = max(x, 0);  dy/dx = 0 for x ≤ 0, else 1, also for NaN."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.relu(x)

    def backward(self, g):
        return ReLUGrad.apply(g, *self.saved)


class ReLUGrad(Op):
    """z = 0 where x ≤ 0, else g, the backward of `ReLU`;  dz/dg = 0 or 1, dz/dx = 0 wherever it exists."""

    saves = (1,)

    def forward(self, g, x):
        return self.kernels.relu_grad(g, x)

    def backward(self, h):
        return ReLUGrad.apply(h, *self.saved), None


class LeakyReLU(Op):
    """y = x for x > 0, else negative_slope · x;  dy/dx = 1 for x > 0, else negative_slope."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.leaky_relu(x, self.negative_slope)

    def backward(self, g):
        return LeakyReLUGrad.apply(g, *self.saved, negative_slope=self.negative_slope)


class LeakyReLUGrad(Op):
    """z = g for x > 0, else negative_slope · g;  dz/dg as dy/dx above, dz/dx = 0 wherever it exists."""

    saves = (1,)

    def forward(self, g, x):
        return self.kernels.leaky_relu_grad(g, x, self.negative_slope)

    def backward(self, h):
        return LeakyReLUGrad.apply(h, *self.saved, negative_slope=self.negative_slope), None


class SiLU(Op):
    """y = x σ(x);  dy/dx = σ(x) (1 + x (1 − σ(x)))."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.silu(x)

    def backward(self, g):
        return SiLUGrad.apply(g, *self.saved)


class SiLUGrad(Op):
    """z = g f′(x), the backward of `SiLU` in one pass;  dz/dg = f′(x), dz/dx = g σ (1 − σ) (2 + x (1 − 2σ))."""

    saves = (0, 1)

    def forward(self, g, x):
        return self.kernels.silu_grad(g, x)

    def backward(self, h):
        g, x = self.saved

        def to_x():
            s = sigmoid(x)
            return h * g * s * (1.0 - s) * ((1.0 - 2.0 * s) * x + 2.0)

        return lambda: SiLUGrad.apply(h, x), to_x


class HardTanh(Op):
    """y = min(max(x, low), high);  dy/dx = 1 for low < x < high, else 0, also at the bounds."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.minimum(self.kernels.maximum(x, self.low), self.high)

    def backward(self, g):
        (x,) = self.saved
        return where((x <= self.low) | (x >= self.high), 0.0, g)


def softplus(x, beta=1.0, threshold=math.inf):
    """log(1 + e^(β x)) / β, without overflow; any shape (...) to the same, positive.

    Beyond β x > ``threshold`` x itself (torch's own is 20; none is needed here, where nothing overflows).
    """
    y = Softplus.apply(x) if beta == 1 else Softplus.apply(x * beta) / beta
    return y if threshold == math.inf else where(x * beta > threshold, x, y)


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
    return LeakyReLU.apply(x, negative_slope=negative_slope)


def elu(x, alpha=1.0):
    """x for x > 0, else α (eˣ − 1); any shape (...) to the same.

    Source: Fast and Accurate Deep Network Learning by Exponential Linear Units. Clevert, Unterthiner,
    Hochreiter, 2015, https://arxiv.org/abs/1511.07289
    """
    # the exponential sees no positive x, so that it cannot overflow where it is not used
    return where(x > 0, x, expm1(where(x > 0, 0.0, x)) * alpha)


def selu(x):
    """λ x for x > 0, else λ α (eˣ − 1), with λ and α that keep mean 0 and variance 1; any shape (...) to the same.

    Source: Self-Normalizing Neural Networks. Klambauer, Unterthiner, Mayr, Hochreiter, 2017,
    https://arxiv.org/abs/1706.02515
    """
    return elu(x, SELU_ALPHA) * SELU_SCALE


def hardtanh(x, min_val=-1.0, max_val=1.0):
    """x limited to [min_val, max_val]; any shape (...) to the same; its gradient at the bounds is 0."""
    if min_val > max_val:
        raise UserError(f"hardtanh got min_val={min_val} above max_val={max_val}; exchange them")
    return HardTanh.apply(x, low=min_val, high=max_val)


def mish(x):
    """x tanh(softplus(x)); any shape (...) to the same.

    Source: Mish: A Self Regularized Non-Monotonic Activation Function. Misra, 2019, https://arxiv.org/abs/1908.08681
    """
    return x * tanh(softplus(x))


def silu(x):
    """x σ(x); any shape (...) to the same.

    Source: Sigmoid-Weighted Linear Units. Elfwing, Uchibe, Doya, 2017, https://arxiv.org/abs/1702.03118
    """
    return SiLU.apply(x)


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
