"""Cases of `core/ops/activation.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample, unary
from .elementwise import erf


def _gelu(x, approximate="none"):
    if approximate == "none":
        return x * 0.5 * (1 + erf(x / np.sqrt(2)))
    return x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _with(**options):
    """Inputs away from the kink at 0, and one of several values for each option."""

    def draw(d):
        x = d.values(d.shape(), low=-4.0, high=4.0, avoid=(0,))
        return Sample((x,), {name: d.choice(values) for name, values in options.items()})

    return draw


CASES = (
    unary("sigmoid", F.sigmoid, lambda x: 1 / (1 + np.exp(-x)), low=-8.0, high=8.0),
    unary("softplus", F.softplus, lambda x: np.log1p(np.exp(x)), low=-8.0, high=8.0),
    unary("logsigmoid", F.logsigmoid, lambda x: -np.log1p(np.exp(-x)), low=-8.0, high=8.0),
    unary("relu", F.relu, lambda x: x * (x > 0), avoid=(0,)),
    Case(
        "leaky_relu",
        F.leaky_relu,
        lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
        _with(negative_slope=(0.01, 0.2)),
    ),
    Case("elu", F.elu, lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)), _with(alpha=(1.0, 0.5))),
    unary("silu", F.silu, lambda x: x / (1 + np.exp(-x)), low=-4.0, high=4.0),
    Case("gelu", F.gelu, _gelu, _with(approximate=("none", "tanh"))),
)
