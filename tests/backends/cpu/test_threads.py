import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("numba")

import numba

from minigen.backends.cpu import threads
from minigen.errors import UserError


def test_threads_are_set_within_what_numba_started_with():
    before = threads.get_threads()
    threads.set_threads(1)
    assert threads.get_threads() == 1
    assert threads.workers() == 1
    threads.set_threads(before)
    assert threads.get_threads() == before
    for n in (0, 10_000):
        with pytest.raises(UserError, match=f"got {n} threads"):
            threads.set_threads(n)


def test_dearer_regions_and_faster_kernels_need_more_work(monkeypatch):
    monkeypatch.setattr(threads, "threading_layer", lambda: "omp")
    cheap = threads.parallel_threshold(1e9)
    assert threads.parallel_threshold(1e10) == pytest.approx(10 * cheap)
    monkeypatch.setattr(threads, "threading_layer", lambda: "workqueue")
    assert threads.parallel_threshold(1e9) > cheap


def test_work_is_split_from_the_threshold_on(monkeypatch):
    monkeypatch.setattr(threads, "parallel_threshold", lambda per_second: per_second)
    monkeypatch.setattr(threads, "workers", lambda: 2)
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


@pytest.fixture
def region(monkeypatch):
    """A kernel that takes the seconds it is given, by a clock of its own: the cores themselves may be busy or not."""
    now = [0.0]
    monkeypatch.setattr(threads, "perf_counter", lambda: now[0])
    monkeypatch.setattr(threads, "_alone_until", -1.0)
    monkeypatch.setattr(threads, "_pause", threads.PAUSES[0])
    monkeypatch.setattr(threads, "get_threads", lambda: 2)

    def take(seconds):
        now[0] += seconds

    return take


def test_after_a_late_region_kernels_work_alone_for_a_while(region):
    threads.launch(region, 1e-3, 5.0)  # compiles
    assert threads.workers() == 2
    threads.launch(region, 1e-3, 0.6e-3)
    assert threads.workers() == 2
    threads.launch(region, 0.1, 0.1 + 0.5 * threads.PATIENCE)  # long work is not late work
    assert threads.workers() == 2
    threads.launch(region, 1e-3, 1e-3 + 1.5 * threads.PATIENCE)
    assert threads.workers() == 1
    region(0.9 * threads.PAUSES[0])
    assert threads.workers() == 1
    region(0.2 * threads.PAUSES[0])
    assert threads.workers() == 2


def test_the_while_grows_where_regions_stay_late_and_only_there(region):
    def pause():
        """Seconds without regions after a late one."""
        threads.launch(region, 1e-3, 1e-3 + 2 * threads.PATIENCE)
        passed = 0.0
        while threads.workers() == 1:
            region(1e-4)
            passed += 1e-4
        return passed

    threads.launch(region, 1e-3, 5.0)  # compiles
    threads.launch(region, 1e-3, 1e-3)
    first, most = threads.PAUSES
    found = [pause() for _ in range(7)]
    assert found == pytest.approx([min(most, first * 2**i) for i in range(7)], abs=2e-4)
    region(2 * most)
    assert pause() == pytest.approx(first, abs=2e-4)


def test_a_slow_machine_is_not_a_busy_one(region):
    """Regions that take four times as long as was said, all of them, are late only by what they are later than that."""
    threads.launch(region, 0.01, 9.0)  # compiles
    for said in (0.05, 0.01, 0.1):
        threads.launch(region, said, 4 * said)
        assert threads.workers() == 2
    threads.launch(region, 0.01, threads.SLACK * 0.04 + 1.5 * threads.PATIENCE)
    assert threads.workers() == 1


def test_omp_is_preferred_where_it_is_there():
    pytest.importorskip("numba.np.ufunc.omppool", reason="this Numba has no OpenMP layer")
    code = "from minigen.backends.cpu import threads; print(threads.threading_layer())"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_THREADING")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "omp"


def test_the_number_holds_in_every_python_thread():
    before = threads.get_threads()
    with ThreadPoolExecutor(1) as pool:
        told = lambda: (threads.get_threads(), numba.get_num_threads())  # noqa: E731
        assert pool.submit(told).result() == (before, before)
        try:
            threads.set_threads(1)
            assert pool.submit(told).result() == (1, 1)
        finally:
            threads.set_threads(before)
        assert pool.submit(told).result() == (before, before)


FORK = """
import multiprocessing, threading
import numpy as np
from minigen.backends.cpu import conv_grad, elementwise, gemm, norm, optim, pool, random, threads
from minigen.errors import UserError

a = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
images = a[:, :256].reshape(75, 16, 16, 4).copy()
tall = np.resize(a, (1, 40_000, 4, 1))
one, window = (1, 1), ((2, 2), (2, 2), (0, 0))

def kernels():
    big = np.resize(a, 400_000)
    xhat, _, var = norm.standardize(tall, 1e-5)
    return [
        gemm.matmul(a, a), elementwise.sigmoid(big), random.philox_normal(1, 2, 0, 400_000, np.float32),
        conv_grad.conv2d_weight_grad(images, images, (3, 3), one, one, one, 1), xhat,
        norm.standardize_grad(tall, xhat, var, 1e-5), pool.avg_pool2d(images, *window),
        np.array(optim.squared_norm(big)),
    ]

def compare(ok):
    ok.value = all(np.array_equal(x, y) for x, y in zip(expected, kernels()))

def child(main, thread):
    compare(main)
    other = threading.Thread(target=compare, args=(thread,))
    other.start()
    other.join()
    try:
        threads.set_threads(2)
    except UserError as error:
        print(error, flush=True)

expected = kernels()
fork = multiprocessing.get_context("fork")
main, thread = fork.Value("b"), fork.Value("b")
process = fork.Process(target=child, args=(main, thread))
process.start()
process.join()
print(process.exitcode, main.value, thread.value, threads.get_threads())
"""


@pytest.mark.needs_jit
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_on_one_thread():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    told, result = done.stdout.strip().splitlines()
    assert told == "got 2 threads, wanted 1 to 1: start the process by 'spawn' instead of 'fork' for more"
    assert result == f"0 1 1 {threads.get_threads()}"
