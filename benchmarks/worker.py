"""One contender in a process of its own, so that no thread pool spins while another is timed.

Started by `race`: reads one number of steps a line, runs them, answers with one line of JSON.
"""

import importlib
import resource
import sys
import time
from pathlib import Path

from .process import serve, tell


def main(module, name):
    """Serve the contender ``name`` of ``module`` until standard input ends."""
    cls = getattr(importlib.import_module(module), name)
    imported = _peak()
    begin = time.perf_counter()
    contender = cls()
    loss = contender.step()
    tell({"first_seconds": time.perf_counter() - begin, "loss": loss, "imported_mib": imported})

    def run(steps):
        seconds, loss = [], None
        for _ in range(steps):
            begin = time.perf_counter()
            loss = contender.step()
            seconds.append(time.perf_counter() - begin)
        return {"seconds": seconds, "loss": loss, "peak_mib": _peak()}

    serve(run)


def _peak():
    """The most memory that this process held so far, in MiB.

    Linux hands a parent's peak on to its children in ``getrusage``; the process's own stands in /proc.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
