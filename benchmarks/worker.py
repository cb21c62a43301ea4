"""One contender in a process of its own, so that no thread pool spins while another is timed.

Started by `race`: reads one number of steps a line, runs them, answers with one line of JSON.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path


def main(module, name):
    """Serve the contender ``name`` of ``module`` until standard input ends."""
    cls = getattr(importlib.import_module(module), name)
    imported = _peak()
    begin = time.perf_counter()
    contender = cls()
    loss = contender.step()
    _answer({"first_seconds": time.perf_counter() - begin, "loss": loss, "imported_mib": imported})
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line)):
            begin = time.perf_counter()
            loss = contender.step()
            seconds.append(time.perf_counter() - begin)
        _answer({"seconds": seconds, "loss": loss, "peak_mib": _peak()})


def _peak():
    """The most memory that this process held so far, in MiB.

    Linux hands a parent's peak on to its children in ``getrusage``; the process's own stands in /proc.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _answer(result):
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
