"""Normalisation. Batch, layer, group and instance norm are one op seen through four shapes.

Written as (N, P, G, D), x is brought to mean 0 and variance 1 over P and D, for each n and g:

    batch     (1, N·H·W, C, 1)          statistics per channel over the whole batch
    layer     (N, 1, 1, D)              per sample over its features
    group     (N, H·W, G, C/G)          per sample and group of channels
    instance  (N, H·W, C, 1)            per sample and channel
"""

import math

from ...errors import ShapeError, UserError
from ..autograd import Op
from .arguments import integers
from .elementwise import rsqrt
from .shape import reshape


class Standardize(Op):
    """x̂ = (x − μ) / √(σ² + ε) over P and D of (N, P, G, D); returns x̂, μ, σ² (biased), the latter (N, G).

    With r = (σ² + ε)^(−½): dx = r (g − mean g − x̂ mean(g x̂)), and μ, σ² add g_μ/n + 2 g_σ² (x − μ)/n.
    """

    saves_outputs = (0, 2)

    def forward(self, x):
        return self.kernels.standardize(x, self.eps)

    def backward(self, g, g_mean, g_var):
        xhat, var = self.outputs
        _, p, _, d = self.shapes[0]
        total = None if g is None else StandardizeGrad.apply(g, xhat, var, eps=self.eps)
        if g_mean is not None:
            spread = (_per_group(g_mean) / (p * d)).expand(self.shapes[0])
            total = spread if total is None else total + spread
        if g_var is not None:
            centred = xhat * _per_group((var + self.eps) ** 0.5)
            spread = centred * _per_group(g_var) * (2.0 / (p * d))
            total = spread if total is None else total + spread
        return total


class StandardizeGrad(Op):
    """u = r (g − mean g − x̂ mean(g x̂)), a fused backward with a derivative of its own.

    It is self-adjoint in g; du by x̂: −r (h mean(g x̂) + g mean(h x̂)); by σ²: −r²/2 Σ h u.
    """

    saves = (0, 1, 2)
    saves_outputs = (0,)

    def forward(self, g, xhat, var):
        return self.kernels.standardize_grad(g, xhat, var, self.eps)

    def backward(self, h):
        g, xhat, var = self.saved
        (u,) = self.outputs
        scale = var + self.eps
        return (
            lambda: StandardizeGrad.apply(h, xhat, var, eps=self.eps),
            lambda: -_per_group(rsqrt(scale)) * (h * _mean(g * xhat) + g * _mean(h * xhat)),
            lambda: (h * u).sum((1, 3)) * -0.5 / scale,
        )


def _mean(x):
    return x.mean((1, 3), keepdim=True)


def _per_group(x):
    """(N, G) to (N, 1, G, 1)."""
    return reshape(x, (x.shape[0], 1, x.shape[1], 1))


def _affine(xhat, weight, bias):
    y = xhat if weight is None else xhat * weight
    return y if bias is None else y + bias


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Standardise each sample over its last axes ``normalized_shape``, then scale and shift.

    Args:
        x: (..., *normalized_shape); weight, bias: of normalized_shape, or None.
        eps: added to the variance.
    Source: Layer Normalization. Ba, Kiros, Hinton, 2016, https://arxiv.org/abs/1607.06450
    """
    shape = integers(normalized_shape, "normalized_shape")
    if tuple(x.shape[x.ndim - len(shape) :]) != shape or not shape:
        raise ShapeError(f"layer_norm got x {tuple(x.shape)} and normalized_shape {shape}; x must end in it")
    rows = math.prod(x.shape[: x.ndim - len(shape)])
    xhat, _, _ = Standardize.apply(reshape(x, (rows, 1, 1, math.prod(shape))), eps=eps)
    return _affine(reshape(xhat, x.shape), weight, bias)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    """Standardise each sample over all pixels and one group of channels, then scale and shift.

    Args:
        x: (N, ..., C), C divisible by ``num_groups``; weight, bias: (C,) or None.
    Source: Group Normalization. Wu, He, 2018, https://arxiv.org/abs/1803.08494
    """
    if x.ndim < 2 or num_groups < 1 or x.shape[-1] % num_groups:
        raise ShapeError(
            f"group_norm got x {tuple(x.shape)} and {num_groups} groups; the last axis must be divisible by them"
        )
    n, c = x.shape[0], x.shape[-1]
    grouped = reshape(x, (n, math.prod(x.shape[1:-1]), num_groups, c // num_groups))
    xhat, _, _ = Standardize.apply(grouped, eps=eps)
    return _affine(reshape(xhat, x.shape), weight, bias)


def instance_norm(x, weight=None, bias=None, eps=1e-5):
    """Standardise each channel of each sample over its pixels: x (N, ..., C); weight, bias (C,) or None.

    Source: Instance Normalization. Ulyanov, Vedaldi, Lempitsky, 2016, https://arxiv.org/abs/1607.08022
    """
    return group_norm(x, x.shape[-1], weight, bias, eps)


def batch_norm_train(x, weight=None, bias=None, eps=1e-5):
    """Standardise each channel over the whole batch; returns y, and the mean and biased variance (C,).

    Args:
        x: (N, ..., C); weight, bias: (C,) or None.
    Raises:
        UserError: a single value per channel, whose variance is 0.
    Source: Batch Normalization. Ioffe, Szegedy, 2015, https://arxiv.org/abs/1502.03167
    """
    count = math.prod(x.shape[:-1])
    if count == 1:
        raise UserError(
            f"batch_norm got x {tuple(x.shape)}: one value per channel has no variance; use a larger batch or eval()"
        )
    c = x.shape[-1]
    xhat, mean, var = Standardize.apply(reshape(x, (1, count, c, 1)), eps=eps)
    return _affine(reshape(xhat, x.shape), weight, bias), reshape(mean, (c,)), reshape(var, (c,))


def batch_norm(x, running_mean, running_var, weight=None, bias=None, eps=1e-5):
    """Standardise each channel by given statistics: (x − running_mean) / √(running_var + ε), scaled and shifted.

    Args:
        x: (N, ..., C); all others: (C,), weight and bias may be None.
    """
    return _affine((x - running_mean) * rsqrt(running_var + eps), weight, bias)


def rms_norm(x, weight=None, eps=1e-6):
    """x / √(mean x² + ε) over the last axis: x (..., D), weight (D,) or None.

    Source: Root Mean Square Layer Normalization. Zhang, Sennrich, 2019, https://arxiv.org/abs/1910.07467
    """
    return _affine(x * rsqrt((x * x).mean(-1, keepdim=True) + eps), weight, None)
