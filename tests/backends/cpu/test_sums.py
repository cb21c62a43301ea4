"""Sums against NumPy's in float64, over shapes with rows that can and cannot be joined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import sums, threads

# blocks, rows, channels: with 8 to 512 numbers to a joined row, and with rows that nothing divides
BLOCKS = [(1, 4096, 5), (3, 1024, 32), (7, 61, 48), (1, 65536, 1), (4, 6007, 1), (64, 1, 700)]
SHAPES = [(3, 4, 5, 2), (2, 1, 6, 3), (40, 41, 12)]
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])


def close(got, exact):
    """Within a rounding of the largest number that is added up."""
    assert got.dtype == np.float32 and got.shape == exact.shape
    np.testing.assert_allclose(got, exact, rtol=3e-7, atol=3e-7)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_line_is_added_to_every_row_of_its_block(draw_array, blocks):
    a, _, c = blocks
    x, b = draw_array(blocks, 0, np.float32), draw_array((a, 1, c), 1, np.float32)
    np.testing.assert_array_equal(sums.add(x, b), x + b)
    np.testing.assert_array_equal(sums.add(b, x), x + b)
    np.testing.assert_array_equal(sums.add(x, x[::-1].copy()), x + x[::-1])
    if a == 1:
        np.testing.assert_array_equal(sums.add(x, b.reshape(c)), x + b)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_rows_of_a_block_are_summed(draw_array, blocks):
    x = draw_array(blocks, 0, np.float32) + np.float32(1)
    for axis in (1, -2, (0, 1), None, (0, 2), 2):
        for keepdims in (False, True):
            close(sums.sum(x, axis, keepdims), np.asarray(x.sum(axis, np.float64, keepdims=keepdims)))


@given(st.sampled_from(SHAPES), st.integers(0, 99), layouts, st.sampled_from([np.float32, np.float64]), st.data())
def test_any_shape_dtype_and_layout_is_numpys(draw_array, shape, seed, layout, dtype, data):
    x = draw_array(shape, seed, dtype, layout)
    small = tuple(data.draw(st.sampled_from([1, n])) for n in shape)[data.draw(st.integers(0, 3)) :]
    b = draw_array(small, seed + 1, dtype) if small else 2.0
    np.testing.assert_array_equal(sums.add(x, b), np.add(x, b))
    np.testing.assert_array_equal(sums.add(b, x), np.add(b, x))
    out = np.empty(shape, dtype)
    assert sums.add(x, b, out=out) is out and (out == x + b).all()
    axes = tuple(i for i in range(len(shape)) if data.draw(st.booleans()))
    np.testing.assert_allclose(sums.sum(x, axes), x.sum(axes, np.float64), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shapes", [((41, 1, 500), (1, 700, 1)), ((20000,), (1, 20000)), ((1, 20000), (2, 1))])
def test_where_neither_shape_holds_the_other_it_is_numpys(draw_array, shapes):
    x, y = (draw_array(shape, i, np.float32) for i, shape in enumerate(shapes))
    got = sums.add(x, y)
    assert got.shape == np.broadcast_shapes(*shapes)
    np.testing.assert_array_equal(got, x + y)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_does_not_depend_on_the_number_of_threads(draw_array, one_and_many_threads, blocks):
    x = draw_array(blocks, 0, np.float32)
    one_and_many_threads(lambda: sums.sum(x, 1))
    one_and_many_threads(lambda: sums.add(x, x))


@pytest.mark.needs_jit
def test_one_thread_has_no_parallel_regions(draw_array, monkeypatch):
    for name in ("_add_parallel", "_sum_parallel"):
        monkeypatch.setattr(sums, name, None)
    before, x = threads.get_threads(), draw_array(BLOCKS[1], 0, np.float32)
    threads.set_threads(1)
    try:
        close(sums.sum(x, 1), x.sum(1, np.float64))
        np.testing.assert_array_equal(sums.add(x, x[:, :1].copy()), x + x[:, :1])
    finally:
        threads.set_threads(before)
