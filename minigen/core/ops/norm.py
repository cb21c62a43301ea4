"""Normalisation. Batch, layer, group and instance norm are one op seen through four shapes.

Written as (N, P, G, D), x is brought to mean 0 and variance 1 over P and D, for each n and g:

    batch     (1, N·H·W, C, 1)          statistics per channel over the whole batch
    layer     (N, 1, 1, D)              per sample over its features
    group     (N, H·W, G, C/G)          per sample and group of channels
    instance  (N, H·W, C, 1)            per sample and channel

Scale and shift by channel, and the activation behind them where there is one, belong to the same op (`activated`).
"""

import math

from ...errors import ShapeError, UserError
from .activated import NormalizeLeakyReLU, NormalizeSiLU
from .activation import leaky_relu, silu
from .arguments import integers
from .elementwise import rsqrt
from .shape import reshape
from .standardize import Standardize


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
    grouped = _grouped(x, num_groups, "group_norm")
    if _is_affine(x, weight, bias):
        y, _, _ = NormalizeLeakyReLU.apply(grouped, weight, bias, eps=eps, slope=1.0)
        return reshape(y, x.shape)
    xhat, _, _ = Standardize.apply(grouped, eps=eps)
    return _affine(reshape(xhat, x.shape), weight, bias)


def group_norm_silu(x, num_groups, weight=None, bias=None, eps=1e-5):
    """silu(group_norm(x, …)) in one pass over each image: x (N, ..., C) to the same, as `group_norm`.

    Neither the normalised x nor what goes into the SiLU is stored: both are made of x again where a gradient is asked
    for.
    """
    if not _is_affine(x, weight, bias):
        return silu(group_norm(x, num_groups, weight, bias, eps))
    y, _, _ = NormalizeSiLU.apply(_grouped(x, num_groups, "group_norm_silu"), weight, bias, eps=eps)
    return reshape(y, x.shape)


def _grouped(x, num_groups, name):
    """x (N, ..., C) as (N, P, G, C/G)."""
    if x.ndim < 2 or num_groups < 1 or x.shape[-1] % num_groups:
        raise ShapeError(
            f"{name} got x {tuple(x.shape)} and {num_groups} groups; the last axis must be divisible by them"
        )
    n, c = x.shape[0], x.shape[-1]
    return reshape(x, (n, math.prod(x.shape[1:-1]), num_groups, c // num_groups))


def _is_affine(x, weight, bias):
    """Whether the fused ops take weight and bias: both there, one number for each channel of a tensor with values."""
    shape = tuple(x.shape[-1:])
    return weight is not None and bias is not None and tuple(weight.shape) == tuple(bias.shape) == shape and x.numel()


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
    if _is_affine(x, weight, bias):
        return batch_norm_leaky_relu(x, weight, bias, eps, negative_slope=1.0)
    xhat, mean, var = Standardize.apply(_one_image(x, "batch_norm"), eps=eps)
    c = x.shape[-1]
    return _affine(reshape(xhat, x.shape), weight, bias), reshape(mean, (c,)), reshape(var, (c,))


def batch_norm_leaky_relu(x, weight=None, bias=None, eps=1e-5, negative_slope=0.0):
    """leaky_relu(`batch_norm_train`(x, …)) in one pass: y (N, ..., C), and the mean and biased variance (C,).

    Args:
        x: (N, ..., C); weight, bias: (C,) or None.
        negative_slope: 0 for a ReLU.
    """
    if not _is_affine(x, weight, bias):
        y, mean, var = batch_norm_train(x, weight, bias, eps)
        return leaky_relu(y, negative_slope), mean, var
    c = x.shape[-1]
    image = _one_image(x, "batch_norm")
    y, mean, var = NormalizeLeakyReLU.apply(image, weight, bias, eps=eps, slope=float(negative_slope))
    return reshape(y, x.shape), reshape(mean, (c,)), reshape(var, (c,))


def _one_image(x, name):
    """x (N, ..., C) as (1, N·…, C, 1)."""
    count = math.prod(x.shape[:-1])
    if count == 1:
        raise UserError(
            f"{name} got x {tuple(x.shape)}: one value per channel has no variance; use a larger batch or eval()"
        )
    return reshape(x, (1, count, x.shape[-1], 1))


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
