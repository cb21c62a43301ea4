"""Where the time of a step goes, kernel by kernel, beside the least that the machine's limits allow: its *profile*.

The workload runs as in `race`, captured, but on a backend that looks at the clock before and after each kernel. Steps
that are looked at and steps that are not take turns: the former tell how long each kernel takes, the latter how long a
step takes. What is in no kernel is the rest: Python, views, the list that a captured step goes through.

The bound of products and convolutions is that of the method that is used (`kernels.method`, `kernels.roofline`); that
of any other kernel is the time in which all its arrays move once. Arrays that fit a cache count as being there: a step
that has touched much else in between may find them farther away.
"""

import statistics
from collections import defaultdict
from time import perf_counter

import numpy as np

from minigen import backends

from .kernels.method import method_of
from .kernels.record import CONTENDERS, READ
from .kernels.roofline import bound
from .kernels.run import limits_of, rounded
from .process import cores

STEPS = {"vae": 200, "flow2d": 100, "gan": 20, "ddpm": 8, "ddpm-sample": 12}
"""Workload -> steps of each kind."""
WARM = 4  # steps before: two to capture, two to settle
SHOWN = 16  # rows of the table


class ClockedBackend:
    """A backend that serves another's kernels and, while `looking`, notes what each call took.

    Attributes:
        seconds: {key: of the calls since it was emptied}; a key is a kernel and what it was called on.
        calls: {key: how many}.
        bytes: {key: of the arrays that one call reads and writes}.
    """

    def __init__(self, backend):
        self._backend, self.name, self.looking = backend, backend.name, False
        self.seconds, self.calls, self.bytes = defaultdict(float), defaultdict(int), {}

    def __getattr__(self, kernel):
        function = getattr(self._backend, kernel)

        def clocked(*args, **options):
            if not self.looking:
                return function(*args, **options)
            begin = perf_counter()
            result = function(*args, **options)
            seconds = perf_counter() - begin
            self._note(kernel, seconds, args, options, result)
            return result

        setattr(self, kernel, clocked)  # the next look-up does not come here
        return clocked

    def _note(self, kernel, seconds, args, options, result):
        arrays = {id(a): a for a in _arrays((args, tuple(options.values()), result))}.values()
        if kernel in READ:
            key = kernel, tuple(READ[kernel](*args, **options))
        else:
            key = kernel, max((a.shape for a in arrays), key=np.prod, default=())
        self.seconds[key] += seconds
        self.calls[key] += 1
        self.bytes[key] = sum(a.nbytes for a in arrays)


def _arrays(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _arrays(part)


def profile(workload, steps=None, limits=None):
    """Run ``workload`` and tell where its time goes.

    Args:
        workload: a key of `STEPS`.
        steps: of each kind.
        limits: as `kernels.limits` finds them; by default they are measured.
    Returns:
        A dict fit for JSON: "step_ms", the median of a step; "kernels", a list, the longest first, of what each took
        in a step (medians, ms), its calls, its bound (ms), and the method of products and convolutions; "rest_ms",
        what the kernels leave of a step; "bound_ms", of all kernels together; the limits.
    """
    steps, limits = steps or STEPS[workload], limits or limits_of(cores())
    contender, clock = CONTENDERS[workload](), ClockedBackend(backends.current())
    before = backends.activate(clock)
    try:
        whole, parts = _run(contender, clock, steps)
    finally:
        backends.activate(before)
    rows = [_row(key, times, clock, steps, limits) for key, times in parts.items()]
    rows.sort(key=lambda row: -row["ms"])
    step = 1e3 * statistics.median(whole)
    found = {"workload": workload, "steps": steps, "step_ms": step, "rest_ms": step - sum(row["ms"] for row in rows)}
    found |= {"bound_ms": sum(row["bound_ms"] for row in rows), "kernels": rows, "limits": limits}
    return rounded(found)


def _run(contender, clock, steps):
    """Seconds of each step that nobody looks at, and {key: its seconds in each of the others}."""
    for _ in range(WARM):
        contender.step()
    whole, parts = [], defaultdict(list)
    for _ in range(steps):
        begin = perf_counter()
        contender.step()
        whole.append(perf_counter() - begin)
        clock.looking = True
        contender.step()
        clock.looking = False
        for key, seconds in clock.seconds.items():
            parts[key].append(seconds)
        clock.seconds.clear()
    return whole, parts


def _row(key, times, clock, steps, limits):
    (kernel, on), calls = key, clock.calls[key] // steps
    if kernel in READ:
        methods = [method_of(shape) for shape in on]
        least = sum(
            bound(method.operations, shape.bytes, limits, method.stages)["seconds"]
            for shape, method in zip(on, methods, strict=True)
        )
        method, on = " + ".join(dict.fromkeys(method.name for method in methods)), ", ".join(shape.name for shape in on)
    else:
        method, least = "", bound(0, clock.bytes[key], limits)["seconds"] if clock.bytes[key] else 0.0
        on = "×".join(map(str, on))
    ms = 1e3 * statistics.median(times)
    return {"kernel": kernel, "on": on, "calls": calls, "ms": ms, "bound_ms": 1e3 * calls * least, "method": method}


def table(found):
    """A profile as lines of text."""
    rows, step = found["kernels"], found["step_ms"]
    lines = [f"{found['workload']}: {step:.2f} ms a step", f"{'ms':>9}{'share':>7}{'bound':>9}{'calls':>6}  kernel"]
    for row in rows[:SHOWN]:
        words = f"{row['kernel']} {row['on']}" + (f", {row['method']}" if row["method"] else "")
        lines.append(f"{row['ms']:9.3f}{row['ms'] / step:7.1%}{row['bound_ms']:9.3f}{row['calls']:6}  {words}")
    others = rows[SHOWN:]
    if others:
        ms, least = (sum(row[name] for row in others) for name in ("ms", "bound_ms"))
        lines.append(
            f"{ms:9.3f}{ms / step:7.1%}{least:9.3f}{sum(row['calls'] for row in others):6}  {len(others)} others"
        )
    rest = found["rest_ms"]
    lines.append(f"{rest:9.3f}{rest / step:7.1%}{'':15}  the rest, in no kernel")
    lines.append(f"{step:9.3f}{1:7.1%}{found['bound_ms']:9.3f}{'':6}  a step, and the bound of its kernels")
    return "\n".join(lines)
