"""Cases of `core/ops/elementwise.py` and `core/ops/trigonometry.py`, and of the copy that changes nothing."""

import math

import numpy as np

from ...core import functional as F
from .case import binary, unary

erf = np.vectorize(math.erf, otypes=[np.float64])

CASES = (
    unary("clone", F.clone, lambda x: x),
    unary("exp", F.exp, np.exp),
    unary("exp2", F.exp2, lambda x: np.power(2.0, x)),
    unary("expm1", F.expm1, np.expm1),
    unary("log", F.log, np.log, low=0.2, high=3.0),
    unary("log2", F.log2, lambda x: np.log(x) / np.log(2.0), low=0.2, high=3.0),
    unary("log1p", F.log1p, np.log1p, low=-0.7),
    binary("logaddexp", F.logaddexp, lambda x, y: np.log(np.exp(x) + np.exp(y))),
    unary("sqrt", F.sqrt, np.sqrt, low=0.2, high=3.0),
    unary("rsqrt", F.rsqrt, lambda x: 1 / np.sqrt(x), low=0.2, high=3.0),
    unary("square", F.square, lambda x: x * x),
    unary("reciprocal", F.reciprocal, lambda x: 1 / x, low=0.3),
    unary("sin", F.sin, np.sin),
    unary("cos", F.cos, np.cos),
    unary("tan", F.tan, lambda x: np.sin(x) / np.cos(x), low=-1.2, high=1.2),
    unary("atan", F.atan, lambda x: np.angle(1 + 1j * x), low=-4.0, high=4.0),
    unary("sinh", F.sinh, lambda x: (np.exp(x) - np.exp(-x)) / 2),
    unary("cosh", F.cosh, lambda x: (np.exp(x) + np.exp(-x)) / 2),
    unary("tanh", F.tanh, np.tanh, low=-4.0, high=4.0),
    unary("erf", F.erf, erf),
)
