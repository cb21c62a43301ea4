"""What the tests of the cpu kernels share."""

import importlib

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
