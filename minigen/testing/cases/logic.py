"""Cases of `core/ops/logic.py`: Python's own comparisons, element by element."""

import math
import operator

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _few_numbers(d):
    """Two arrays of so few different numbers that some are equal, or an array and a number."""
    a, b = d.broadcastable()
    x, y = (d.generator().integers(-1, 2, size=shape) for shape in (a, b))
    return Sample((x,), {"y": float(d.integer(-1, 1))}) if d.integer(0, 4) == 4 else Sample((x, y))


def _one(d):
    return Sample((d.generator().integers(-1, 2, size=d.shape()),))


def _special(d):
    return Sample((d.generator().choice([0.0, -2.5, np.inf, -np.inf, np.nan], size=d.shape()),))


def _truth(name, op, function, draw):
    each = np.vectorize(lambda *x: function(*x), otypes=[bool])  # which hands positions on, as `operator` wants them
    return Case(name, op, lambda *x, **y: each(*x, *y.values()), draw, differentiable=False)


CASES = (
    _truth("eq", F.eq, operator.eq, _few_numbers),
    _truth("ne", F.ne, operator.ne, _few_numbers),
    _truth("lt", F.lt, operator.lt, _few_numbers),
    _truth("le", F.le, operator.le, _few_numbers),
    _truth("gt", F.gt, operator.gt, _few_numbers),
    _truth("ge", F.ge, operator.ge, _few_numbers),
    _truth("logical_and", F.logical_and, lambda x, y: bool(x) and bool(y), _few_numbers),
    _truth("logical_or", F.logical_or, lambda x, y: bool(x) or bool(y), _few_numbers),
    _truth("logical_not", F.logical_not, operator.not_, _one),
    _truth("isnan", F.isnan, math.isnan, _special),
    _truth("isfinite", F.isfinite, math.isfinite, _special),
)
