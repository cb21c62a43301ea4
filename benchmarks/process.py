"""Contenders in processes of their own, asked and answering in lines of JSON: no thread pool spins beside another's."""

import contextlib
import json
import os
import subprocess
import sys

POOLS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Process:
    """``python -m module arguments…``, which answers each line of its standard input.

    Args:
        module: with a ``__main__`` part.
        threads: how many it may use: it is bound to so many cores, since not every library can be told otherwise; by
            default all.
        environment: variables of its own beside this process's; None takes one away.
    """

    def __init__(self, module, *arguments, threads=None, environment=()):
        pools = {} if threads is None else dict.fromkeys(POOLS, str(threads))
        environment = {name: v for name, v in (os.environ | pools | dict(environment)).items() if v is not None}
        with bound_to(threads):
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip

    def ask(self, question):
        """The answer to a ``question`` that JSON can say."""
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self.read()

    def read(self):
        """The next line that it writes."""
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the contender {self._process.args[2:]} stopped; its error stands above")
        return json.loads(line)

    def close(self):
        """Let it end, and wait for it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@contextlib.contextmanager
def bound_to(threads):
    """Processes started inside get the last ``threads`` cores, since the first serves interrupts.

    All of them for None, and where the system binds no process to cores.
    """
    if threads is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[-threads:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def serve(answer):
    """Answer each line of standard input by ``answer(question)`` until there is no more."""
    for line in sys.stdin:
        tell(answer(json.loads(line)))


def tell(result):
    """Write a line."""
    print(json.dumps(result), flush=True)
