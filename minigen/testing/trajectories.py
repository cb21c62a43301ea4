"""A path for an optimiser: where it starts, and the gradients of every step."""

import numpy as np

from ..core.tensor import Tensor

SHAPES = ((5, 4), (4,), (), (4, 3))


def initial(dtype=np.float64, seed=0):
    """Arrays of `SHAPES` to start from."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]


def gradients(t, dtype=np.float64):
    """The gradients of step ``t``, over five orders of magnitude."""
    rng = np.random.default_rng([7, t])
    return [(rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 2)).astype(dtype) for shape in SHAPES]


def push(ps, t):
    """Let the loss Σ θ·g of Parameters ``ps`` have the gradient g of step ``t``."""
    pairs = zip(ps, gradients(t, ps[0].dtype), strict=True)
    sum((p * Tensor(g)).sum() for p, g in pairs if p.requires_grad).backward()
