"""What the tests of the cpu kernels share."""

import ctypes
import importlib
import mmap
import sys

import numpy as np
import pytest


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
