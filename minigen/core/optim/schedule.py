"""Learning-rate schedules: functions of the step t = 0, 1, 2, … (the number of updates made so far).

Pass one where an optimiser wants its learning rate; they nest::

    Adam(model.parameters(), lr=LinearWarmup(500, Cosine(1e-3, 10_000)))
"""

import math
from dataclasses import dataclass

from ...errors import UserError


@dataclass(frozen=True)
class Constant:
    """lr(t) = lr."""

    lr: float

    def __post_init__(self):
        _require_rate(self, self.lr)

    def __call__(self, t):
        return self.lr


@dataclass(frozen=True)
class LinearWarmup:
    """lr(t) = (t + 1)/steps · then(0) for t < steps, after that then(t − steps).

    Args:
        steps: how many updates the warm-up takes, at least 1.
        then: a learning rate or a schedule.
    Source: Accurate, Large Minibatch SGD. Goyal et al., 2017, https://arxiv.org/abs/1706.02677
    """

    steps: int
    then: object

    def __post_init__(self):
        _require_steps(self, self.steps)
        if not callable(self.then):
            object.__setattr__(self, "then", Constant(self.then))

    def __call__(self, t):
        return self.then(0) * (t + 1) / self.steps if t < self.steps else self.then(t - self.steps)


@dataclass(frozen=True)
class Cosine:
    """lr(t) = end + (lr − end) (1 + cos(π t/steps))/2, and end from t = steps on.

    Source: SGDR: Stochastic Gradient Descent with Warm Restarts. Loshchilov, Hutter, 2017,
    https://arxiv.org/abs/1608.03983 (without the restarts)
    """

    lr: float
    steps: int
    end: float = 0.0

    def __post_init__(self):
        _require_rate(self, self.lr)
        _require_rate(self, self.end)
        _require_steps(self, self.steps)

    def __call__(self, t):
        return self.end + (self.lr - self.end) * (1 + math.cos(math.pi * min(t, self.steps) / self.steps)) / 2


@dataclass(frozen=True)
class Step:
    """lr(t) = lr · gamma^⌊t/every⌋."""

    lr: float
    every: int
    gamma: float = 0.1

    def __post_init__(self):
        _require_rate(self, self.lr)
        _require_rate(self, self.gamma)
        _require_steps(self, self.every)

    def __call__(self, t):
        return self.lr * self.gamma ** (t // self.every)


@dataclass(frozen=True)
class Exponential:
    """lr(t) = lr · gammaᵗ."""

    lr: float
    gamma: float

    def __post_init__(self):
        _require_rate(self, self.lr)
        _require_rate(self, self.gamma)

    def __call__(self, t):
        return self.lr * self.gamma**t


def _require_rate(schedule, value):
    if not 0 <= value < math.inf:
        raise UserError(f"{schedule}: learning rates and factors must be finite and not negative, got {value!r}")


def _require_steps(schedule, value):
    if not isinstance(value, int) or value < 1:
        raise UserError(f"{schedule}: a number of steps must be an integer of at least 1, got {value!r}")
