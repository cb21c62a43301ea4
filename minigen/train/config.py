"""How long, how fast and with which seed a model is trained."""

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

from ..errors import UserError

GENERAL = {
    "steps": 4000, "batch_size": 100, "learning_rate": 1e-3, "schedule": "constant", "warmup": 0, "clip_norm": 0.0,
    "ema": 0.0,
}  # fmt: skip
"""What holds where neither the user nor the family says anything."""


@dataclass(frozen=True)
class TrainConfig:
    """The options of a training run; what is None becomes the family's habit (`minigen.models.Model.habits`).

    Give at most one of ``steps``, ``epochs`` and ``minutes``.
    """

    steps: int | None = None
    """Length of the training, in batches; 4,000 where neither you nor the family says another."""
    epochs: int | None = None
    """Length of the training, in passes over the data."""
    minutes: float | None = None
    """Length of the training, in minutes (pictures and validation not counted, earlier parts of a resumed run are)."""
    batch_size: int | None = None
    """Data in one batch."""
    learning_rate: float | None = None
    """Adam's step size."""
    schedule: Literal["constant", "linear", "cosine"] | None = None
    """How the learning rate falls: not at all, on a line to 0, or along half a cosine to 0 at the end."""
    warmup: int | None = None
    """Steps in which the learning rate rises from 0 first."""
    clip_norm: float | None = None
    """The largest norm of a gradient; longer ones are scaled down to it. 0 leaves all as they are."""
    ema: float | None = None
    """Decay of the average of the weights that samples are drawn with, such as 0.999; 0 draws with the last weights."""
    seed: int = 0
    """Root of all randomness: initial weights, batches, noise."""
    threads: int | None = None
    """Threads of the cpu backend; by default all cores."""
    backend: str | None = None
    """cpu or reference; by default cpu where Numba is installed."""

    def __post_init__(self):
        lengths = {name: getattr(self, name) for name in ("steps", "epochs", "minutes")}
        given = {name: value for name, value in lengths.items() if value is not None}
        if len(given) > 1:
            raise UserError(f"got {' and '.join(given)}; give only one of steps, epochs and minutes")
        for name in (*given, "batch_size", "learning_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise UserError(f"{name} is {value}; it must be positive")
        if self.schedule not in (None, *SHAPES):
            raise UserError(f"schedule is {self.schedule!r}; it must be one of: {', '.join(SHAPES)}")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise UserError(f"ema is {self.ema}; it must lie in [0, 1)")
        for name, least in (("seed", 0), ("warmup", 0), ("clip_norm", 0), ("threads", 1)):
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise UserError(f"{name} is {value}; it must be at least {least}")

    def settled(self, habits):
        """This configuration with ``habits``, then the general defaults, where it says nothing.

        Raises:
            UserError: a habit does not exist.
        """
        unknown = sorted(set(habits) - {field.name for field in fields(self)})
        if unknown:
            raise UserError(f"{', '.join(unknown)} is no option of a training that a family could have as a habit")
        known = {**GENERAL, **habits}
        if self.epochs is not None or self.minutes is not None:
            del known["steps"]
        return replace(self, **{name: value for name, value in known.items() if getattr(self, name) is None})

    def total_steps(self, steps_per_epoch):
        """The number of steps, or None where the clock decides."""
        return self.steps if self.epochs is None else self.epochs * steps_per_epoch

    def rate(self, step, fraction):
        """The learning rate of ``step`` = 0, 1, 2, …, when this ``fraction`` of the training is done."""
        rising = min(1.0, (step + 1) / (self.warmup + 1))
        return self.learning_rate * rising * SHAPES[self.schedule](min(fraction, 1.0))


SHAPES = {
    "constant": lambda fraction: 1.0,
    "linear": lambda fraction: 1.0 - fraction,
    "cosine": lambda fraction: (1.0 + math.cos(math.pi * fraction)) / 2,
}
"""The share of the learning rate that is left when a fraction of the training is done."""
