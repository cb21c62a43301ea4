"""Normalisation, affine map and activation as one op: x is read, y is written, and nothing else of their size is kept.

With z = x̂ · weight + bias and x̂ the standardised x (N, P, G, D), see `standardize`, the op is y = f(z). Its derivative
is made of x again: a fused op where no graph of the gradient is asked for; else the composition's, of the ops below,
which can be differentiated to any order.
"""

from abc import abstractmethod

from ..autograd import Op
from ..autograd.modes import state
from .activation import SiLUGrad
from .arithmetic import where
from .reduce import sum
from .shape import reshape
from .standardize import Standardize, standardize_vjp


class _Normalize(Op):
    """y = f(x̂ · weight + bias), μ, σ² (biased) of x (N, P, G, D), weight and bias (G·D,); μ and σ² are (N, G)."""

    saves = (0, 1, 2)

    @abstractmethod
    def pull(self, g, z):
        """The gradient in z, from that of f(z); tensors."""

    def remember(self, x, y, mean, var):
        """Keep the statistics, in float64, for the fused gradient."""
        self.statistics = mean, var
        return y, mean.astype(x.dtype), var.astype(x.dtype)

    def backward(self, g, g_mean, g_var):
        x, weight, bias = self.saved
        if state.recording or g is None or g_mean is not None or g_var is not None:
            return self._composed(g, g_mean, g_var, x, weight, bias)
        return self.gradient.apply(g, x, weight, bias, of=self)

    def _composed(self, g, g_mean, g_var, x, weight, bias):
        xhat, _, var = Standardize.apply(x, eps=self.eps)
        shape = (1, 1, *x.shape[2:])
        by_weight = by_bias = None
        if g is not None:
            g = self.pull(g, xhat * reshape(weight, shape) + reshape(bias, shape))
            by_weight, by_bias = (reshape(sum(v, (0, 1)), weight.shape) for v in (g * xhat, g))
            g = g * reshape(weight, shape)
        return standardize_vjp(g, g_mean, g_var, xhat, var, self.eps), by_weight, by_bias


class _Gradient(Op):
    """The gradients in x, weight and bias of an op ``of`` those above, which remembers its statistics, in one pass over
    each image; never recorded."""

    differentiable = False


class NormalizeSiLUGrad(_Gradient):
    """See `NormalizeSiLU`."""

    def forward(self, g, x, weight, bias):
        return self.kernels.normalize_silu_grad(g, x, weight, bias, *self.of.statistics, *self.of.options)


class NormalizeLeakyReLUGrad(_Gradient):
    """See `NormalizeLeakyReLU`."""

    def forward(self, g, x, weight, bias):
        return self.kernels.normalize_leaky_relu_grad(g, x, weight, bias, *self.of.statistics, *self.of.options)


class NormalizeSiLU(_Normalize):
    """y = z σ(z), z = x̂ · weight + bias."""

    gradient = NormalizeSiLUGrad

    @property
    def options(self):
        """What the kernels take beside arrays."""
        return (self.eps,)

    def forward(self, x, weight, bias):
        return self.remember(x, *self.kernels.normalize_silu(x, weight, bias, self.eps))

    def pull(self, g, z):
        return SiLUGrad.apply(g, z)


class NormalizeLeakyReLU(_Normalize):
    """y = z for z > 0, else slope · z, z = x̂ · weight + bias; slope 1 is the affine map alone, slope 0 a ReLU."""

    gradient = NormalizeLeakyReLUGrad

    @property
    def options(self):
        """What the kernels take beside arrays."""
        return self.eps, self.slope

    def forward(self, x, weight, bias):
        return self.remember(x, *self.kernels.normalize_leaky_relu(x, weight, bias, self.eps, self.slope))

    def pull(self, g, z):
        return g if self.slope == 1 else where(z > 0, g, g * self.slope)
