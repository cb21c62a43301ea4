"""Joining and cutting move values: the kernels give NumPy's bits, and one undoes the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import shape as pieces
from minigen.backends.cpu import threads
from minigen.backends.reference import shape as reference

layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])
SIZES = {
    (9, 40, 64): ((64, 32), 2),
    (9, 40, 63): ((1, 0, 61, 1), 2),
    (5, 70, 60): ((30, 40), 1),
    (700, 41): ((1, 699), 0),
}


@given(st.sampled_from(list(SIZES)), layouts, st.sampled_from([np.float32, np.float64]))
def test_are_numpys(draw_array, shape, layout, dtype):
    sizes, axis = SIZES[shape]
    arrays = [
        draw_array((*shape[:axis], n, *shape[axis + 1 :]), n, dtype, layout if n else "contiguous") for n in sizes
    ]
    joined = pieces.concatenate(arrays, axis)
    np.testing.assert_array_equal(joined, pieces.concatenate(arrays, axis - len(shape)))
    np.testing.assert_array_equal(joined, np.concatenate(arrays, axis))
    assert joined.dtype == dtype
    for module in (pieces, reference):
        for part, x in zip(module.cut(joined, sizes, axis), arrays, strict=True):
            np.testing.assert_array_equal(part, x)
            assert part.flags.c_contiguous and not np.may_share_memory(part, joined)


@pytest.mark.parametrize("shapes", [((200, 90), (200, 91), (201, 90)), ((200, 90), (200, 90, 1))])
def test_what_does_not_fit_is_refused(draw_array, shapes):
    with pytest.raises(ValueError):
        pieces.concatenate([draw_array(shape, 0, np.float32) for shape in shapes], 1)


@pytest.mark.needs_jit
def test_one_thread_has_no_parallel_regions(draw_array, monkeypatch):
    monkeypatch.setattr(pieces, "_copy_rows_parallel", None)
    before, x = threads.get_threads(), draw_array((300, 2, 300), 0, np.float32)
    threads.set_threads(1)
    try:
        np.testing.assert_array_equal(pieces.concatenate((x, x), 1), np.concatenate((x, x), 1))
    finally:
        threads.set_threads(before)
