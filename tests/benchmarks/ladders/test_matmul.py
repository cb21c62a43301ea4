import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.ladders import matmul
from benchmarks.ladders.matmul import LADDER


@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 1, 1), (13, 2 * matmul.DEPTH + 3, 33)])
def test_every_rung_computes_the_product(shape):
    errors = LADDER.validate(*LADDER.draw(*shape))
    assert list(errors) == ["three_loops", "rows_of_b", "blocks", "tile", "shipped"]


@pytest.mark.needs_jit
def test_the_last_two_differ_in_packing_only():
    """Where what ships packs, too: each sum is one chain over k either way."""
    a, b = LADDER.draw(64, 300, 256)
    np.testing.assert_array_equal(matmul.tile(a, b), matmul.shipped(a, b))
