"""The user's own arrays: what is accepted comes back, what is not is explained."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigen.data import arrays, load
from minigen.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all draws of a property."""
    return tmp_path_factory.mktemp("arrays")


def together(data):
    """All rows of a data set in the order of their labels."""
    parts = [data.train, data.validation, data.test]
    return np.concatenate([part.x for part in parts])[np.argsort(np.concatenate([part.labels for part in parts]))]


@pytest.mark.parametrize("keys", [("x", "labels"), ("images", "y")])
@pytest.mark.parametrize("shape", [(12, 5, 4), (12, 5, 4, 1), (12, 5, 4, 3)])
def test_images_come_back(tmp_path, keys, shape):
    x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / "mine.npz"
    np.savez(path, **{keys[0]: x, keys[1]: np.arange(12, dtype=np.uint8)})
    data = load(path)
    assert (data.kind, data.levels, data.classes, data.shape) == (
        "images",
        256,
        12,
        (5, 4, shape[3:][0] if shape[3:] else 1),
    )
    np.testing.assert_array_equal(together(data), x.reshape(12, 5, 4, -1))


def test_float_images_are_rounded_to_256_levels(tmp_path):
    x = np.random.default_rng(0).random((12, 5, 4, 1))
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(12))
    np.testing.assert_allclose(together(load(tmp_path / "mine.npz")) / 255, x, atol=0.5 / 255 + 1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_come_back_as_float32(tmp_path, dtype):
    x = np.random.default_rng(0).standard_normal((50, 3)).astype(dtype)
    np.save(tmp_path / "mine.npy", x)
    data = load(tmp_path / "mine.npy", seed=3)
    assert (data.kind, data.levels, data.classes, data.shape) == ("points", None, None, (3,))
    rows = np.concatenate([data.train.x, data.validation.x, data.test.x])
    np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(x.astype(np.float32), axis=0))


@given(st.integers(0, 49), st.integers(0, 2), st.sampled_from([np.nan, np.inf, -np.inf, 1e300]))
def test_values_that_are_not_finite_are_counted_and_placed(row, column, value):
    x = np.zeros((50, 3))
    x[row, column] = value
    x[49, 2] = value
    count = len({(row, column), (49, 2)})
    with pytest.raises(
        DataError, match=rf"{count} of 150 values are NaN or infinite, the first at index \({row}, {column}\)"
    ):
        arrays._points(x, "mine.npy")


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.full((9, 4, 4, 1), np.nan), "144 of 144 values are NaN"),
        (np.full((9, 4, 4, 1), 2.0), r"floats from 2 to 2; wanted \[0, 1\]"),
        (np.zeros((9, 3, 8, 8), np.uint8), "move the channels last"),
        (np.zeros((9, 8, 8, 2), np.uint8), r"got shape \(9, 8, 8, 2\)"),
        (np.zeros((9, 8, 0, 1), np.uint8), "got shape"),
        (np.zeros((9, 8, 8, 1), np.int64), "images got int64; wanted uint8"),
        (np.zeros((9, 8), np.uint8), r"got uint8 \(9, 8\); wanted floats"),
        (np.zeros((9, 0)), "wanted floats"),
        (np.zeros(9), r"got shape \(9,\)"),
        (np.float64(3), r"got shape \(\)"),
        (np.zeros((2, 2)), "holds 2 example"),
        (np.array([None]), "cannot read"),
    ],
)
def test_other_arrays_are_refused(tmp_path, x, words):
    np.save(tmp_path / "mine.npy", x, allow_pickle=True)
    with pytest.raises(DataError, match=words):
        load(tmp_path / "mine.npy")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": np.zeros(3)}, "holds a; wanted"),
        ({}, "holds no arrays"),
        ({"x": np.zeros((9, 2)), "images": np.zeros((9, 2))}, "wanted one of x, images"),
        ({"x": np.zeros((9, 2)), "y": np.zeros(8, int)}, r"labels got int64 \(8,\)"),
        ({"x": np.zeros((9, 2)), "y": np.zeros(9)}, "labels got float64"),
        ({"x": np.zeros((9, 2)), "y": np.full(9, -1)}, "labels got -1"),
    ],
)
def test_other_npz_contents_are_refused(tmp_path, content, words):
    np.savez(tmp_path / "mine.npz", **content)
    with pytest.raises(DataError, match=words):
        load(tmp_path / "mine.npz")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_file_cut_anywhere_is_refused(tmp_path, suffix):
    path = tmp_path / f"mine{suffix}"
    (np.save if suffix == ".npy" else np.savez)(path, np.zeros((9, 2)))
    whole = path.read_bytes()
    for cut in range(0, len(whole), 23):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError, match=f"mine{suffix}"):
            load(path)


@pytest.mark.parametrize("content", [b"not an array", b"\x80\x04K\x01.", b"PK", b""])
def test_junk_is_refused_without_advice_to_unpickle_it(tmp_path, content):
    path = tmp_path / "mine.npy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"no \.npy or \.npz file of plain numbers; write it with") as caught:
        load(path)
    assert "pickle" not in str(caught.value)


@given(
    st.sampled_from([np.save, np.savez, np.savez_compressed]), st.floats(0, 1, exclude_max=True), st.integers(0, 255)
)
@settings(max_examples=300)
def test_a_changed_byte_is_refused_or_harmless(folder, save, where, byte):
    """Whatever the byte breaks (header, deflate stream, directory), it is told as damage of this file."""
    content = io.BytesIO()
    save(content, np.random.default_rng(0).standard_normal((9, 2))) if save is np.save else save(content, x=np.eye(9))
    changed = bytearray(content.getvalue())
    changed[int(where * len(changed))] = byte
    path = folder / ("mine.npy" if save is np.save else "mine.npz")
    path.write_bytes(changed)
    try:
        assert load(path).kind in ("points", "images")
    except DataError as error:
        assert path.name in str(error)
