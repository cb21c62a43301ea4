"""What a loop drops it gets again without the system: counted in page faults, in processes of their own."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

from minigen.backends.cpu import memory

COUNT_FAULTS = """
import resource
import numpy as np
import minigen
if {kept}:
    minigen.backends.current().matmul  # a kernel asked for, the backend loaded

def step():
    arrays = [np.zeros(size, np.uint8) for size in (24 << 20, 9 << 20, 24 << 20, 1 << 20, 24 << 20)]
    for x in arrays:
        x += 1
    total = arrays[0][:1 << 20] + arrays[3]
    del arrays

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for _ in range(3):
    step()
before = faults()
for _ in range(5):
    step()
print((faults() - before) / 5)
"""


def faults_per_step(kept, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in memory.OWN_WORDS}
    code = COUNT_FAULTS.format(kept=kept)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**clean, "NUMPY_MADVISE_HUGEPAGE": "0", **environment},
    )  # fmt: skip
    return float(done.stdout)


@pytest.mark.skipif(not memory._is_glibc(), reason="only glibc can be told to keep memory")
@pytest.mark.needs_jit  # else the reference is current, which leaves memory to the system
def test_a_steady_loop_has_next_to_no_page_faults():
    """82 MiB are 20,992 pages of 4 KiB, or 1,312 of 64 KiB: far from a few either way."""
    assert faults_per_step(kept=True) < 30
    assert faults_per_step(kept=False) > 300


@pytest.mark.skipif(not memory._is_glibc(), reason="only glibc has such settings")
@pytest.mark.needs_jit
def test_a_users_own_settings_stay():
    assert faults_per_step(kept=True, MALLOC_MMAP_THRESHOLD_="65536") > 300


@pytest.mark.parametrize("error", [AttributeError, ValueError, OSError])
def test_other_libraries_are_left_alone(monkeypatch, error):
    def confstr(name):
        raise error

    monkeypatch.setattr(os, "confstr", confstr, raising=False)
    monkeypatch.setattr(memory.ctypes, "CDLL", None)
    assert memory.keep_memory() is False
