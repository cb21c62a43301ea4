"""The ``flow2d`` workload in PyTorch: eager and compiled."""

import math

import torch
from torch import nn

from ..flow2d import HIDDEN, LAYERS, LEARNING_RATE, make_batch, make_model
from .weights_torch import copy_weights


class Conditioner(nn.Module):
    """1-128-128-2 with ReLU."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(1, HIDDEN)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))

    def forward(self, x):
        return self.rest(self.first(x))


class Flow(nn.Module):
    """Affine couplings; the even ones keep the first coordinate, the odd ones the second."""

    def __init__(self):
        super().__init__()
        self.couplings = nn.ModuleList(Conditioner() for _ in range(LAYERS))

    def copy_from(self, model):
        """Take the weights of a `minigen.models.Flow`."""
        for mine, coupling in zip(self.couplings, model.bijector.bijectors, strict=True):
            copy_weights(mine, coupling.conditioner.state_dict())
        return self

    def forward(self, x):
        """The loss: −log p(x), averaged over x (N, 2)."""
        a, b = x[:, :1], x[:, 1:]
        log_det = 0
        for conditioner in self.couplings:
            s, t = conditioner(a).chunk(2, dim=1)
            s = torch.tanh(s)
            a, b = b * s.exp() + t, a  # changed, kept: the roles are swapped for the next
            log_det = log_det + s
        return (0.5 * (a.square() + b.square()) - log_det).mean() + math.log(2 * math.pi)


class Contender:
    """PyTorch's side of the workload."""

    compiled = False

    def __init__(self):
        model = Flow().copy_from(make_model())
        self.optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
        self.model = torch.compile(model) if self.compiled else model
        self.batch = torch.from_numpy(make_batch())

    def step(self):
        """One training step."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(self.batch)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class CompiledContender(Contender):
    """The same through torch.compile."""

    compiled = True
