import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from numba import njit

from benchmarks.isa import SETS
from minigen.backends.cpu import conv, conv_grad, gemm, simd
from minigen.backends.cpu.buffers import compact, turn
from minigen.backends.cpu.panel import run_panel
from minigen.backends.cpu.simd import FULL, GROUP, GROUPS, VECTORS, run_tile
from minigen.backends.cpu.vectors import FEATURES, VECTOR_BYTES, pointer


@njit
def launch(groups, vectors, c, start, a, b, at, strides, steps, count, rows, lanes):
    """run_tile from Python; all four operands from index 0, groups `at`; C, start and A have `strides` between rows."""
    run_tile(
        groups, vectors,
        (pointer(c), at[0], strides[0], pointer(start), at[1], strides[1], pointer(a), at[2], strides[2],
         pointer(b), 0, steps[0], steps[1], count, rows, lanes),
    )  # fmt: skip


@pytest.mark.needs_jit
@given(
    st.integers(1, GROUPS), st.integers(1, VECTORS), st.integers(1, GROUP), st.data(),
    st.sampled_from([np.float32, np.float64]), st.tuples(*[st.integers(0, 3)] * 3),
)  # fmt: skip
def test_tile_agrees_with_its_twin(groups, vectors, rows, data, dtype, count):
    """Every shape of the tile, groups anywhere, three nested sums with strides that may overlap or turn back."""
    rng = np.random.default_rng(0)
    width = VECTOR_BYTES // np.dtype(dtype).itemsize
    lanes = data.draw(st.integers(1, width))
    index = st.integers(0, 50)
    at = [
        tuple(100 * q + data.draw(index) for q in range(3)),
        *(tuple(data.draw(index) for _ in range(3)) for _ in "sa"),
    ]
    a, b, start = (rng.normal(size=400).astype(dtype) for _ in range(3))
    strides = (VECTORS * width, data.draw(index), data.draw(index))
    steps = tuple(tuple(data.draw(st.integers(0, 9)) for _ in range(3)) for _ in "ab")
    at[0] = tuple(q * GROUP * VECTORS * width for q in range(3))
    got = np.full(GROUPS * GROUP * VECTORS * width, np.nan, dtype)
    expected = got.copy()
    launch(groups, vectors, got, start, a, b, tuple(at), strides, steps, count, rows, lanes)
    operands = (expected, at[0], strides[0], start, at[1], strides[1], a, at[2], strides[2])
    simd._tile_plain(groups, vectors, (*operands, b, 0, *steps, count, rows, lanes))
    # NaN where neither wrote; a fused multiply-add rounds once where NumPy rounds twice
    np.testing.assert_allclose(got, expected, rtol=200 * np.finfo(dtype).eps, atol=200 * np.finfo(dtype).eps)


@njit
def launch_panel(rows, vectors, c, start, a, b, strides, steps, count, lanes):
    """run_panel from Python, all operands from index 0."""
    at = np.int64(0)
    run_panel(
        rows, vectors,
        (pointer(c), at, strides[0], pointer(start), at, strides[1], pointer(a), at, strides[2], pointer(b), at,
         steps[0], steps[1], count, lanes),
    )  # fmt: skip


@pytest.mark.needs_jit
@given(
    st.integers(0, 3 * FULL + 1), st.integers(1, VECTORS), st.tuples(*[st.integers(0, 3)] * 3), st.booleans(),
    st.data(), st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_a_panel_of_any_rows_is_the_tiles_twin(rows, vectors, count, same_start, data, dtype):
    """Whatever its tiles are; between its rows, beyond the last and in the lanes beyond the edge C stays NaN."""
    rng = np.random.default_rng(0)
    width = VECTOR_BYTES // np.dtype(dtype).itemsize
    lanes, stride, c_row = data.draw(st.integers(1, width)), data.draw(st.integers(0, 20)), VECTORS * width + 3
    start_row = 0 if same_start else c_row
    steps = tuple(tuple(data.draw(st.integers(0, 9)) for _ in range(3)) for _ in "ab")
    a, b, start = (rng.normal(size=size).astype(dtype) for size in (rows * 20 + 100, 400, (rows + 1) * c_row))
    got = np.full((rows + FULL) * c_row, np.nan, dtype)
    expected = got.copy()
    launch_panel(rows, vectors, got, start, a, b, (c_row, start_row, stride), steps, count, lanes)
    operands = expected, (0,), c_row, start, (0,), start_row, a, (0,), stride, b, 0, *steps, count
    simd._tile_plain(1, vectors, (*operands, rows, lanes))
    np.testing.assert_allclose(got, expected, rtol=200 * np.finfo(dtype).eps, atol=200 * np.finfo(dtype).eps)


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from([np.float32, np.float64]))
def test_packing_copies_or_transposes(rows, columns, dtype):
    source = np.random.default_rng(0).normal(size=(rows, columns)).astype(dtype)
    target = np.zeros((rows + 16, 64), dtype)
    compact(target.reshape(-1), 0, 64, source.reshape(-1), 0, columns, rows, columns)
    np.testing.assert_array_equal(target[:rows, :columns], source)
    target = np.zeros((columns + 16, 64), dtype)
    turn(target.reshape(-1), 0, 64, source.reshape(-1), 0, columns, rows, columns)
    np.testing.assert_array_equal(target[:columns, :rows], source.T)


