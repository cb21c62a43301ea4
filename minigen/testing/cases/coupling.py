"""Cases of `core/ops/coupling.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _draw(d):
    n, changed, before, after = d.side(), d.side(least=1), d.side() - 1, d.side() - 1
    before, after = max(before, 0), max(after, 0)
    inputs = d.values((n, before + changed + after)), d.values((n, 2 * changed))
    return Sample(inputs, {"start": before})


def _reference(x, parameters, start):
    changed = parameters.shape[1] // 2
    s, t = np.tanh(parameters[:, :changed]), parameters[:, changed:]
    y = x.copy()
    y[:, start : start + changed] = x[:, start : start + changed] * np.exp(s) + t
    return y, s.sum(1)


CASES = (Case("affine_coupling", F.affine_coupling, _reference, _draw),)
