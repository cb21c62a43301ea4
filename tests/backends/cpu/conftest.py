"""What the tests of the cpu kernels share."""

import ctypes
import importlib
import mmap
import os
import subprocess
import sys

import numpy as np
import pytest

USE_OF_THE_CACHE = """
import sys
modules = [module for name, module in sys.modules.items() if name.startswith("minigen.backends.cpu")]
kernels = {kernel for module in modules for kernel in vars(module).values() if hasattr(kernel, "stats")}
print(*(sum(sum(getattr(k.stats, f).values()) for k in kernels) for f in ("cache_misses", "cache_hits")))
"""


@pytest.fixture(scope="session")
def script():
    """A function that runs Python code in a process of its own and returns the words that it prints."""

    def run(code, **environment):
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


@pytest.fixture(scope="session")
def second_process_compiles_nothing(script):
    """A function that asserts that all kernels which a piece of code calls are kept for the next process.

    They are kept in the suite's own cache: what is compiled here serves the tests that come after.
    """

    def check(code):
        script(code)
        misses, hits = map(int, script(code + USE_OF_THE_CACHE))
        assert misses == 0 and hits > 0

    return check


@pytest.fixture(scope="session")
def one_and_many_threads():
    """A function that asserts that a kernel gives the same bits in one piece, in pieces on one thread, and on all."""
    numba = pytest.importorskip("numba")
    threads = importlib.import_module("minigen.backends.cpu.threads")

    def serially(kernel, setter):
        before = threads.get_threads()
        setter(1)
        try:
            return kernel()
        finally:
            setter(before)

    def check(kernel):
        many = kernel()
        for setter in (numba.set_num_threads, threads.set_threads):
            one = serially(kernel, setter)
            for a, b in zip(many, one, strict=True) if isinstance(many, tuple) else [(many, one)]:
                np.testing.assert_array_equal(a, b)

    return check


@pytest.fixture(scope="session")
def guarded():
    """A function that copies an array to memory whose next byte, or the byte before, may not be touched."""
    if not sys.platform.startswith("linux"):
        pytest.skip("pages are protected by Linux's mprotect here")
    libc, kept = ctypes.CDLL(None, use_errno=True), []

    def copy(array, end=True):
        page = mmap.PAGESIZE
        inner = -(-array.nbytes // page) * page
        memory = mmap.mmap(-1, inner + 2 * page)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        kept.append(memory)
        for unreadable in (address, address + page + inner):
            assert libc.mprotect(ctypes.c_void_p(unreadable), ctypes.c_size_t(page), 0) == 0
        offset = page + (inner - array.nbytes if end else 0)
        view = np.frombuffer(memory, array.dtype, array.size, offset).reshape(array.shape)
        view[...] = array
        return view

    return copy
