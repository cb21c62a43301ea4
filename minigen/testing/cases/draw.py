"""Draw: shapes, options and arrays for a case, all from one source of integers.

`Draw` asks a NumPy generator; `minigen.testing.strategies` asks hypothesis instead, through the same single
method, so that the same table runs seeded in bulk and shrinks to the smallest counterexample.
"""

import numpy as np


class Draw:
    """Random choices for one sample of a case.

    Args:
        rng: a NumPy generator.
    """

    def __init__(self, rng):
        self.rng = rng

    def integer(self, low, high):
        """An integer from low … high, both included: the one method that another source of chance replaces."""
        return int(self.rng.integers(low, high + 1))

    def boolean(self):
        """True or False."""
        return bool(self.integer(0, 1))

    def choice(self, options):
        """One of a sequence; the first is the simplest."""
        return options[self.integer(0, len(options) - 1)]

    def generator(self):
        """A NumPy generator for values, seeded by one integer."""
        return np.random.default_rng(self.integer(0, 2**32 - 1))

    def side(self, least=0, most=4):
        """The size of an axis; small ones, with an empty one now and then if ``least`` is 0."""
        return 0 if least == 0 and self.integer(0, 15) == 15 else self.integer(max(least, 1), most)

    def shape(self, least_axes=0, most_axes=3, least=0, most=4):
        """A shape of ``least_axes`` … ``most_axes`` axes with sizes from ``least`` to ``most``."""
        return tuple(self.side(least, most) for _ in range(self.integer(least_axes, most_axes)))

    def broadcastable(self, count=2, least=0):
        """``count`` shapes that broadcast together: leading axes dropped, axes of size 1, 0-d ones included."""
        full = self.shape(least=least)
        shapes = []
        for _ in range(count):
            kept = full[self.integer(0, len(full)) :] if self.integer(0, 2) == 2 else full
            shapes.append(tuple(1 if self.integer(0, 3) == 3 else n for n in kept))
        return shapes

    def axis(self, ndim):
        """An axis of an array with ``ndim`` > 0 axes, counted from either end."""
        return self.integer(-ndim, ndim - 1)

    def axes(self, ndim):
        """``dim`` of a reduction: None, an axis or a tuple of axes."""
        kind = self.integer(0, 2)
        if kind == 0 or ndim == 0:
            return None
        if kind == 1:
            return self.axis(ndim)
        chosen = [axis for axis in range(ndim) if self.boolean()] or [0]
        return tuple(axis - ndim if self.boolean() else axis for axis in chosen)

    def values(self, shape, low=-2.0, high=2.0, avoid=(), gap=0.05):
        """Uniform numbers in [low, high], at least ``gap`` away from each of ``avoid`` (kinks, poles)."""
        x = np.asarray(self.generator().uniform(low, high, size=shape))
        for point in avoid:
            near = np.abs(x - point) < gap
            x = np.where(near, np.where((x >= point) & (point + gap <= high), point + gap, point - gap), x)
        return x

    def distinct(self, shape, spacing=0.1):
        """Numbers of which no two are closer than half of ``spacing``: max and min have no ties."""
        rng, n = self.generator(), int(np.prod(shape))
        x = (np.arange(n) - n / 2 + rng.uniform(-0.25, 0.25, size=n)) * spacing
        return rng.permutation(x).reshape(shape)

    def indices(self, shape, n):
        """Integers in [−n, n) of a shape, as positions along an axis of n > 0 entries."""
        return np.asarray(self.generator().integers(-n, n, size=shape))

    def mask(self, shape):
        """Booleans of a shape."""
        return np.asarray(self.generator().random(size=shape) < 0.5)
