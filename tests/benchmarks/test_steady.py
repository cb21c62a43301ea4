"""A workload that is under way asks the system for nothing more: no memory, no fresh pages, no compiled code."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

from benchmarks import race
from minigen.backends.cpu import memory

pytestmark = pytest.mark.needs_jit

RUN = """
import gc, importlib, json, os, resource, sys
from numba import njit
from numba.core.event import install_recorder
from minigen.backends.cpu import threads

threads.PATIENCE = float("inf")  # the same kernels in each process, busy as the machine may be

def held():
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[1]) if os.path.exists("/proc/self/statm") else 0
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    return {"faults": faults, "bytes": pages * resource.getpagesize(), "objects": len(gc.get_objects())}

module, name, warm, steps = sys.argv[1:]
with install_recorder("numba:compile") as compiled:
    contender = getattr(importlib.import_module(module), name)()
    for _ in range(int(warm)):
        contender.step()
    kernels = len(compiled.buffer) // 2  # where it begins and where it ends
    njit(lambda x: x)(1)
    seen = len(compiled.buffer) // 2 - kernels
held()
before = held()
for _ in range(int(steps)):
    contender.step()
after = held()
print(json.dumps({"compiled": kernels, "seen": seen, **{key: after[key] - before[key] for key in after}}))
"""


def run(workload, warm, steps, **environment):
    """What the last ``steps`` of a workload's steps took beyond the first ``warm``."""
    module, name, _ = race.CONTENDERS[workload]["minigen"]
    kept = {key: value for key, value in os.environ.items() if key not in memory.OWN_WORDS}
    done = subprocess.run(
        [sys.executable, "-c", RUN, module, name, str(warm), str(steps)],
        capture_output=True, text=True, env={**kept, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_steady(found, steps):
    """At most a page in ten steps, 150 bytes a step and an object in a hundred, and what Python itself may do once."""
    if memory._is_glibc():  # no other library can be told to keep memory
        assert found["faults"] <= 40 + steps / 10, found
        assert found["bytes"] <= 2**18 + 150 * steps, found
    assert found["objects"] <= 20 + steps / 100, found


def test_a_steady_loop_has_next_to_no_page_faults():
    """A step of the VAE handles 4 MB, of which each page would be a fault if memory went back to the system."""
    assert_steady(run("vae", 50, 200, NUMBA_NUM_THREADS="1"), 200)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workload", "steps"), [("vae", 10_000), ("flow2d", 10_000), ("gan", 200), ("ddpm", 200), ("ddpm-sample", 200)]
)
def test_memory_does_not_grow(workload, steps):
    assert_steady(run(workload, 10 if steps < 1000 else 100, steps, NUMBA_NUM_THREADS="1"), steps)


WORKLOADS = [
    pytest.param(name, marks=[] if name in ("vae", "flow2d") else pytest.mark.slow) for name in race.CONTENDERS
]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_second_process_compiles_nothing(workload):
    """The first compiles what no process before it did; that an event is seen shows that none is missed."""
    run(workload, 3, 0)
    found = run(workload, 3, 0)
    assert found["seen"] == 1 and found["compiled"] == 0
