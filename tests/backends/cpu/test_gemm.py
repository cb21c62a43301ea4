import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import gemm
from minigen.backends.cpu.simd import FULL
from minigen.backends.cpu.vectors import VECTOR_BYTES
from minigen.errors import ShapeError

LANES = VECTOR_BYTES // 4
EDGES = sorted(
    {0, 1, 2, 3, FULL - 1, FULL, FULL + 1, LANES - 1, LANES, LANES + 1, 2 * LANES - 1, 2 * LANES + 1, 3 * FULL}
)
sizes = st.one_of(st.sampled_from(EDGES), st.integers(0, 70))
dtypes = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])
SHAPES = [
    (100, 784, 200), (100, 50, 200), (7, 2100, 40), (500, 600, 130), (1, 1500, 1), (300, 1, 2), (96, 128, 512),
    (30, 1, 700), (64, 1, 4096),
]  # fmt: skip
"""The last ones are cut along k, have operands packed, are a single column or products of two vectors."""


def assert_product(c, a, b, bias=0.0):
    """|error| ≤ K·eps·Σ|a·b|: what K multiply-adds, each rounded once, can be off by."""
    exact = np.matmul(a.astype(np.float64), b.astype(np.float64)) + bias
    size = np.matmul(abs(a).astype(np.float64), abs(b).astype(np.float64)) + abs(np.asarray(bias))
    assert c.shape == exact.shape and c.dtype == a.dtype
    assert (abs(c - exact) <= (a.shape[-1] + 2) * np.finfo(c.dtype).eps * size).all()


@given(sizes, sizes, sizes, dtypes, layouts, layouts)
def test_products_of_any_shape_and_layout(draw_array, m, k, n, dtype, layout_a, layout_b):
    a, b = draw_array((m, k), 0, dtype, layout_a), draw_array((k, n), 1, dtype, layout_b)
    assert_product(gemm.matmul(a, b), a, b)


@pytest.mark.needs_jit
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("transposed", ["NN", "NT", "TN", "TT"])
def test_large_and_degenerate_products(draw_array, shape, transposed):
    m, k, n = shape
    a, b = (
        draw_array(size, seed, np.float32, "transposed" if t == "T" else "contiguous")
        for size, seed, t in (((m, k), 0, transposed[0]), ((k, n), 1, transposed[1]))
    )
    assert_product(gemm.matmul(a, b), a, b)


@pytest.mark.needs_jit
@pytest.mark.parametrize("pack_a", [False, True])
@pytest.mark.parametrize("pack_b", [False, True])
def test_packed_or_not_the_bits_are_the_same(draw_array, pack_a, pack_b):
    """Whatever `_packing` says of this processor: A transposed, of several blocks of rows and of k."""
    m, k, n = gemm.ROWS_BLOCK + 5, gemm.K_BLOCK + 9, 70
    a, b = draw_array((k, m), 0, np.float32), draw_array((k, n), 1, np.float32)
    c = np.empty((m, n), np.float32)
    operands = c.reshape(-1), gemm.ZEROS[c.dtype], a.reshape(-1), b.reshape(-1)
    gemm.multiply_packed(*operands, m, n, k, True, False, False, pack_a, pack_b, 0, 1)
    assert_product(c, a.T, b)
    np.testing.assert_array_equal(c, gemm.matmul(a.T, b))


@pytest.mark.needs_jit
@pytest.mark.parametrize("far_reader", [False, True])
def test_what_is_packed(monkeypatch, far_reader):
    """B transposed always; B of many pages and a large A transposed where the processor is slow to fetch them."""
    monkeypatch.setattr(gemm, "FAR_READER", far_reader)
    monkeypatch.setattr(gemm, "REACH", 4 << 20 if far_reader else 64 * 4096)
    monkeypatch.setattr(gemm, "MASKS", True)
    packing = gemm._packing.py_func
    assert packing(4, 100, 784, 200, False, True) == (False, True)  # A B, A Bᵀ, Aᵀ B
    assert packing(4, 100, 784, 200, False, False) == (False, not far_reader)
    assert packing(4, 512, 512, 512, True, False) == (not far_reader, not far_reader)
    assert packing(4, 512, 2048, 4096, True, False) == (True, True)


@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_a_single_row_goes_its_own_way(draw_array, monkeypatch, layout):
    a, b, bias = draw_array((1, 50), 0, np.float32), draw_array((50, 30), 1, np.float32, layout), draw_array((30,), 2)
    bias = bias.astype(np.float32)
    monkeypatch.setattr(gemm, "multiply", None)  # the tile
    assert_product(gemm.matmul(a, b), a, b)
    assert_product(gemm.linear(a, b, bias), a, b, bias)


