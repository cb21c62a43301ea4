"""``python -m benchmarks isa``: the kernels compiled for other instruction sets than this processor's, side by side.

Each set has a process of its own (`isa_kernels`), one thread; they take turns, kernel by kernel and round by round, and
the fastest round counts. A processor without AVX-512 is to lose nothing but what its registers are narrower: the share
of each set's own limit, the multiply-adds that it makes in registers alone, is what our kernels are answerable for. The
ratio of speeds holds the processor too: where 512-bit units are two halves (Zen 4) AVX2 has the same limit, where they
are whole (Zen 5) half of it.
"""

import platform

from minigen.errors import UserError

from .process import Process
from .race import machine

AVX2 = "+64bit,+cmov,+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2"
SETS = {
    "host": {},
    "AVX2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": AVX2},
    "x86-64": {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
}
"""Name -> what tells Numba to compile for it; the host's own comes first, and the others are held against it."""


def measure(rounds, names=()):
    """Time kernels, all or those of ``names``, "peak" among them, in ``rounds`` rounds for each of `SETS` in turn.

    Returns:
        A dict: for each set what it is compiled for, and for each kernel the milliseconds, GFLOP/s, the part of the
        set's peak and the speed relative to the host's.

    Raises:
        UserError: this processor cannot run one of the sets.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise UserError(f"got a {platform.machine()} processor: the instruction sets to compare are those of x86-64")
    workers, told = {}, {}
    try:
        for name in SETS:
            workers[name] = _worker(name, names)
            told[name] = workers[name].read()
            if not {"+avx2", "+fma"} <= set(told["host"]["features"]):
                raise UserError("this processor has no AVX2: there is nothing to compare it with")
        kernels = list(told["host"]["operations"])
        least = {name: dict.fromkeys(kernels, float("inf")) for name in SETS}
        for _ in range(rounds):
            for kernel in kernels:
                for name, worker in workers.items():
                    least[name][kernel] = min(least[name][kernel], worker.ask(kernel))
    finally:
        for worker in workers.values():
            worker.close()
    return {"rounds": rounds, "sets": _compared(told, least), "machine": machine()}


def _worker(name, names):
    hosts = dict.fromkeys(("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"))
    return Process("benchmarks.isa_kernels", *names, threads=1, environment=hosts | SETS[name])


def _compared(told, least):
    """What each set said of itself, and its seconds beside its own peak and beside the host's speed."""
    rates = {name: {k: told[name]["operations"][k] / s for k, s in least[name].items()} for name in told}
    return {
        name: {
            **{key: told[name][key] for key in ("compiled for", "vector", "tile")},
            "kernels": {
                kernel: {
                    "ms": round(1e3 * least[name][kernel], 4),
                    "gflops": round(rate / 1e9, 1),
                    "of_peak": round(rate / rates[name]["peak"], 3),
                    "of_host": round(rate / rates["host"][kernel], 3),
                }
                for kernel, rate in rates[name].items()
            },
        }
        for name in told
    }


def table(result):
    """The result as lines of text: GFLOP/s, the part of the set's own peak, and of the host's speed."""
    sets = result["sets"]
    lines = [f"{name}: {one['compiled for']}; {one['vector']}; tile {one['tile']}" for name, one in sets.items()]
    lines.append(
        "GFLOP/s on one thread (of the set's own peak, of the host's speed); of a convolution, the direct one's"
    )
    lines.append(" " * 34 + "".join(f"{name:>23}" for name in sets))
    for kernel in next(iter(sets.values()))["kernels"]:
        cells = [one["kernels"][kernel] for one in sets.values()]
        lines.append(
            f"{kernel:<34}" + "".join(f"{c['gflops']:9.1f} ({c['of_peak']:4.0%}, {c['of_host']:4.0%})" for c in cells)
        )
    return "\n".join(lines)
