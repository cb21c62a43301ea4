"""PyTorch as an oracle: for each op of the table, the same function in torch (extra ``oracle``).

Channels are torch's second axis and minigen's last, kernels are (O, C, KH, KW) there and (KH, KW, C, O) here:
the counterparts below permute on the way in and out, and are otherwise torch's own functions.
"""

import numpy as np
import torch
from torch.nn import functional as TF

from .oracle_densities import bernoulli_log_prob, gaussian_bottleneck, standard_normal_log_prob
from .oracle_flows import affine_coupling, rational_quadratic_spline


def _first_channels(x):
    """(N, ..., C) to (N, C, ...)."""
    return torch.movedim(x, -1, 1).contiguous()


def _last_channels(x):
    return torch.movedim(x, 1, -1)


def _index(x):
    return torch.as_tensor(np.asarray(x)) if isinstance(x, np.ndarray | np.generic) else x


def _dims(x, dim):
    return tuple(range(x.ndim)) if dim is None else dim


def _pow(x, y=None, base=None):
    return torch.pow(x, y) if base is None else torch.pow(base, x)


def _extreme(name):
    def extreme(x, y):
        return getattr(torch, name)(x, torch.as_tensor(y, dtype=x.dtype))

    return extreme


def _logaddexp(x, y):
    return torch.logaddexp(x, torch.as_tensor(y, dtype=x.dtype))


def _lerp(start, end, weight):
    weight = torch.as_tensor(weight, dtype=start.dtype)
    return torch.lerp(*torch.broadcast_tensors(start, end, weight))


def _clamp(x, min=None, max=None):
    if min is None and max is None:
        return x
    shape = torch.broadcast_shapes(*(v.shape for v in (x, min, max) if isinstance(v, torch.Tensor)))
    return torch.clamp(x.expand(shape), min, max)


def _relation(name):
    return lambda x, y: getattr(torch, name)(x, torch.as_tensor(y, dtype=x.dtype))


def _prod(x, dim, keepdim):
    """torch multiplies along one axis at a time."""
    dims = sorted(d % x.ndim for d in ((dim,) if isinstance(dim, int) else _dims(x, dim)))
    for d in dims[::-1]:
        x = torch.prod(x, d, keepdim)
    return x


def _pad(x, pad, mode, **value):
    """torch reflects and replicates the last axes of batches only: here one axis after the other."""
    if mode == "constant":
        return TF.pad(x, pad, mode, **value)
    for k in range(0, len(pad), 2):
        axis = x.ndim - 1 - k // 2
        moved = torch.movedim(x, axis, -1)
        rows = TF.pad(moved.reshape(1, -1, moved.shape[-1]), pad[k : k + 2], mode)
        x = torch.movedim(rows.reshape(*moved.shape[:-1], rows.shape[-1]), -1, axis)
    return x


def _getitem(x, index):
    """torch's indexing has no negative steps: indices say the same."""
    parts = []
    for part in index:
        if isinstance(part, slice) and part.step is not None and part.step < 0:
            x, part = torch.flip(x, (-1,)), slice(None)  # the table reverses the last axis only
        parts.append(_index(part))
    return x[tuple(parts)]


def _take_along_dim(x, indices, dim):
    """torch's indices count from the start."""
    return torch.take_along_dim(x, _index(indices % (x.numel() if dim is None else x.shape[dim])), dim)


def _scatter_add(x, src, dim, index):
    """torch cannot go backward to a src longer than the index."""
    return torch.scatter_add(x, dim, _index(index), src[tuple(slice(n) for n in index.shape)])


def _embedding(weight, index):
    """torch's own cannot go backward through an empty result."""
    return TF.embedding(_index(index), weight) if weight.shape[1] and index.size else weight[_index(index)]


def _conv1d(x, weight, bias=None, **options):
    return _last_channels(TF.conv1d(_first_channels(x), weight.permute(2, 1, 0).contiguous(), bias, **options))


def _conv2d(x, weight, bias=None, **options):
    return _last_channels(TF.conv2d(_first_channels(x), weight.permute(3, 2, 0, 1).contiguous(), bias, **options))


def _conv_transpose2d(x, weight, bias=None, **options):
    return _last_channels(
        TF.conv_transpose2d(_first_channels(x), weight.permute(2, 3, 0, 1).contiguous(), bias, **options)
    )


def _max_pool2d(x, **options):
    y = TF.max_pool2d(_first_channels(x), **options)
    return tuple(map(_last_channels, y)) if isinstance(y, tuple) else _last_channels(y)


def _avg_pool2d(x, **options):
    return _last_channels(TF.avg_pool2d(_first_channels(x), **options))


def _interpolate(x, mode, align_corners, **options):
    align = {"align_corners": align_corners} if mode == "bilinear" else {}
    return _last_channels(
        TF.interpolate(_first_channels(x), mode=mode, recompute_scale_factor=None, **align, **options)
    )


