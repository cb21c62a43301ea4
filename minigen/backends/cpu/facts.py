"""What the cpu backend found on this machine: for ``minigen doctor``."""

import os
from pathlib import Path

import numba
from numba.core.registry import cpu_target

from .simd import FULL, VECTORS
from .threads import get_threads, threading_layer
from .vectors import FEATURES, VECTOR_BYTES

NAMES = {64: "AVX-512", 32: "AVX2", 16: "NEON" if "+neon" in FEATURES else "plain"}
"""Bytes of a vector -> the instructions that the tile is compiled for."""


def facts():
    """Processor, tile, threads and cache, as words and numbers by name."""
    directory = cache_directory()
    kernels = list(directory.rglob("*.nbc")) if directory.is_dir() else []
    return {
        "compiled for": f"{cpu_target.target_context.codegen().magic_tuple()[1]}, {NAMES[VECTOR_BYTES]}",
        "vector": f"{8 * VECTOR_BYTES} bits: {VECTOR_BYTES // 4} float32, {VECTOR_BYTES // 8} float64",
        "tile": f"{FULL} rows × {VECTORS} vectors",
        "threading layer": threading_layer(),
        "threads": f"{get_threads()} of {os.cpu_count()} cores",
        "cache": str(directory),
        "compiled kernels": f"{len(kernels)} ({sum(path.stat().st_size for path in kernels) / 1e6:.0f} MB)",
    }


def troubles():
    """Sentences about what makes the cpu backend slower than this machine allows, each with its cure."""
    found = []
    if threading_layer() == "workqueue":
        found.append(
            "the threading layer is workqueue, which takes 40 times as long to start a parallel kernel as omp: install"
            " an OpenMP library (libgomp), or unset NUMBA_THREADING_LAYER"
        )
    if get_threads() < (os.cpu_count() or 1):
        found.append(f"kernels use {get_threads()} of {os.cpu_count()} cores: unset NUMBA_NUM_THREADS")
    if VECTOR_BYTES < 32 and "+neon" not in FEATURES:
        found.append(
            "kernels are compiled for vectors of 16 bytes: unset NUMBA_CPU_NAME and NUMBA_CPU_FEATURES, unless the"
            " processor has neither AVX2 nor AVX-512"
        )
    directory = cache_directory()
    nearest = next(path for path in (directory, *directory.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        found.append(f"compiled kernels cannot be kept in {directory}, so each start compiles: set NUMBA_CACHE_DIR")
    return found


def cache_directory():
    """Where Numba keeps compiled kernels: NUMBA_CACHE_DIR, or beside the source."""
    return Path(numba.config.CACHE_DIR) if numba.config.CACHE_DIR else Path(__file__).parent / "__pycache__"
