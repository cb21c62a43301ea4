import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

from minigen.backends.cpu import threads
from minigen.errors import UserError


def test_threads_are_set_within_what_numba_started_with():
    before = threads.get_threads()
    threads.set_threads(1)
    assert threads.get_threads() == 1
    assert threads.parallel_threshold() == float("inf")
    threads.set_threads(before)
    assert threads.get_threads() == before
    for n in (0, 10_000):
        with pytest.raises(UserError, match=f"got {n} threads"):
            threads.set_threads(n)


def test_dearer_regions_and_faster_kernels_need_more_work(monkeypatch):
    monkeypatch.setattr(threads, "get_threads", lambda: 2)
    monkeypatch.setattr(threads, "threading_layer", lambda: "omp")
    cheap = threads.parallel_threshold(1e9)
    assert threads.parallel_threshold(1e10) == pytest.approx(10 * cheap)
    monkeypatch.setattr(threads, "threading_layer", lambda: "workqueue")
    assert threads.parallel_threshold(1e9) > cheap


def test_work_is_split_from_the_threshold_on(monkeypatch):
    monkeypatch.setattr(threads, "parallel_threshold", lambda per_second: per_second)
    calls = []
    for size in (9, 10):
        threads.run(
            lambda *a: calls.append(("serial", *a)),
            lambda *a: calls.append(("parallel", *a)),
            size,
            4,
            "x",
            per_second=10,
        )
    assert calls == [("serial", "x", 0, 9), ("parallel", "x", 10, 4)]


def test_omp_is_preferred_where_it_is_there():
    pytest.importorskip("numba.np.ufunc.omppool", reason="this Numba has no OpenMP layer")
    code = "from minigen.backends.cpu import threads; print(threads.threading_layer())"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_THREADING")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "omp"