def _layer_norm(x, *affine, normalized_shape, eps):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
    return TF.layer_norm(x, shape, *affine, eps=eps)


def _group_norm(x, *affine, num_groups, eps):
    return _last_channels(TF.group_norm(_first_channels(x), num_groups, *affine, eps=eps))


def _instance_norm(x, weight=None, bias=None, eps=1e-5):
    return _last_channels(TF.group_norm(_first_channels(x), x.shape[-1], weight, bias, eps=eps))


def _batch_norm_train(x, weight=None, bias=None, eps=1e-5):
    flat = x.reshape(-1, x.shape[-1])
    y = TF.batch_norm(flat, None, None, weight, bias, training=True, eps=eps)
    return y.reshape(x.shape), flat.mean(0), flat.var(0, correction=0)


def _batch_norm_leaky_relu(x, *affine, eps=1e-5, negative_slope=0.0):
    y, mean, var = _batch_norm_train(x, *affine, eps=eps)
    return TF.leaky_relu(y, negative_slope), mean, var


def _batch_norm(x, mean, var, weight=None, bias=None, eps=1e-5):
    """Written out: torch gives no gradient to running statistics."""
    y = (x - mean) / torch.sqrt(var + eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _rms_norm(x, weight=None, eps=1e-6):
    return TF.rms_norm(x, x.shape[-1:], weight, eps)


def _attention(query, key, value, attn_mask=None, bias=None, **options):
    mask = _index(attn_mask if bias is None else bias)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # the only one with a second derivative
        return TF.scaled_dot_product_attention(query, key, value, mask, **options)


def _bce(logits, target, weight=None, pos_weight=None, reduction="mean"):
    pos_weight = None if pos_weight is None else torch.tensor(pos_weight, dtype=logits.dtype)
    return TF.binary_cross_entropy_with_logits(logits, target, weight, reduction=reduction, pos_weight=pos_weight)


def _mlp(activation):
    def network(x, weight, bias, *more):
        y = TF.linear(x, weight.T, bias)
        return network(activation(y), *more) if more else y

    return network


def _by_class(loss):
    """torch wants the classes as second axis, and at least one sample."""

    def classified(input, *rest, target=None, soft=False, reduction="mean", **options):
        if soft:
            target, *rest = rest
            shape, target = input.shape[:-1], target.reshape(-1, input.shape[-1])
        else:
            shape, target = input.shape[:-1], torch.as_tensor(np.asarray(target)).reshape(-1)
        y = loss(input.reshape(-1, input.shape[-1]), target, *rest, reduction=reduction, **options)
        return y.reshape(shape) if reduction == "none" else y

    return classified


def _kl_div(input, target, log_target, reduction):
    return TF.kl_div(input, target, reduction=reduction, log_target=log_target)


def _gaussian_nll(input, target, var, full, reduction):
    return TF.gaussian_nll_loss(input, target, var, full=full, reduction=reduction)


def _dropout(x, p, training, rng):
    """torch's own noise is another: its dropout by a given mask."""
    keep = rng.uniform(tuple(x.shape)) >= p if training else np.ones(tuple(x.shape), bool)
    scale = 1 / (1 - p) if training and p < 1 else 1.0
    return torch.where(torch.as_tensor(np.asarray(keep)), x * scale, torch.zeros_like(x))


def _pixel_shuffle(x, upscale_factor):
    r = upscale_factor
    if not x.numel():  # torch's own leaves the shape of an empty image as it was
        return x.reshape(*x.shape[:-3], x.shape[-3] * r, x.shape[-2] * r, x.shape[-1] // r**2)
    return torch.movedim(TF.pixel_shuffle(torch.movedim(x, -1, -3).contiguous(), r), -3, -1)


def _pixel_unshuffle(x, downscale_factor):
    r = downscale_factor
    if not x.numel():
        return x.reshape(*x.shape[:-3], x.shape[-3] // r, x.shape[-2] // r, x.shape[-1] * r**2)
    return torch.movedim(TF.pixel_unshuffle(torch.movedim(x, -1, -3).contiguous(), r), -3, -1)


def _norm(x, p, dim, keepdim):
    return torch.linalg.vector_norm(x, 2 if p == "fro" else p, dim, keepdim)


def _cholesky(x, upper):
    """Of the positive-definite matrix that the table makes of x."""
    return torch.linalg.cholesky(x @ x.mT + torch.eye(x.shape[-1], dtype=x.dtype), upper=upper)


_SAME_NAME = (
    "neg", "abs", "sign", "exp", "exp2", "expm1", "log", "log2", "log1p", "sqrt", "rsqrt", "square", "reciprocal",
    "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "erf", "sigmoid", "logit", "relu", "selu", "softmax",
    "log_softmax", "cumsum", "cumprod", "argmax", "argmin", "flatten", "movedim", "unsqueeze", "narrow", "outer",
    "matmul", "transpose", "clone", "logical_not", "isnan", "isfinite", "roll", "tril", "triu", "diagonal", "sort",
    "topk", "searchsorted",
)  # fmt: skip

_RELATIONS = ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or")

COUNTERPARTS = {name: getattr(torch, name) for name in _SAME_NAME}
COUNTERPARTS |= {name: _relation(name) for name in _RELATIONS}
COUNTERPARTS |= {name: getattr(torch.linalg, name) for name in ("inv", "solve", "solve_triangular", "slogdet")}
COUNTERPARTS |= {name: getattr(TF, name) for name in ("hardtanh", "mish")}
COUNTERPARTS |= {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": _pow,
    "maximum": _extreme("maximum"),
    "minimum": _extreme("minimum"),
    "logaddexp": _logaddexp,
    "where": lambda x, y, condition: torch.where(_index(condition), x, y),
    "clamp": _clamp,
    "lerp": _lerp,
    "softplus": lambda x, beta=1.0, threshold=1e9: TF.softplus(x, beta, threshold),
    "logsigmoid": TF.logsigmoid,
    "leaky_relu": TF.leaky_relu,
    "elu": TF.elu,
    "silu": TF.silu,
    "gelu": TF.gelu,
    "sum": lambda x, dim, keepdim: torch.sum(x, _dims(x, dim), keepdim),
    "sum_to_size": lambda x, shape: x.sum_to_size(shape),
    "mean": lambda x, dim, keepdim: torch.mean(x, _dims(x, dim), keepdim),
    "var": torch.var,
    "std": torch.std,
    "prod": _prod,
    "max": torch.max,
    "min": torch.min,
    "amax": lambda x, dim, keepdim: torch.amax(x, _dims(x, dim), keepdim),
    "amin": lambda x, dim, keepdim: torch.amin(x, _dims(x, dim), keepdim),
    "logsumexp": torch.logsumexp,
    "norm": _norm,
    "tile": lambda x, dims: torch.tile(x, dims),
    "repeat_interleave": lambda x, repeats, dim: torch.repeat_interleave(x, _index(repeats), dim),
    "cholesky": _cholesky,
    "einsum": lambda *xs, equation: torch.einsum(equation, *xs),
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "reshape": torch.reshape,
    "permute": torch.permute,
    "expand": lambda x, shape: x.expand(shape),
    "squeeze": lambda x, dim: torch.squeeze(x) if dim is None else torch.squeeze(x, dim),
    "cat": lambda *xs, dim: torch.cat(xs, dim),
    "stack": lambda *xs, dim: torch.stack(xs, dim),
    "split": lambda x, split_size_or_sections, dim: torch.split(x, split_size_or_sections, dim),
    "chunk": torch.chunk,
    "flip": lambda x, dims: torch.flip(x, (dims,) if isinstance(dims, int) else dims),
    "pad": _pad,
    "getitem": _getitem,
    "take_along_dim": _take_along_dim,
    "gather": lambda x, dim, index: torch.gather(x, dim, _index(index)),
    "index_select": lambda x, dim, index: torch.index_select(x, dim, _index(index)),
    "scatter_add": _scatter_add,
    "embedding": _embedding,
    "linear": lambda x, weight, bias=None: TF.linear(x, weight.T, bias),
    "affine_coupling": affine_coupling,
    "gaussian_bottleneck": gaussian_bottleneck,
    "standard_normal_log_prob": standard_normal_log_prob,
    "linear_relu": lambda x, weight, bias=None: TF.relu(TF.linear(x, weight.T, bias)),
    "rational_quadratic_spline": rational_quadratic_spline,
    "relu_mlp": _mlp(TF.relu),
    "tanh_mlp": _mlp(torch.tanh),
    "linear_tanh": lambda x, weight, bias=None: torch.tanh(TF.linear(x, weight.T, bias)),
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "interpolate": _interpolate,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "group_norm_silu": lambda x, *affine, **options: TF.silu(_group_norm(x, *affine, **options)),
    "instance_norm": _instance_norm,
    "batch_norm_train": _batch_norm_train,
    "batch_norm_leaky_relu": _batch_norm_leaky_relu,
    "batch_norm": _batch_norm,
    "rms_norm": _rms_norm,
    "scaled_dot_product_attention": _attention,
    "mse_loss": TF.mse_loss,
    "l1_loss": TF.l1_loss,
    "huber_loss": TF.huber_loss,
    "smooth_l1_loss": TF.smooth_l1_loss,
    "bernoulli_log_prob": bernoulli_log_prob,
    "binary_cross_entropy_with_logits": _bce,
    "nll_loss": _by_class(TF.nll_loss),
    "cross_entropy": _by_class(TF.cross_entropy),
    "kl_div": _kl_div,
    "gaussian_nll_loss": _gaussian_nll,
    "dropout": _dropout,
}
