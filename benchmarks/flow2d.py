"""The ``flow2d`` workload: 8 affine couplings on 2-D data with swapped halves, batch 512, Adam 1e-3.

Conditioners 1-128-128-2 with ReLU, the log-scale through tanh, base N(0, 1).
"""

from types import SimpleNamespace

import numpy as np

from minigen.models import DataSpec
from minigen.models.flow import Flow, FlowConfig

from .training import Training

BATCH, LAYERS, HIDDEN = 512, 8, 128
LEARNING_RATE = 1e-3


def make_model(seed=0):
    """The flow with initial weights from ``seed``; last layers, which start at 0, are moved a little (see `ddpm`)."""
    rng = np.random.default_rng(seed)
    flow = Flow(FlowConfig(coupling="affine", layers=LAYERS, hidden=(HIDDEN, HIDDEN)), DataSpec((2,)), rng=rng)
    for parameter in flow.parameters():
        if not parameter.numpy().any():
            parameter.copy_(0.02 * rng.standard_normal(parameter.shape, np.float32))
    return flow


def make_batch(seed=0):
    """Two half circles with noise, float32 (N, 2), of mean 0 and deviation 1."""
    rng = np.random.default_rng(seed)
    angle, upper = np.pi * rng.random(BATCH), rng.random(BATCH) < 0.5
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle)), np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    points = np.stack(x, 1) + 0.05 * rng.standard_normal((BATCH, 2))
    points -= points.mean(0)
    return (points / points.std()).astype(np.float32)


class Contender(Training):
    """minigen's side of the workload."""

    def __init__(self):
        super().__init__(make_model(), SimpleNamespace(x=make_batch(), labels=None), LEARNING_RATE)
