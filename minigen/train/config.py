"""How long, how fast and with which seed a model is trained."""

import math
from dataclasses import dataclass

from ..errors import UserError


@dataclass(frozen=True)
class TrainConfig:
    """The options of a training run. Give one of ``steps``, ``epochs`` and ``minutes``; none means 4,000 steps."""

    steps: int | None = None
    """Length of the training, in batches."""
    epochs: int | None = None
    """Length of the training, in passes over the data."""
    minutes: float | None = None
    """Length of the training, in minutes of wall time (earlier parts of a resumed run counted in)."""
    batch_size: int = 100
    """Data in one batch."""
    learning_rate: float = 1e-3
    """Adam's step size."""
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
        for name, value in {**given, "batch_size": self.batch_size, "learning_rate": self.learning_rate}.items():
            if not 0 < value < math.inf:
                raise UserError(f"{name} is {value}; it must be positive")
        if self.seed < 0:
            raise UserError(f"seed is {self.seed}; it must not be negative")
        if self.threads is not None and self.threads < 1:
            raise UserError(f"threads is {self.threads}; it must be at least 1")

    def total_steps(self, steps_per_epoch):
        """The number of steps, or None where the clock decides."""
        if self.epochs is not None:
            return self.epochs * steps_per_epoch
        return None if self.minutes is not None else self.steps or 4000
