"""One library's contenders in a process of its own: ``python -m benchmarks.kernels.worker MODULE``, see `race`.

It is asked to prepare a shape, {"shape": fields, "folder": path}: it runs each contender once, leaves the results in
the folder as NAME.npy and answers {name: seconds of the first call}; or to run a contender, {"run": name, "seconds":
for how long}: it answers with the median and the minimum of its calls in seconds, and their number.
"""

import importlib
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from ..process import serve, tell
from .shapes import from_json

LEAST = 3  # calls, however long they take
WARM = 0.012  # seconds of calls before the clock starts: threads wake up, operands and the clock rate come back


class Worker:
    """Answers for the module ``calls``."""

    def __init__(self, calls):
        self._calls, self._prepared = calls, {}

    def __call__(self, question):
        if "run" in question:
            return self._run(self._prepared[question["run"]], question["seconds"])
        return self._prepare(from_json(question["shape"]), Path(question["folder"]))

    def _prepare(self, shape, folder):
        self._prepared = self._calls.prepare(shape, shape.operands())
        first = {}
        for name, function in self._prepared.items():
            begin = time.perf_counter()
            result = function()
            first[name] = time.perf_counter() - begin
            np.save(folder / f"{name}.npy", np.ascontiguousarray(self._calls.to_numpy(shape, result)))
        return first

    def _run(self, function, seconds):
        warm = time.perf_counter() + WARM
        while time.perf_counter() < warm:
            function()
        times, end = [], time.perf_counter() + seconds
        while len(times) < LEAST or time.perf_counter() < end:
            begin = time.perf_counter()
            function()
            times.append(time.perf_counter() - begin)
        time.sleep(getattr(self._calls, "SETTLE", 0.0))
        return {"median": statistics.median(times), "min": min(times), "calls": len(times)}


if __name__ == "__main__":
    worker = Worker(importlib.import_module(sys.argv[1]))
    tell("ready")
    serve(worker)
