"""Normalisation. Running statistics are a layer's business in minigen: what torch writes into them is not compared."""

import math

import numpy as np

from ...core import functional as F
from .conversion import Conversion, Refused, first_channels


def _training(options):
    return options.get("training", False)


def _batch_norm_train(x, running_mean, running_var, weight=None, bias=None, training=True, momentum=0.1, eps=1e-5):
    y, _, _ = F.batch_norm_train(_channels(x), weight, bias, eps)
    return first_channels(y)


def _batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    return first_channels(F.batch_norm(_channels(x), running_mean, running_var, weight, bias, eps))


def _channels(x):
    if x.ndim < 2:
        raise Refused("batch_norm of a vector: no axis of channels")
    return F.movedim(x, 1, -1)


def _layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return F.layer_norm(x, normalized_shape, weight, bias, eps)


def _group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    return first_channels(F.group_norm(F.movedim(x, 1, -1), num_groups, weight, bias, eps))


def _instance_norm(
    x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    if not use_input_stats:
        raise Refused("instance_norm by running statistics")
    return first_channels(F.instance_norm(F.movedim(x, 1, -1), weight, bias, eps))


def _rms_norm(x, normalized_shape, weight=None, eps=None):
    """Over several axes: over one, into which they are joined."""
    joined = (*x.shape[: x.ndim - len(normalized_shape)], math.prod(normalized_shape))
    weight = None if weight is None else F.reshape(weight, joined[-1])
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return F.reshape(F.rms_norm(F.reshape(x, joined), weight, eps), x.shape)


CONVERSIONS = (
    Conversion("nn.functional.batch_norm", "batch_norm", _batch_norm, lambda options: not _training(options)),
    Conversion("nn.functional.batch_norm", "batch_norm_train", _batch_norm_train, _training),
    Conversion("nn.functional.layer_norm", "layer_norm", _layer_norm),
    Conversion("nn.functional.group_norm", "group_norm", _group_norm),
    Conversion("nn.functional.instance_norm", "instance_norm", _instance_norm),
    Conversion("nn.functional.rms_norm", "rms_norm", _rms_norm),
)
