import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import columns, gemm

sizes = st.one_of(st.integers(1, 40), st.sampled_from([127, 128, 513]))
dtypes = st.sampled_from([np.float32, np.float64])


@given(sizes, sizes, st.integers(1, columns.NARROW), dtypes, st.sampled_from(["contiguous", "transposed", "reversed"]))
def test_narrow_products(draw_array, m, k, n, dtype, layout):
    """Within K·eps·Σ|a·b|, what K multiply-adds can be off by, whichever way they go."""
    a, b = draw_array((m, k), 0, dtype, layout), draw_array((k, n), 1, dtype)
    a.flags.writeable = False
    exact, size = a.astype(np.float64) @ b, abs(a).astype(np.float64) @ abs(b)
    bias = draw_array((n,), 2, dtype)
    for got, shift in ((gemm.matmul(a, b), 0.0), (gemm.linear(a, b, bias), bias)):
        bound = (k + 2) * np.finfo(dtype).eps * (size + abs(shift))
        assert got.dtype == dtype and (abs(got - exact - shift) <= bound).all()


@pytest.mark.parametrize("transposed", [False, True])
def test_a_narrow_product_goes_its_own_way(draw_array, monkeypatch, transposed):
    a, b = draw_array((64, 96), 0), draw_array((96, 2), 1)
    monkeypatch.setattr(gemm, "multiply", None)  # the tile
    np.testing.assert_allclose(gemm.matmul(np.asfortranarray(a) if transposed else a, b), a @ b, rtol=1e-12)
    np.testing.assert_allclose(gemm.matmul(a[:, ::-1], b), a[:, ::-1] @ b, rtol=1e-12)


@given(st.sampled_from([0, 1, 5, columns.ROWS, columns.ROWS + 1, 3 * columns.ROWS - 1]), st.integers(0, 40), dtypes)
def test_sums_of_columns(draw_array, m, n, dtype):
    x = draw_array((m, n), 0, dtype)
    out = np.full(n, np.nan, dtype)
    assert columns.column_sums(x, out) is out
    np.testing.assert_array_equal(columns.column_sums(x), out)
    exact, size = x.astype(np.float64).sum(0), abs(x).astype(np.float64).sum(0)
    assert (abs(out - exact) <= (m + 2) * np.finfo(dtype).eps * size).all()


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), dtypes, st.sampled_from(["contiguous", "broadcast"]))
def test_gradients_of_weight_and_bias(draw_array, m, k, n, dtype, layout):
    x, g = draw_array((m, k), 0, dtype), draw_array((m, n), 1, dtype, layout)
    rooms = np.full((k, n), np.nan, dtype), np.full(n, np.nan, dtype)
    found = gemm.linear_weight_grad(x, g, *rooms)
    assert found[0] is rooms[0] and found[1] is rooms[1]
    np.testing.assert_allclose(found[0], x.T @ g, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[1], g.sum(0), rtol=1e-4, atol=1e-4)
