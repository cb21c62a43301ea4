"""Cases of `core/ops/gaussian.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _draw(d):
    lead, noise = d.broadcastable()
    size = d.side()
    return Sample((d.values((*lead, 2 * size)), d.values((*noise, size))))


def _reference(statistics, epsilon):
    mu, logvar = np.split(statistics, 2, axis=-1)
    return mu + np.sqrt(np.exp(logvar)) * epsilon, 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1)


def _draw_standard(d):
    shape = d.shape()
    return Sample((d.values(shape),), {"event_dims": d.integer(0, len(shape))})


def _standard(z, event_dims):
    return np.log(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)).sum(tuple(range(z.ndim - event_dims, z.ndim)))


CASES = (
    Case("gaussian_bottleneck", F.gaussian_bottleneck, _reference, _draw),
    Case("standard_normal_log_prob", F.standard_normal_log_prob, _standard, _draw_standard),
)
