"""What the tests of the cpu kernels share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def one_and_many_threads():
    """A function that asserts that a kernel gives the same bits on one thread and on all of them."""
    numba = pytest.importorskip("numba")

    def check(kernel):
        threads = numba.get_num_threads()
        many = kernel()
        numba.set_num_threads(1)
        try:
            one = kernel()
        finally:
            numba.set_num_threads(threads)
        for a, b in zip(many, one, strict=True) if isinstance(many, tuple) else [(many, one)]:
            np.testing.assert_array_equal(a, b)

    return check
