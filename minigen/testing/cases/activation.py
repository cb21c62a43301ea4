"""Cases of `core/ops/activation.py`."""

import math

import numpy as np

from ...core import functional as F
from .case import Case, Sample, unary
from .elementwise import erf


def _gelu(x, approximate="none"):
    if approximate == "none":
        return x * 0.5 * (1 + erf(x / np.sqrt(2)))
    return x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _softplus(d):
    x = d.values(d.shape(), low=-8.0, high=8.0, avoid=(0.2, 0.4))  # the kinks that a threshold of 0.4 makes
    return Sample((x,), d.choice(({}, {"beta": 2.0}, {"beta": 2.0, "threshold": 0.4})))


def _softplus_reference(x, beta=1.0, threshold=np.inf):
    return np.where(beta * x > threshold, x, np.log1p(np.exp(beta * x)) / beta)


def _logit(d):
    eps = d.choice((None, 0.1))
    return Sample((d.values(d.shape(), low=0.02, high=0.98, avoid=() if eps is None else (0.1, 0.9)),), {"eps": eps})


def _logit_reference(x, eps):
    x = x if eps is None else np.clip(x, eps, 1 - eps)
    return np.log(x / (1 - x))


def _hardtanh(d):
    low, high = d.choice(((-1.0, 1.0), (-0.5, 2.0)))
    return Sample((d.values(d.shape(), -3.0, 3.0, avoid=(low, high)),), {"min_val": low, "max_val": high})


def _selu(x):
    """With α and λ as integrals of the normal distribution fix them."""
    e = math.exp(0.5)
    tail, square = math.erfc(math.sqrt(0.5)) * e, math.erfc(math.sqrt(2.0)) * math.exp(2.0)
    alpha = math.sqrt(2 / math.pi) / (1 - tail)
    second = 0.5 + alpha**2 * (0.5 * square - tail + 0.5)
    return np.where(x > 0, x, alpha * (np.exp(x) - 1)) / math.sqrt(second)


def _with(**options):
    """Inputs away from the kink at 0, and one of several values for each option."""

    def draw(d):
        x = d.values(d.shape(), low=-4.0, high=4.0, avoid=(0,))
        return Sample((x,), {name: d.choice(values) for name, values in options.items()})

    return draw


CASES = (
    unary("sigmoid", F.sigmoid, lambda x: 1 / (1 + np.exp(-x)), low=-8.0, high=8.0),
    Case("logit", F.logit, _logit_reference, _logit),
    Case("softplus", F.softplus, _softplus_reference, _softplus),
    unary("logsigmoid", F.logsigmoid, lambda x: -np.log1p(np.exp(-x)), low=-8.0, high=8.0),
    unary("relu", F.relu, lambda x: x * (x > 0), avoid=(0,)),
    Case(
        "leaky_relu",
        F.leaky_relu,
        lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
        _with(negative_slope=(0.01, 0.2)),
    ),
    Case("elu", F.elu, lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)), _with(alpha=(1.0, 0.5))),
    unary("selu", F.selu, _selu, avoid=(0,)),
    Case("hardtanh", F.hardtanh, lambda x, min_val, max_val: np.clip(x, min_val, max_val), _hardtanh),
    unary("mish", F.mish, lambda x: x * np.tanh(np.log1p(np.exp(x))), low=-4.0, high=4.0),
    unary("silu", F.silu, lambda x: x / (1 + np.exp(-x)), low=-4.0, high=4.0),
    Case("gelu", F.gelu, _gelu, _with(approximate=("none", "tanh"))),
)
