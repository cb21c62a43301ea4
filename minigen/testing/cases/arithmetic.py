"""Cases of `core/ops/arithmetic.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample, binary, unary


def _pow(d):
    kind = d.integer(0, 3)
    if kind == 0:  # whole powers take any base
        return Sample((d.values(d.shape(), avoid=(0,)),), {"y": d.choice((2, 3, 1, 0, -1, -2.0))})
    if kind == 1:
        return Sample((d.values(d.shape(), 0.3, 2),), {"y": d.choice((0.5, -0.5, 2.5))})
    if kind == 2:
        return Sample((d.values(d.shape()),), {"base": 1.7})
    a, b = d.broadcastable()
    return Sample((d.values(a, 0.3, 2), d.values(b)))


def _pow_op(x, y=None, base=None):
    return F.pow(base, x) if base is not None else F.pow(x, y)


def _apart(d):
    """Two arrays that broadcast and differ by 0.1 at least wherever they meet."""
    a, b = d.broadcastable()
    x = d.generator().integers(-5, 5, size=a) * 0.4 + d.values(a, -0.05, 0.05)
    return Sample((x, d.generator().integers(-5, 5, size=b) * 0.4 + 0.2 + d.values(b, -0.05, 0.05)))


def _where(d):
    c, a, b = d.broadcastable(3)
    if d.integer(0, 3) == 3:
        return Sample((d.values(a),), {"condition": d.mask(c), "y": d.choice((0.0, -1.5))})
    return Sample((d.values(a), d.values(b)), {"condition": d.mask(c)})


def _clamp(d):
    if d.integer(0, 2) == 2:  # bounds of their own for each element, one of them perhaps missing
        a, b, c = d.broadcastable(3)
        x, low, high = d.generator().integers(-3, 4, size=a) * 0.5 + 0.2, d.values(b, -1.1, -0.9), d.values(c, 0.9, 1.1)
        return d.choice((Sample((x, low, high)), Sample((x, low)), Sample((low, high + 0.3, x))))
    low, high = d.choice(((-0.7, 0.9), (None, 0.4), (-0.3, None), (None, None)))
    kinks = [k for k in (low, high) if k is not None]
    return Sample((d.values(d.shape(), avoid=kinks),), {"min": low, "max": high})


def _clamp_reference(x, min=None, max=None):
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _lerp(d):
    a, b, c = d.broadcastable(3)
    if d.boolean():
        return Sample((d.values(a), d.values(b)), {"weight": d.choice((0.3, 0.8))})
    return Sample((d.values(a), d.values(b), d.values(c)))


CASES = (
    binary("add", F.add, lambda x, y: x + y),
    binary("sub", F.sub, lambda x, y: x - y),
    binary("mul", F.mul, lambda x, y: x * y),
    binary("div", F.div, lambda x, y: x / y, second={"low": 0.3}),
    Case("pow", _pow_op, lambda x, y=None, base=None: np.power(x, y) if base is None else base**x, _pow),
    unary("neg", F.neg, lambda x: -x),
    unary("abs", F.abs, np.abs, avoid=(0,)),
    unary("sign", F.sign, np.sign, avoid=(0,)),
    Case("maximum", F.maximum, np.maximum, _apart),
    Case("minimum", F.minimum, np.minimum, _apart),
    Case(
        "where",
        lambda x, y, condition: F.where(condition, x, y),
        lambda x, y, condition: np.where(condition, x, y),
        _where,
    ),
    Case("clamp", F.clamp, _clamp_reference, _clamp),
    Case("lerp", F.lerp, lambda start, end, weight: (1 - weight) * start + weight * end, _lerp),
)
