"""A ladder: ways to compute one thing, from the naive loop to what ships, each checked and then timed.

Each rung must agree with the reference in float64 before anything is timed; then all are timed in turn, round by round,
so that a slow spell of the machine meets all of them, and the fastest round counts. One thread computes, and only its
own time is counted.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minigen.backends.cpu import threads

from ..peak import peak, seconds


@dataclass(frozen=True)
class Ladder:
    """The rungs of one computation of arrays, and what they are held against."""

    rungs: tuple[Callable, ...]
    """(operands) -> result, the slowest first."""
    exact: Callable
    """The same, right: in float64, from operands in float64."""
    draw: Callable
    """(one of `shapes`, as arguments) -> operands."""
    operations: Callable
    """(one of `shapes`, as arguments) -> additions and multiplications."""
    shapes: tuple[tuple[int, ...], ...]
    title: str
    """A format for one of `shapes`."""
    tolerance: float = 1e-4
    """Of the largest result; what a wrong index gives is of the order of 1."""

    def validate(self, *operands):
        """The largest error of each rung, as a part of the largest result; AssertionError where one is too large."""
        exact = self.exact(*(x.astype(np.float64) for x in operands))
        errors = {rung.__name__: abs(rung(*operands) - exact).max() / abs(exact).max() for rung in self.rungs}
        for name, error in errors.items():
            assert error <= self.tolerance, f"{name} is off by {error:.1e} of the largest result"
        return errors

    def climb(self, operands, rounds):
        """Seconds of each rung, the least of so many interleaved rounds."""
        least = dict.fromkeys((rung.__name__ for rung in self.rungs), np.inf)
        for _ in range(rounds):
            for rung in self.rungs:
                least[rung.__name__] = min(least[rung.__name__], seconds(lambda rung=rung: rung(*operands)))
        return least

    def main(self, story, argv=None):
        """Print a table for each of `shapes`; ``story`` is what ``--help`` tells."""
        parser = argparse.ArgumentParser(description=story, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--rounds", type=int, default=10, help="of which the fastest counts")
        rounds = parser.parse_args(argv).rounds
        threads.set_threads(1)
        limit = peak()
        print(f"multiply-adds in registers alone: {limit / 1e9:.0f} GFLOP/s")
        for shape in self.shapes:
            operands = self.draw(*shape)
            print(f"\n{self.title.format(*shape)}")
            self._print(self.validate(*operands), self.climb(operands, rounds), self.operations(*shape), limit)

    def _print(self, errors, least, operations, limit):
        print(f"{'':14}{'ms':>9}{'GFLOP/s':>10}{'of the limit':>15}{'× the rung below':>19}{'largest error':>16}")
        before = None
        for name, one in least.items():
            rate, gain = operations / one, "" if before is None else f"{before / one:.2f}"
            print(f"{name:14}{one * 1e3:9.2f}{rate / 1e9:10.1f}{rate / limit:15.1%}{gain:>19}{errors[name]:16.1e}")
            before = one
