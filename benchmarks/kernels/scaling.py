"""How the kernels scale: one convolution and one product, of which one size at a time changes, and the threads.

The convolution is 3×3 from C to C channels at H×H pixels, the product X W of N rows and C features.
"""

from dataclasses import dataclass

from .race import Race
from .shapes import Convolution, Product

BASE = {"images": 32, "channels": 64, "size": 16, "rows": 256, "features": 256}
LADDERS = {
    "convolution": {"images": (1, 4, 16, 64), "channels": (8, 16, 32, 64, 128), "size": (4, 8, 16, 32)},
    "product": {"rows": (4, 16, 64, 256, 1024), "features": (16, 64, 256, 1024)},
}
"""Family -> what changes -> its values; the rest stays as in `BASE`."""


@dataclass(frozen=True)
class Step:
    """A place on a ladder.

    Args:
        family, axis: keys of `LADDERS`, or the axis "threads".
        value: of the axis.
    """

    family: str
    axis: str
    value: int

    @property
    def shape(self):
        """What is timed there."""
        sizes = BASE | {self.axis: self.value}
        if self.family == "product":
            return Product(sizes["rows"], sizes["features"], sizes["features"])
        image = (sizes["images"], sizes["size"], sizes["size"], sizes["channels"])
        return Convolution("forward", image, (3, 3), sizes["channels"], 1, 1)


def steps(most=None):
    """All ladders but the threads', each of its first ``most`` values."""
    return [
        Step(family, axis, value)
        for family, ladder in LADDERS.items()
        for axis, values in ladder.items()
        for value in values[:most]
    ]


def counts(threads):
    """1, 2, 4, … and ``threads``."""
    return [*(2**i for i in range(threads.bit_length()) if 2**i < threads), threads]


def climb(race, threads, rounds, most=None):
    """Time every step: by ``race`` those of its ``threads``, by others those of fewer. A list of dicts fit for JSON."""
    found = [timed(step, race) for step in steps(most)]
    for count in counts(threads):
        places = [Step(family, "threads", count) for family in LADDERS]
        if count == threads:
            found += [timed(step, race) for step in places]
            continue
        with Race(count, rounds) as fewer:
            found += [timed(step, fewer) for step in places]
    return found


def timed(step, race):
    """A step's place and the GFLOP/s of the direct method that each contender would need to be as fast."""
    times, shape = race.times(step.shape), step.shape
    rates = {name: shape.operations / found["median"] / 1e9 for name, found in times.items()}
    return {"family": step.family, "axis": step.axis, "value": step.value, "shape": shape.name, "gflops": rates}