@pytest.mark.needs_jit
@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_touch_nothing_beyond_their_operands(guarded, dtype, end):
    """Bounds checking does not see a tile's loads; an unreadable page does."""
    rng = np.random.default_rng(0)
    few = [(1, 1, 1), (2, 3, 5), (13, 17, 33), (12, 16, 32), (14, 9, 32), (28, 5, 20)]
    for m, k, n in [*few, (50, 300, 49), (300, 260, 130), (5, 1100, 31)]:
        a, at = (guarded(rng.normal(size=s).astype(dtype), end) for s in ((m, k), (k, m)))
        b, bt = (guarded(rng.normal(size=s).astype(dtype), end) for s in ((k, n), (n, k)))
        bias, out = guarded(rng.normal(size=n).astype(dtype), end), guarded(np.empty((m, n), dtype), end)
        for left in (a, at.T):
            for right in (b, bt.T):
                gemm.linear(left, right, bias, out)
                np.testing.assert_allclose(out, left @ right + bias, rtol=1e-3, atol=1e-3)


@pytest.mark.needs_jit
@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 3)])
def test_convolutions_touch_nothing_beyond_their_operands(guarded, end, padding, stride):
    rng = np.random.default_rng(0)
    for h, w, c, o, groups in [(5, 4, 1, 1, 1), (7, 9, 3, 17, 1), (6, 13, 2, 5, 3), (4, 3, 16, 33, 1)]:
        settings = (stride, padding, (1, 1), groups)
        x = guarded(rng.normal(size=(2, h, w, c * groups)).astype(np.float32), end)
        weight = guarded(rng.normal(size=(3, 3, c, o * groups)).astype(np.float32), end)
        y = conv.conv2d(x, weight, *settings)
        out = guarded(y, end)
        assert conv.conv2d(x, weight, *settings, out) is out
        conv.conv2d_input_grad(out, weight, (h, w), *settings, guarded(x, end))
        conv_grad.conv2d_weight_grad(x, out, (3, 3), *settings, guarded(weight, end))


KERNELS = """
import numpy as np
from minigen.backends.cpu import buffers, conv, conv_grad, gemm, simd
a, x, w = np.ones((30, 30), np.float32), np.ones((1, 4, 4, 2), np.float32), np.ones((3, 3, 2, 2), np.float32)
settings = ((1, 1), (1, 1), (1, 1), 1)
assert (gemm.matmul(a, a.T) == 30).all()
y = conv.conv2d(x, w, *settings)
assert y.max() == 18 and conv_grad.conv2d_weight_grad(x, y, (3, 3), *settings).shape == w.shape
"""


@pytest.mark.needs_jit
def test_a_second_process_compiles_nothing(second_process_compiles_nothing):
    second_process_compiles_nothing(
        KERNELS
        + "gemm.parts_for = conv_grad.parts_for = lambda operations: 2\ngemm.matmul(a, a)\n"
        + "conv_grad.conv2d_weight_grad(x, y, (3, 3), *settings)\n"
    )


def test_kernels_run_without_a_compiler(script):
    script(KERNELS, NUMBA_DISABLE_JIT="1")


OTHER_WIDTHS = """
for m, k, n in [(1, 1, 1), (7, 9, 5), (13, 20, 33), (3, 1100, 17)]:
    for dtype in "fd":
        a, b = np.arange(m * k, dtype=dtype).reshape(m, k) % 7, np.arange(k * n, dtype=dtype).reshape(n, k) % 5
        assert (gemm.matmul(a, b.T) == a @ b.T).all() and (gemm.matmul(a, b.T.copy()) == a @ b.T).all()
print(vectors.VECTOR_BYTES)
"""


@pytest.mark.needs_jit
@pytest.mark.parametrize(("name", "width"), [("AVX2", 32), ("x86-64", 16)])
def test_narrower_vectors_are_as_right(name, width, script):
    if not {"+avx2", "+fma"} <= FEATURES or width == VECTOR_BYTES:
        pytest.skip("this CPU cannot run what is compiled for AVX2, or has nothing wider")
    code = KERNELS + "from minigen.backends.cpu import vectors" + OTHER_WIDTHS
    assert script(code, **SETS[name]) == [str(width)]
