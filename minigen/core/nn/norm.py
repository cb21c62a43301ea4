"""Normalisation layers, channels last; the equations stand at `functional.batch_norm_train` and its neighbours."""

import math

import numpy as np

from ... import backends
from ...errors import ShapeError, UserError
from .. import functional as F
from ..autograd.modes import repeated
from ..parameter import Parameter
from . import init
from .module import Module


class BatchNorm(Module):
    """y = (x − μ)/√(σ² + ε) · weight + bias for each channel: (N, ..., C) to the same; images, sequences and vectors.

    Training: μ, σ² are the batch's, and running statistics follow: r ← (1 − momentum) r + momentum · batch's, the
    variance unbiased there. Evaluation: they are the running statistics, so that samples do not depend on each other.

    Source: Batch Normalization. Ioffe, Szegedy, 2015, https://arxiv.org/abs/1502.03167
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, *, dtype=np.float32):
        if not 0 <= momentum <= 1:
            raise UserError(f"BatchNorm's momentum is {momentum!r}; it must lie in [0, 1]")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight, self.bias = _affine(num_features, affine, affine, dtype)
        self.register_buffer("running_mean", init.zeros(num_features, dtype))
        self.register_buffer("running_var", init.ones(num_features, dtype))

    def forward(self, x):
        _check_channels(self, x, self.num_features)
        return self.by_batch(x) if self.training else self.by_history(x)

    def by_history(self, x):
        """y by the running statistics."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.eps)

    def by_batch(self, x):
        """y by the batch's statistics, which the running ones follow."""
        return self._followed(x, *F.batch_norm_train(x, self.weight, self.bias, self.eps))

    def _followed(self, x, y, mean, var):
        """y, after the running statistics made a step towards those of x."""
        count = math.prod(x.shape[:-1])
        if count:
            self._follow(mean, var, count / (count - 1))
        return y

    @repeated
    def _follow(self, mean, var, unbias):
        """The running statistics' step towards a batch's mean and biased variance, tensors (C,)."""
        var = var._array * var.dtype.type(unbias)
        for running, batch in ((self.running_mean, mean._array), (self.running_var, var)):
            backends.current().lerp_(running._array, batch, self.momentum)
            running.changed()

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNormLeakyReLU(BatchNorm):
    """leaky_relu(`BatchNorm`(x)) as one op, (N, ..., C) to the same: faster than the two layers, and it stores less.

    Args:
        negative_slope: 0 for a ReLU.
    """

    def __init__(self, num_features, negative_slope=0.0, eps=1e-5, momentum=0.1, affine=True, *, dtype=np.float32):
        super().__init__(num_features, eps, momentum, affine, dtype=dtype)
        self.negative_slope = negative_slope

    def by_history(self, x):
        return F.leaky_relu(super().by_history(x), self.negative_slope)

    def by_batch(self, x):
        y = F.batch_norm_leaky_relu(x, self.weight, self.bias, self.eps, self.negative_slope)
        return self._followed(x, *y)

    def extra_repr(self):
        return f"{super().extra_repr()}, negative_slope={self.negative_slope}"


class LayerNorm(Module):
    """Standardise each sample over its last axes: (..., *normalized_shape) to the same.

    ``weight``, ``bias``: of normalized_shape, or None without ``elementwise_affine`` (or ``bias``).
    Source: Layer Normalization. Ba, Kiros, Hinton, 2016, https://arxiv.org/abs/1607.06450
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=np.float32):
        self.normalized_shape, self.eps = normalized_shape, eps
        self.weight, self.bias = _affine(normalized_shape, elementwise_affine, bias, dtype)

    def forward(self, x):
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Module):
    """Standardise each sample over its pixels and one group of channels: (N, ..., C) to the same.

    ``weight``, ``bias``: (num_channels,), or None without ``affine``.
    Source: Group Normalization. Wu, He, 2018, https://arxiv.org/abs/1803.08494
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, *, dtype=np.float32):
        if num_groups < 1 or num_channels % num_groups:
            raise UserError(f"GroupNorm got {num_channels} channels and {num_groups} groups; they must divide evenly")
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight, self.bias = _affine(num_channels, affine, affine, dtype)

    def forward(self, x):
        _check_channels(self, x, self.num_channels)
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


class GroupNormSiLU(GroupNorm):
    """silu(`GroupNorm`(x)) as one op, (N, ..., C) to the same: faster than the two layers, and it stores less."""

    def forward(self, x):
        _check_channels(self, x, self.num_channels)
        return F.group_norm_silu(x, self.num_groups, self.weight, self.bias, self.eps)


class InstanceNorm(Module):
    """Standardise each channel of each sample over its pixels: (N, ..., C) to the same.

    ``weight``, ``bias``: (num_features,) with ``affine``, else None, as in torch.
    Source: Instance Normalization. Ulyanov, Vedaldi, Lempitsky, 2016, https://arxiv.org/abs/1607.08022
    """

    def __init__(self, num_features, eps=1e-5, affine=False, *, dtype=np.float32):
        self.num_features, self.eps = num_features, eps
        self.weight, self.bias = _affine(num_features, affine, affine, dtype)

    def forward(self, x):
        _check_channels(self, x, self.num_features)
        return F.instance_norm(x, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}"


class RMSNorm(Module):
    """y = x/√(mean x² + ε) · weight over the last axis: (..., num_features) to the same; ``weight`` (num_features,).

    Source: Root Mean Square Layer Normalization. Zhang, Sennrich, 2019, https://arxiv.org/abs/1910.07467
    """

    def __init__(self, num_features, eps=1e-6, elementwise_affine=True, *, dtype=np.float32):
        self.num_features, self.eps = num_features, eps
        self.weight, _ = _affine(num_features, elementwise_affine, False, dtype)

    def forward(self, x):
        _check_channels(self, x, self.num_features)
        return F.rms_norm(x, self.weight, self.eps)

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}"


def _affine(shape, weight, bias, dtype):
    """Weight 1 and bias 0, or None for what is not wanted."""
    return (
        Parameter(init.ones(shape, dtype)) if weight else None,
        Parameter(init.zeros(shape, dtype)) if weight and bias else None,
    )


def _check_channels(layer, x, channels):
    if x.ndim < 1 or x.shape[-1] != channels:
        raise ShapeError(
            f"{type(layer).__name__} of {channels} channels got x {x.shape}; channels come last: (N, ..., {channels})"
        )
