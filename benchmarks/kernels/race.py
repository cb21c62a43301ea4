"""Interleaved timing of one shape after another: contenders agree first, then take turns, round after round."""

import importlib.util
import statistics
import tempfile
from pathlib import Path

import numpy as np

from ..process import Process
from .shapes import to_json

LIBRARIES = {
    "benchmarks.kernels.calls_minigen": "numba",
    "benchmarks.kernels.calls_numpy": "numpy",
    "benchmarks.kernels.calls_torch": "torch",
    "benchmarks.kernels.calls_jax": "jax",
}
"""Who takes part: a module, and the package that it needs."""

OURS = "minigen"
TOLERANCE = 1e-4  # of the largest result: sums of up to 65,536 float32 terms in any order; a wrong index errs by 1


class Race:
    """The contenders, each library in a process of ``threads`` threads (by default all); use it in a ``with`` block."""

    def __init__(self, threads=None, rounds=7, seconds=0.02):
        self.rounds, self.seconds = rounds, seconds
        installed = {module: importlib.util.find_spec(package) for module, package in LIBRARIES.items()}
        self.not_installed = [LIBRARIES[module] for module, found in installed.items() if found is None]
        there = [module for module, found in installed.items() if found]
        self._workers = [Process("benchmarks.kernels.worker", module, threads=threads) for module in there]
        for worker in self._workers:
            worker.read()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for worker in self._workers:
            worker.close()

    def times(self, shape):
        """{contender: {"median": seconds, "min": seconds, "first": seconds of the first call}}, minigen first.

        The median of the rounds' medians, and the least of all calls. Raises AssertionError where results differ.
        """
        turns = self._prepare(shape)
        answers = {name: [] for name in turns}
        for _ in range(self.rounds):
            for name, (worker, _) in turns.items():
                answers[name].append(worker.ask({"run": name, "seconds": self.seconds}))
        return {
            name: {
                "median": statistics.median(answer["median"] for answer in found),
                "min": min(answer["min"] for answer in found),
                "first": turns[name][1],
            }
            for name, found in answers.items()
        }

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
