"""Streams: random numbers as a pure function of (seed, name, step, element index).

A stream holds no state. The same stream gives the same numbers each time, on every backend, at any thread
count, and on any machine that computes only a part of them; another name, or another step, gives
independent ones. So a run resumes from its step alone, and a test can draw again what a loss drew.
"""

import math
import operator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import backends
from ..errors import DTypeError, UserError


@dataclass(frozen=True)
class Stream:
    """A named source of random numbers.

    Args:
        seed: the root seed, an integer in [0, 2⁶³).
        name: the path of children's names, "" for the root; it is `child` that writes it.
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
        """An independent stream by name, at the same step. A name may hold anything: child("a/b") is no grandchild."""
        return Stream(self.seed, f"{self.name}/{str(name).replace('~', '~0').replace('/', '~1')}", self.step)

    def at(self, step):
        """The same stream at another step."""
        return Stream(self.seed, self.name, int(step))

    @property
    def key(self):
        """A 64-bit key of (seed, name); each kind of draw has its own, so that normal and uniform are independent."""
        return _key(self.seed, self.name, "")

    def normal(self, shape, dtype=np.float32, start=0):
        """Standard normal numbers, an array of ``shape``; its first element is number ``start`` of the stream.

        Raises:
            DTypeError: ``dtype`` is neither float32 nor float64.
            UserError: ``shape`` or ``start`` holds anything but integers of at least 0.
        """
        return self._draw("normal", shape, dtype, start)

    def uniform(self, shape, dtype=np.float32, start=0):
        """Uniform numbers in [0, 1), an array of ``shape``; ``start`` and errors as for `normal`."""
        return self._draw("uniform", shape, dtype, start)

    def generator(self):
        """A NumPy generator for small draws on the host: permutations, initial weights."""
        return np.random.default_rng([self.key, self.step])

    def _draw(self, kind, shape, dtype, start):
        shape, dtype = _axes(shape), np.dtype(dtype)
        if dtype not in (np.float32, np.float64):
            raise DTypeError(f"Stream.{kind} got the dtype {dtype}, wanted float32 or float64: draw those, then cast")
        if not isinstance(start, int | np.integer) or start < 0:
            raise UserError(f"Stream.{kind} got start={start!r}, wanted an integer of at least 0")
        kernel = getattr(backends.current(), f"philox_{kind}")
        return kernel(_key(self.seed, self.name, kind), self.step, int(start), math.prod(shape), dtype).reshape(shape)


def _axes(shape):
    """The shape as a tuple of integers."""
    try:
        axes = tuple(map(operator.index, shape if np.iterable(shape) else (shape,)))
    except TypeError:
        axes = None
    if axes is None or any(n < 0 for n in axes):
        raise UserError(f"a Stream got the shape {shape!r}, wanted integers of at least 0, such as (64, 28, 28, 1)")
    return axes


@lru_cache(maxsize=4096)  # of strings: hashing anew would cost more than a small draw
def _key(seed, name, kind):
    import hashlib  # here, since it loads OpenSSL: 4 ms that `import minigen` need not spend

    digest = hashlib.blake2b(f"{int(seed)}:{kind}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")
