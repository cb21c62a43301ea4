"""Dropout."""

import numpy as np

from ...errors import UserError
from ..autograd.modes import repeated
from ..ops.noise import drop
from ..random import Stream
from .module import Module


class Dropout(Module):
    """Training: zero each value with probability p, multiply the others by 1/(1 − p). Evaluation: nothing.

    Any shape (...) to the same. The layer has its own stream of random numbers: a seed, drawn at construction, and a
    counter of training calls. Both are buffers, so a resumed run drops what the uninterrupted one would have dropped.

    Args:
        rng: a `numpy.random.Generator` for the seed.
    Source: Dropout. Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, p=0.5, *, rng):
        if not 0 <= p <= 1:
            raise UserError(f"Dropout's p is {p!r}; it must lie in [0, 1]")
        self.p = p
        self.register_buffer("seed", np.array(rng.integers(2**63), np.int64))
        self.register_buffer("calls", np.array(0, np.int64))

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return drop(x, self.p, self._noise(tuple(x.shape)))

    @repeated
    def _noise(self, shape):
        """The uniform numbers of the next call."""
        stream = Stream(self.seed.item(), "dropout", self.calls.item())
        self.calls.copy_(stream.step + 1)
        return stream.uniform(shape)

    def begin(self, calls):
        """Count calls on from this number, so that a step drops what it would have dropped, however often it runs."""
        self.calls.copy_(calls)

    def extra_repr(self):
        return f"p={self.p}"
