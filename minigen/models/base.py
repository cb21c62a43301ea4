"""What every model promises, so that one loop trains all of them and one page compares them.

A model is a `Module` with ``loss``, ``sample`` and ``log_prob``. Randomness is an argument: the same `Stream`
gives the same loss and the same samples. A family adds ``encode`` and ``decode`` where it has them.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np

from ..core import nn
from ..errors import UserError


@dataclass(frozen=True)
class DataSpec:
    """What a model needs to know about its data.

    Args:
        shape: of one datum: (H, W, C) for images, (D,) for points.
        levels: the number of grey levels of integer data (17 for the digits, 256 for MNIST); None for points.
        classes: the number of labels; None without labels.
    """

    shape: tuple[int, ...]
    levels: int | None = None
    classes: int | None = None

    @property
    def size(self):
        """The number of values of one datum."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class LogProb:
    """Log-probabilities, and what they are.

    Args:
        values: (N,) float64, in nats for each datum.
        kind: "exact", "bound" (below the truth in expectation) or "estimate".
        of: what is given a probability: "density of continuous x", "P(integer x)" or "P(binarised x)".
    """

    values: np.ndarray
    kind: str
    of: str

    @property
    def mean(self):
        """The average over the data, in nats."""
        return float(self.values.mean())

    @property
    def standard_error(self):
        """Of the mean, over the data: s/√N."""
        return float(self.values.std(ddof=1) / np.sqrt(len(self.values))) if len(self.values) > 1 else float("nan")


class Model(nn.Module):
    """A generative model of data described by a `DataSpec`.

    Class attributes: ``family``, its name on the command line; ``Config``, the frozen dataclass of its
    hyper-parameters; ``players``, who takes turns in training; ``units``, the unit and reduction of each
    term that ``loss`` returns.
    """

    family: str
    Config: type
    players = ("model",)
    units: dict[str, str]

    def __init__(self, config, spec):
        super().__init__()
        self.config = config
        self.spec = spec

    def forward(self, batch, rng, player="model"):
        """A model, called, gives its `loss`."""
        return self.loss(batch, rng, player)

    @abstractmethod
    def loss(self, batch, rng, player="model"):
        """Named scalar tensors of a batch; "loss" is the one to minimise.

        Args:
            batch: has ``x``, float32 (N, *shape), images in [0, 1], and ``labels`` (N,) or None.
            rng: the `Stream` of this step.
            player: whose loss; one of ``players``.
        """

    @abstractmethod
    def sample(self, n, rng):
        """n new data, an array (n, *shape), images in [0, 1]."""

    @abstractmethod
    def log_prob(self, x, rng):
        """`LogProb` of data x, an array (N, *shape)."""

    @property
    def dtype(self):
        """float32, or float64 after ``to("float64")``: of the parameters, and so of latents and data."""
        return self.parameters()[0].dtype

    def parameters_of(self, player):
        """The parameters that ``player`` trains."""
        return self.parameters()

    def look_at_data(self, batches):
        """Set what depends on the training data, all of them in ``batches``, before the first step; here nothing."""

    def check_shape(self, x):
        """Raise UserError unless x is (N, *shape)."""
        if tuple(x.shape[1:]) != tuple(self.spec.shape):
            raise UserError(f"this model was made for data of shape (N, {self.spec.shape}); got {tuple(x.shape)}")


def check_config(config, **least):
    """Raise UserError unless each field of ``config`` is among its choices and at least what ``least`` says."""
    kinds = get_type_hints(type(config))
    for field in fields(config):
        values = getattr(config, field.name)
        choices = get_args(kinds[field.name]) if get_origin(kinds[field.name]) is Literal else None
        if choices and values not in choices:
            raise UserError(f"{field.name} is {values!r}; it must be one of: {', '.join(choices)}")
        for value in values if isinstance(values, tuple) else (values,):
            if field.name in least and not least[field.name] <= value < math.inf:
                raise UserError(f"{field.name} is {values}; it must be at least {least[field.name]}")
