"""Arithmetic, elementwise functions, activations and comparisons."""

import numpy as np

from ...core import functional as F
from .conversion import Conversion, Refused, direct


def _scaled(op):
    return lambda x, other, alpha=1: op(x, other if alpha == 1 else other * alpha)


def _swapped(op):
    return lambda x, other, alpha=1: op(other, x if alpha == 1 else x * alpha)


def _clamp(x, min=None, max=None):
    if any(isinstance(limit, np.ndarray) for limit in (min, max)):
        raise Refused("tensors of two dtypes, an error in minigen (DESIGN, decision 3)")
    return F.clamp(x, min, max)


CONVERSIONS = (
    *direct(
        "abs", "neg", "sign", "mul", "pow", "maximum", "minimum", "lerp", "exp", "exp2", "expm1", "log", "log2",
        "log1p", "sqrt", "rsqrt", "square", "reciprocal", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "erf",
        "sigmoid", "logit", "logaddexp", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_not",
        "isnan", "isfinite", "clone",
    ),
    *direct(
        "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "hardtanh", "softplus", "logsigmoid",
        prefix="nn.functional.",
    ),
    Conversion("add", "add", _scaled(F.add)),
    Conversion("__radd__", "add", _swapped(F.add)),
    Conversion("sub", "sub", _scaled(F.sub)),
    Conversion("rsub", "sub", _swapped(F.sub)),
    Conversion("__rsub__", "sub", _swapped(F.sub)),
    Conversion("__rmul__", "mul", _swapped(F.mul)),
    Conversion("div/no_rounding_mode", "div", F.div),
    Conversion("true_divide", "div", F.div),
    Conversion("__rdiv__", "div", _swapped(F.div)),
    Conversion("float_power", "pow", F.pow),
    Conversion("__rpow__", "pow", _swapped(F.pow)),
    Conversion("max/binary", "maximum", F.maximum),
    Conversion("min/binary", "minimum", F.minimum),
    Conversion("clamp", "clamp", _clamp),
    Conversion("clamp_min", "clamp", lambda x, min: F.clamp(x, min=min)),
    Conversion("clamp_max", "clamp", lambda x, max: F.clamp(x, max=max)),
    Conversion("where", "where", lambda x, condition, other: F.where(condition, x, other)),
)  # fmt: skip
