"""IDX: what is written comes back; every shorter or longer file is refused with its name and its size."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigen.data.idx import DTYPES, parse_idx, read_idx
from minigen.errors import DataError

CODES = {np.dtype(name).newbyteorder("="): code for code, name in DTYPES.items()}


def idx_bytes(array):
    """The format, written independently of the reader."""
    header = struct.pack(">HBB", 0, CODES[array.dtype], array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


arrays = st.sampled_from(sorted(CODES, key=str)).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
)


@given(arrays)
def test_what_is_written_comes_back(array):
    got = parse_idx(idx_bytes(array), "a file")
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)


@given(arrays, st.data())
def test_truncation_at_any_byte_is_refused(array, data):
    content = idx_bytes(array)
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DataError, match=rf"images\.idx .*got {cut} bytes"):
        parse_idx(content[:cut], "images.idx")


@given(arrays, st.binary(min_size=1, max_size=9))
def test_bytes_after_the_last_value_are_refused(array, more):
    with pytest.raises(DataError, match="goes on after its last value"):
        parse_idx(idx_bytes(array) + more, "images.idx")


@given(st.binary(min_size=4, max_size=64).filter(lambda b: b[:2] != b"\0\0" or b[2] not in DTYPES))
def test_other_formats_are_refused(content):
    with pytest.raises(DataError, match="is not an IDX file"):
        parse_idx(content, "notes.txt")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_plain_and_gzip_files_read_alike(tmp_path, suffix):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / f"images{suffix}"
    path.write_bytes(gzip.compress(idx_bytes(array)) if suffix else idx_bytes(array))
    np.testing.assert_array_equal(read_idx(path), array)


def test_gzip_cut_or_damaged_anywhere_is_refused(tmp_path):
    packed = gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 255, (10, 8, 8), dtype=np.uint8)))
    path = tmp_path / "images.gz"
    for cut in range(2, len(packed), 17):
        path.write_bytes(packed[:cut])
        with pytest.raises(DataError, match=r"images\.gz is a corrupt or truncated gzip"):
            read_idx(path)
    for at in (12, len(packed) // 2, len(packed) - 6):
        path.write_bytes(packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :])
        with pytest.raises(DataError, match=r"images\.gz"):
            read_idx(path)


def test_missing_file_and_folder_are_named(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError, match=f"cannot read {path}"):
            read_idx(path)
