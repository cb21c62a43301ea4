"""The whole benchmark of the kernels: limits, every shape of the workloads, scaling; printed, and given back."""

from tqdm import tqdm

from ..process import Process, cores
from . import report, scaling
from .limits import best
from .method import method_of
from .race import Race, ratio
from .record import recorded
from .roofline import placed
from .shapes import smaller, to_json

ROUNDS = 7
QUICK = ("flow2d", "gan")  # workloads whose shapes a quick look takes


def run(quick=False, threads=None):
    """Measure and print.

    Args:
        quick: the smallest shape of each kind, of two images, in two rounds; of the ladders two steps.
        threads: of every contender; by default all cores.
    Returns:
        A dict fit for JSON: the machine's limits, the best that were seen; for each shape its method, operations,
        bytes, intensity, the limits of its own rounds and the bound by them, achieved rates and share of the bound,
        the times of all contenders in seconds (the median of rounds, the least call, the first call), and the ratio to
        the fastest peer; the ladders of `scaling`.
    """
    threads = threads or cores()
    calls = _smallest(recorded(QUICK)) if quick else recorded()
    methods = {shape: method_of(shape) for shape in calls}
    limits = limits_of(threads, quick)
    with Race(threads, 2 if quick else ROUNDS) as race:
        timed, bar = {}, tqdm(calls, unit="shape")
        for shape in bar:
            timed[shape] = race.times_and_limits(shape, methods[shape].stages)
            bar.write(report.line(shape, timed[shape][0]))  # where a run is cut off, what it had found stands
        ladders = scaling.climb(race, threads, race.rounds, 2 if quick else None)
        missing, rounds = race.not_installed, race.rounds
    limits = best([limits, *(found for _, found in timed.values())])
    print(report.limits_line(limits))
    shapes = []
    for shape, (times, beside) in timed.items():
        if not shapes or shapes[-1]["kind"] != shape.kind:
            print(f"\n{shape.kind}\n{report.HEAD}")
        shapes.append(_found(shape, calls[shape], methods[shape], times, beside))
        print(report.row(shapes[-1]))
    print("", *report.summary(shapes), "", *report.scaling(ladders), sep="\n")
    found = {"threads": threads, "rounds": rounds, "limits": limits, "shapes": shapes, "scaling": ladders}
    return rounded(found | {"not_installed": missing})


def _smallest(calls):
    chosen = {}
    for shape, uses in calls.items():
        chosen.setdefault(shape.kind, (smaller(shape), uses))
    return dict(chosen.values())


def _found(shape, calls, method, times, limits):
    """Best against best: the limits are the highest of the same rounds, our time the least."""
    over, fastest = ratio(times)
    return {
        "kind": shape.kind, "name": shape.name, "shape": to_json(shape), "calls": calls, "times": times,
        "ratio": over, "fastest_peer": fastest, "ratio_of_least": ratio(times, "min")[0],
        "limits": {name: limits[name] for name in ("gflops", "gbps")},
        **placed(shape, method, times["minigen"]["min"], limits),
    }  # fmt: skip


def rounded(value):
    """Numbers to five digits, wherever in lists and dicts they stand: what was timed has no more."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def limits_of(threads, quick=False):
    """What `limits` measures, in a process of its own."""
    process = Process("benchmarks.kernels.limits", threads=threads)
    try:
        process.read()
        return process.ask({"rounds": 1, "moved": 1 << 22} if quick else {})
    finally:
        process.close()
