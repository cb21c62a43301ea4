"""Cases of `core/ops/norm.py`: mean 0 and variance 1 over some axes, written with NumPy's mean and var."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample

EPS = (1e-2, 1e-5)


def _affine(d, shape):
    """Scale and shift of a shape, scale alone, or neither."""
    return tuple(d.values(shape) for _ in range(d.integer(0, 2)))


def _standard(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def _scaled(x, weight=1.0, bias=0.0):
    return x * weight + bias


def _layer_norm(d):
    shape = d.shape(least_axes=1, most_axes=2, least=2)
    x = d.distinct((*d.shape(most_axes=2), *shape), 0.3)
    normalized = shape[0] if len(shape) == 1 and d.boolean() else shape
    return Sample((x, *_affine(d, shape)), {"normalized_shape": normalized, "eps": d.choice(EPS)})


def _layer_norm_reference(x, *affine, normalized_shape, eps):
    count = 1 if isinstance(normalized_shape, int) else len(normalized_shape)
    return _scaled(_standard(x, tuple(range(-count, 0)), eps), *affine)


def _group_norm(d):
    groups, share = d.integer(1, 3), d.integer(1, 2)
    pixels = d.shape(most_axes=2, least=2) if share > 1 else d.shape(least_axes=1, most_axes=2, least=2)
    x = d.distinct((d.side(), *pixels, groups * share), 0.3)
    return Sample((x, *_affine(d, (groups * share,))), {"num_groups": groups, "eps": d.choice(EPS)})


def _group_norm_reference(x, *affine, num_groups, eps):
    channels = np.split(x, num_groups, axis=-1)
    return _scaled(np.concatenate([_standard(c, tuple(range(1, x.ndim)), eps) for c in channels], -1), *affine)


def _group_norm_silu_reference(x, *affine, num_groups, eps):
    z = _group_norm_reference(x, *affine, num_groups=num_groups, eps=eps)
    return z / (1 + np.exp(-z))


def _instance_norm(d):
    c = d.integer(1, 3)
    x = d.distinct((d.side(), *d.shape(least_axes=1, most_axes=2, least=2), c), 0.3)
    return Sample((x, *_affine(d, (c,))), {"eps": d.choice(EPS)})


def _batch_norm_train(d):
    c = d.integer(1, 3)
    x = d.distinct((d.integer(2, 4), *d.shape(most_axes=2, least=1), c), 0.3)
    return Sample((x, *_affine(d, (c,))), {"eps": d.choice(EPS)})


def _batch_norm_train_reference(x, *affine, eps):
    axes = tuple(range(x.ndim - 1))
    return _scaled(_standard(x, axes, eps), *affine), x.mean(axes), x.var(axes)


def _batch_norm_leaky_relu(d):
    """No value whose sign rounding could change: of two, an affine map of opposite signs is drawn."""
    sample = _batch_norm_train(d)
    options = {**sample.options, "negative_slope": d.choice((0.0, 0.2))}
    x, *affine = sample.inputs
    z = _batch_norm_train_reference(x, *affine, eps=options["eps"])[0]
    if np.abs(z).min() > 0.02:
        return Sample((x, *affine), options)
    c = x.shape[-1]
    return Sample((x, d.values((c,), 0.1, 1), d.choice((-4.0, 4.0)) * np.ones(c)), options)


def _batch_norm_leaky_relu_reference(x, *affine, eps, negative_slope):
    z, mean, var = _batch_norm_train_reference(x, *affine, eps=eps)
    return np.where(z > 0, z, negative_slope * z), mean, var


def _batch_norm(d):
    c = d.integer(1, 3)
    statistics = d.values((c,)), d.values((c,), 0.3, 2)
    return Sample((d.values((*d.shape(least_axes=1), c)), *statistics, *_affine(d, (c,))), {"eps": d.choice(EPS)})


def _batch_norm_reference(x, mean, var, *affine, eps):
    return _scaled((x - mean) / np.sqrt(var + eps), *affine)


def _rms_norm(d):
    n = d.integer(1, 4)
    affine = (d.values((n,)),) if d.boolean() else ()
    return Sample((d.distinct((*d.shape(most_axes=2), n), 0.3), *affine), {"eps": d.choice(EPS)})


CASES = (
    Case("layer_norm", lambda x, *affine, **o: F.layer_norm(x, o["normalized_shape"], *affine, eps=o["eps"]),
         _layer_norm_reference, _layer_norm),
    Case("group_norm", lambda x, *affine, **o: F.group_norm(x, o["num_groups"], *affine, eps=o["eps"]),
         _group_norm_reference, _group_norm),
    Case("group_norm_silu", lambda x, *affine, **o: F.group_norm_silu(x, o["num_groups"], *affine, eps=o["eps"]),
         _group_norm_silu_reference, _group_norm),
    Case("instance_norm", F.instance_norm,
         lambda x, *affine, eps: _scaled(_standard(x, tuple(range(1, x.ndim - 1)), eps), *affine), _instance_norm),
    Case("batch_norm_train", F.batch_norm_train, _batch_norm_train_reference, _batch_norm_train),
    Case("batch_norm_leaky_relu", F.batch_norm_leaky_relu, _batch_norm_leaky_relu_reference, _batch_norm_leaky_relu),
    Case("batch_norm", F.batch_norm, _batch_norm_reference, _batch_norm),
    Case("rms_norm", F.rms_norm,
         lambda x, *affine, eps: _scaled(x / np.sqrt(np.mean(x * x, -1, keepdims=True) + eps), *affine), _rms_norm),
)  # fmt: skip
