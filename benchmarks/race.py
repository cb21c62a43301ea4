"""Interleaved timing: all contenders take turns, round after round, so that a noisy machine is noisy for all."""

import importlib.util
import os
import platform
import statistics
import time
from importlib import metadata
from pathlib import Path

from .process import Process

RESULTS = Path(__file__).parent / "results"


def _torch(twin, part=""):
    """PyTorch's contenders of a workload of images, in the module ``twin``."""
    layouts = {"eager": "", "channels last": "ChannelsLast", "compile": "Compiled"}
    return {f"PyTorch {name}": (f"{twin}_torch", f"{kind}{part}Contender", "torch") for name, kind in layouts.items()}


_TWINS = "benchmarks.twins."
CONTENDERS = {
    "vae": {
        "minigen": ("benchmarks.vae", "Contender", "numba"),
        "PyTorch eager": (_TWINS + "vae_torch", "Contender", "torch"),
        "PyTorch compile": (_TWINS + "vae_torch", "CompiledContender", "torch"),
        "JAX jit": (_TWINS + "vae_jax", "Contender", "jax"),
    },
    "flow2d": {
        "minigen": ("benchmarks.flow2d", "Contender", "numba"),
        "PyTorch eager": (_TWINS + "flow2d_torch", "Contender", "torch"),
        "PyTorch compile": (_TWINS + "flow2d_torch", "CompiledContender", "torch"),
        "JAX jit": (_TWINS + "flow2d_jax", "Contender", "jax"),
    },
    "gan": {
        "minigen": ("benchmarks.gan", "Contender", "numba"),
        **_torch(_TWINS + "gan"),
        "JAX jit": (_TWINS + "gan_jax", "Contender", "jax"),
    },
    "ddpm": {
        "minigen": ("benchmarks.ddpm", "Contender", "numba"),
        **_torch(_TWINS + "ddpm"),
        "JAX jit": (_TWINS + "ddpm_jax", "Contender", "jax"),
    },
    "ddpm-sample": {
        "minigen": ("benchmarks.ddpm", "SampleContender", "numba"),
        **_torch(_TWINS + "ddpm", "Sample"),
        "JAX jit": (_TWINS + "ddpm_jax", "SampleContender", "jax"),
        "ONNX Runtime": (_TWINS + "ddpm_onnx", "SampleContender", "onnxruntime onnxscript"),
    },
}
"""Workload -> who takes part: module, class, and the packages that must be installed."""

ROUNDS = {"vae": (12, 100), "flow2d": (12, 50), "gan": (6, 8), "ddpm": (5, 4), "ddpm-sample": (6, 6)}
"""Workload -> rounds, and steps of each contender in a round: together about 12 minutes on 2 cores."""


def race(workload, rounds, steps):
    """Time ``workload`` in ``rounds`` rounds of ``steps`` steps for each contender in turn.

    Returns:
        A dict: for each contender the median and the minimum of a step in milliseconds, the first call apart, and
        peak memory; the ratio of medians to the fastest peer; machine and versions.
    """
    workers, first, missing = {}, {}, []
    for name, (module, cls, packages) in CONTENDERS[workload].items():
        if any(importlib.util.find_spec(package) is None for package in packages.split()):
            missing.append(name)
            continue
        workers[name] = Process("benchmarks.worker", module, cls)
        first[name] = workers[name].read()
    try:
        for worker in workers.values():
            worker.ask(max(steps // 2, 2))  # warm
        results = {name: {"first_seconds": round(first[name]["first_seconds"], 2), "ms": []} for name in workers}
        for _ in range(rounds):
            for name, worker in workers.items():
                answer = worker.ask(steps)
                results[name]["ms"] += [1e3 * s for s in answer["seconds"]]
                results[name]["peak_mib"] = round(answer["peak_mib"])
                results[name]["peak_above_import_mib"] = round(answer["peak_mib"] - first[name]["imported_mib"])
    finally:
        for worker in workers.values():
            worker.close()
    for result in results.values():
        times = result.pop("ms")
        result["median_ms"] = round(statistics.median(times), 3)
        result["min_ms"] = round(min(times), 3)
    peers = [r["median_ms"] for name, r in results.items() if name != "minigen"]
    ratio = round(results["minigen"]["median_ms"] / min(peers), 3) if peers else None
    return {
        "workload": workload, "rounds": rounds, "steps": steps, "contenders": results, "not_installed": missing,
        "ratio_to_fastest_peer": ratio, "machine": machine(),
    }  # fmt: skip


def machine():
    """The processor, the number of cores and the versions of all that takes part."""
    versions = {}
    for package in ("minigen", "numpy", "numba", "torch", "jax", "onnxruntime"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version(), "versions": versions,
            "date": time.strftime("%Y-%m-%d")}  # fmt: skip


def _cpu():
    try:
        facts = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    except OSError:
        return platform.processor()
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    width = (
        "AVX-512" if "avx512f" in facts.get("flags", "") else "AVX2" if "avx2" in facts.get("flags", "") else "plain"
    )
    return (
        f"{facts.get('model name', 'unknown')} (family {facts.get('cpu family')}, model {facts.get('model')}, {width})"
    )


def table(result):
    """The result as lines of text."""
    lines = [
        f"{result['workload']}: ms per step, median (minimum) of {result['rounds']} × {result['steps']} steps, in turn"
    ]
    for name, r in result["contenders"].items():
        lines.append(
            f"  {name:<16} {r['median_ms']:8.2f} ({r['min_ms']:.2f})   first call {r['first_seconds']:6.2f} s"
            f"   peak memory {r['peak_mib']} MiB, {r['peak_above_import_mib']} above its imports"
        )
    lines += [f"  {name:<16} not installed" for name in result["not_installed"]]
    if result["ratio_to_fastest_peer"] is not None:
        lines.append(f"  minigen / fastest peer: {result['ratio_to_fastest_peer']:.2f}")
    return "\n".join(lines)
