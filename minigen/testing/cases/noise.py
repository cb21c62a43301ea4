"""Cases of `core/ops/noise.py`."""

import numpy as np

from ...core import functional as F
from ...core.random import Stream
from .case import Case, Sample


def _dropout(d):
    stream = Stream(d.integer(0, 2**31), "dropout", d.integer(0, 3))
    options = {"p": d.choice((0.5, 0.0, 0.9, 1.0)), "training": d.integer(0, 3) < 3, "rng": stream}
    return Sample((d.values(d.shape()),), options)


def _reference(x, p, training, rng):
    """Drop where the stream's uniform number falls below p; the stream itself is proved elsewhere."""
    if not training:
        return x
    keep = rng.uniform(x.shape) >= p
    return np.where(keep, x / (1 - p) if p < 1 else 0.0, 0.0)


CASES = (Case("dropout", F.dropout, _reference, _dropout),)
