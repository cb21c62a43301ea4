"""Interleaved timing of one shape after another: contenders agree first, then take turns, round after round.

The machine's limits have a turn as well. Where machines are shared, a second thread can be worth nothing for a minute
(both of a process's may have been given to one core): limits that were found before would blame the kernels for it.
"""

import importlib.util
import statistics
import tempfile
from pathlib import Path

import numpy as np

from ..process import Process, cores
from .limits import best, holds
from .roofline import home
from .shapes import to_json

LIBRARIES = {
    "benchmarks.kernels.calls_minigen": "numba",
    "benchmarks.kernels.calls_numpy": "numpy",
    "benchmarks.kernels.calls_torch": "torch",
    "benchmarks.kernels.calls_jax": "jax",
}
"""Who takes part: a module, and the package that it needs."""

OURS = "minigen"
MOVED = 1 << 24  # bytes, to find a bandwidth within a round
TOLERANCE = 1e-4  # of the largest result: sums of up to 65,536 float32 terms in any order; a wrong index errs by 1


class Race:
    """The contenders, each library in a process of ``threads`` threads (by default all); use it in a ``with`` block."""

    def __init__(self, threads=None, rounds=7, seconds=0.02):
        self.rounds, self.seconds = rounds, seconds
        installed = {module: importlib.util.find_spec(package) for module, package in LIBRARIES.items()}
        self.not_installed = [LIBRARIES[module] for module, found in installed.items() if found is None]
        there = [module for module, found in installed.items() if found]
        self._workers = [Process("benchmarks.kernels.worker", module, threads=threads) for module in there]
        self._limits, self._room = Process("benchmarks.kernels.limits", threads=threads), holds(threads or cores())
        for worker in (*self._workers, self._limits):
            worker.read()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for worker in (*self._workers, self._limits):
            worker.close()

    def times(self, shape):
        """{contender: {"median": seconds, "min": seconds, "first": seconds of the first call}}, minigen first.

        The median of the rounds' medians, and the least of all calls. Raises AssertionError where results differ.
        """
        return self._timed(shape, lambda: None)[0]

    def times_and_limits(self, shape, stages=()):
        """`times`, and the best `limits` of the same rounds, of the memories that a bound of the shape asks for."""
        memories = {home(shape.bytes, {"bytes": self._room}), *(["second cache"] if stages else [])}
        question = {"memories": sorted(memories), "moved": MOVED, "rounds": 1}
        times, limits = self._timed(shape, lambda: self._limits.ask(question))
        return times, best(limits)

    def _timed(self, shape, before):
        """The times, and what ``before()`` said before each round."""
        turns = self._prepare(shape)
        answers, said = {name: [] for name in turns}, []
        for _ in range(self.rounds):
            said.append(before())
            for name, (worker, _) in turns.items():
                answers[name].append(worker.ask({"run": name, "seconds": self.seconds}))
        times = {
            name: {
                "median": statistics.median(answer["median"] for answer in found),
                "min": min(answer["min"] for answer in found),
                "first": turns[name][1],
            }
            for name, found in answers.items()
        }
        return times, said

    def _prepare(self, shape):
        """{contender: (its worker, seconds of the first call)}, once their results agree."""
        turns = {}
        with tempfile.TemporaryDirectory() as folder:
            for worker in self._workers:
                first = worker.ask({"shape": to_json(shape), "folder": folder})
                turns |= {name: (worker, seconds) for name, seconds in first.items()}
            check(shape, {name: np.load(Path(folder) / f"{name}.npy", mmap_mode="r") for name in turns})
        return turns


def check(shape, results):
    """Raise AssertionError unless all ``results``, {contender: array}, are the same to `TOLERANCE`."""
    ours = results[OURS]
    for name, theirs in results.items():
        assert theirs.shape == ours.shape, f"{shape.kind} {shape.name}: {name} gives {theirs.shape}, not {ours.shape}"
        error = np.abs(theirs - ours).max() / np.abs(ours).max()
        assert error <= TOLERANCE, f"{shape.kind} {shape.name}: {name} and {OURS} differ by {error:.1e} of the largest"


def ratio(times, key="median"):
    """(minigen's time over that of the fastest peer, its name); (None, None) where there is no peer."""
    peers = {name: found[key] for name, found in times.items() if name != OURS}
    if not peers:
        return None, None
    fastest = min(peers, key=peers.get)
    return times[OURS][key] / peers[fastest], fastest
