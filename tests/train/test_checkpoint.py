"""Checkpoints: what is written is read, bit for bit; what is damaged, foreign or newer is refused in words."""

import errno
import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save_file

from minigen.errors import CheckpointError, UserError
from minigen.train import read_checkpoint, write_checkpoint

arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8]), hnp.array_shapes(min_dims=0, min_side=0, max_side=4)
)


@given(contents=st.dictionaries(st.text("abc/.", min_size=1, max_size=5), arrays, max_size=4))
def test_round_trip(contents, tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "a.safetensors"
    write_checkpoint(path, contents, {"step": 3, "name": "δ"})
    read, facts = read_checkpoint(path)
    assert facts["step"] == 3
    assert facts["name"] == "δ"
    assert read.keys() == contents.keys()
    for name, array in contents.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_strided_arrays_keep_their_order(tmp_path):
    x = np.arange(24.0).reshape(4, 6)
    views = {"transposed": x.T, "reversed": x[::-1], "strided": x[:, ::2]}
    write_checkpoint(tmp_path / "a", views, {})
    for name, array in read_checkpoint(tmp_path / "a")[0].items():
        np.testing.assert_array_equal(array, views[name])


def test_same_contents_same_bytes(tmp_path):
    x, y = np.arange(3.0), np.ones((2, 2), np.float32)
    write_checkpoint(tmp_path / "a", {"x": x, "y": y}, {"p": 1, "q": 2})
    write_checkpoint(tmp_path / "b", {"y": y, "x": x}, {"q": 2, "p": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_flipped_byte_or_missing_tail_is_noticed(tmp_path):
    path = tmp_path / "a"
    write_checkpoint(path, {"x": np.arange(16, dtype=np.float32)}, {"step": 1})
    good = path.read_bytes()
    for place in (len(good) - 1, len(good) - 30, 3, 9):
        broken = bytearray(good)
        broken[place] ^= 0x41
        path.write_bytes(bytes(broken))
        with pytest.raises(CheckpointError, match=r"damaged|not one of minigen"):
            read_checkpoint(path)
    for keep in (0, 5, 40, len(good) - 1):
        path.write_bytes(good[:keep])
        with pytest.raises(CheckpointError, match="damaged"):
            read_checkpoint(path)


def test_foreign_and_newer_files(tmp_path):
    save_file({"x": np.zeros(2)}, tmp_path / "foreign")
    with pytest.raises(CheckpointError, match="not one of minigen's"):
        read_checkpoint(tmp_path / "foreign")
    save_file({"x": np.zeros(2)}, tmp_path / "newer", metadata={"minigen": json.dumps({"format": 99})})
    with pytest.raises(CheckpointError, match="format 99, newer"):
        read_checkpoint(tmp_path / "newer")
    for facts in ([1], {"format": "2"}, {"format": None}, {}):
        save_file({"x": np.zeros(2)}, tmp_path / "odd", metadata={"minigen": json.dumps(facts)})
        with pytest.raises(CheckpointError, match="states no format"):
            read_checkpoint(tmp_path / "odd")
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        read_checkpoint(tmp_path / "missing")


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_checkpoint(path, {"x": np.zeros(2)}, {})
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="No space left"):
        write_checkpoint(path, {"x": np.ones(2)}, {})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
