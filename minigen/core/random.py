"""Streams: random numbers as a pure function of (seed, name, step, element index).

A stream holds no state. The same stream gives the same numbers each time, on every backend, at any thread
count, and on any machine that computes only a part of them; another name, or another step, gives
independent ones. So a run resumes from its step alone, and a test can draw again what a loss drew.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import backends
from ..errors import UserError


@dataclass(frozen=True)
class Stream:
    """A named source of random numbers.

    Args:
        seed: the root seed, an integer in [0, 2⁶³).
        name: the path of children's names, "" for the root.
        step: the training step, an integer in [0, 2⁶³).
    Source: Parallel Random Numbers: As Easy as 1, 2, 3. Salmon, Moraes, Dror, Shaw, 2011,
    https://doi.org/10.1145/2063384.2063405
    """

    seed: int
    name: str = ""
    step: int = 0

    def __post_init__(self):
        for field in ("seed", "step"):
            value = getattr(self, field)
            if not isinstance(value, int | np.integer) or not 0 <= value < 2**63:
                raise UserError(f"a Stream's {field} is {value!r}; it must be an integer in [0, 2**63)")

    def child(self, name):
        """An independent stream by name, at the same step."""
        return Stream(self.seed, f"{self.name}/{name}", self.step)

    def at(self, step):
        """The same stream at another step."""
        return Stream(self.seed, self.name, int(step))

    @property
    def key(self):
        """The 64-bit Philox key of (seed, name)."""
        return _key(self.seed, self.name)

    def normal(self, shape, dtype=np.float32, start=0):
        """Standard normal numbers, an array of ``shape``; its first element is number ``start`` of the stream."""
        return self._draw("philox_normal", shape, dtype, start)

    def uniform(self, shape, dtype=np.float32, start=0):
        """Uniform numbers in [0, 1), an array of ``shape``; its first element is number ``start`` of the stream."""
        return self._draw("philox_uniform", shape, dtype, start)

    def generator(self):
        """A NumPy generator for small draws on the host: permutations, initial weights."""
        return np.random.default_rng([self.key, self.step])

    def _draw(self, kernel, shape, dtype, start):
        count = int(np.prod(shape, dtype=np.int64))
        return getattr(backends.current(), kernel)(self.key, self.step, start, count, np.dtype(dtype)).reshape(shape)


@lru_cache
def _key(seed, name):
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")