BATCHES = [
    ((3,), (3,)),
    ((3,), ()),
    ((), (2, 3)),
    ((2, 1), (3,)),
    ((2, 3), (1, 3)),
    ((1,), (1,)),
    ((0,), (0,)),
    ((2, 0), ()),
]


@pytest.mark.parametrize("batches", BATCHES)
@pytest.mark.parametrize("layout", ["contiguous", "turned", "reversed"])
def test_batches_broadcast(draw_array, batches, layout):
    a, b = draw_array((*batches[0], 5, 7), 0, np.float32), draw_array((*batches[1], 7, 18), 1, np.float32)
    if layout == "turned":
        a, b = (np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2) for x in (a, b))
    if layout == "reversed":
        a, b = a[::-1], b[::-1]
    assert_product(gemm.matmul(a, b), a, b)


@given(sizes, sizes, sizes, dtypes, st.booleans(), st.booleans())
def test_linear_adds_its_bias(draw_array, m, k, n, dtype, biased, deep):
    x = draw_array((2, m, k) if deep else (m, k), 0, dtype)
    weight, bias = draw_array((k, n), 1, dtype, "transposed"), draw_array((n,), 2, dtype, "strided") if biased else None
    assert_product(gemm.linear(x, weight, bias), x, weight, 0.0 if bias is None else bias.astype(np.float64))


@given(st.integers(2, 5 * FULL), st.integers(0, 5 * FULL), st.sampled_from([np.float32, np.float64]))
def test_a_row_does_not_depend_on_those_beside_it(draw_array, m, cut, dtype):
    """Whatever tiles they share, taller or with rows left over: its sums are the same chains."""
    a, b = draw_array((m, 20), 0, dtype), draw_array((20, 2 * LANES + 3), 1, dtype)
    cut = min(cut, m - 2)
    np.testing.assert_array_equal(gemm.matmul(a[cut:], b), gemm.matmul(a, b)[cut:])


def test_out_is_written_and_returned(draw_array):
    a, b = draw_array((6, 6), 0), draw_array((6, 6), 1)
    expected = gemm.matmul(a, b)
    for out in (np.empty((6, 6)), np.empty((6, 12))[:, ::2], np.empty((6, 6)).T):
        assert gemm.matmul(a, b, out) is out
        np.testing.assert_array_equal(out, expected)
        assert gemm.linear(a, b, np.zeros(6), out) is out
    overlapping = a.copy()
    assert gemm.matmul(overlapping, b, overlapping) is overlapping
    np.testing.assert_array_equal(overlapping, expected)


def test_wrong_shapes_raise(draw_array):
    a = draw_array((4, 5), 0)
    with pytest.raises(ValueError):
        gemm.matmul(a, a)
    with pytest.raises(ValueError):
        gemm.linear(a, a.T, np.zeros(5))
    with pytest.raises(ShapeError, match="pass one of that shape"):
        gemm.matmul(a, a.T, np.empty((2, 4, 4)))


def test_integers_and_vectors_are_left_to_the_reference():
    np.testing.assert_array_equal(gemm.matmul(np.eye(2, dtype=int), np.arange(4).reshape(2, 2)), [[0, 1], [2, 3]])
    assert gemm.matmul(np.ones(3), np.ones(3)) == 3


@given(st.integers(0, 39), st.integers(0, 39), st.sampled_from([np.nan, np.inf, -np.inf]), st.booleans())
def test_what_is_not_finite_stays_in_its_row_or_column(draw_array, i, k, value, left):
    a, b = draw_array((40, 40), 0, np.float32), draw_array((40, 40), 1, np.float32)
    (a if left else b)[i, k] = value
    touched = np.zeros((40, 40), bool)
    touched[(i, slice(None)) if left else (slice(None), k)] = True
    np.testing.assert_array_equal(np.isfinite(gemm.matmul(a, b)), ~touched)


@pytest.mark.needs_jit
@pytest.mark.parametrize("shape", SHAPES)
def test_threads_do_not_change_a_bit(draw_array, one_and_many_threads, shape):
    m, k, n = shape
    a, b = draw_array((m, k), 0, np.float32), draw_array((n, k), 1, np.float32).T
    one_and_many_threads(lambda: gemm.matmul(a, b))


@given(st.integers(1, 60), st.integers(1, 70), st.integers(1, 9), st.integers(1, 5))
def test_parts_share_the_tiles_without_gap(draw_array, m, n, parts, batch):
    """However many parts, each tile belongs to one of them."""
    a, b = draw_array((batch, m, 3), 0), draw_array((batch, 3, n), 1)
    c = np.full((batch, m, n), np.nan)
    zeros = gemm.ZEROS[c.dtype]
    for part in range(parts):
        flat = (x.reshape(-1) for x in (c, a, b))
        gemm.multiply(next(flat), zeros, next(flat), next(flat), m, n, 3, False, False, False, part, parts)
    assert_product(c, a, b)
