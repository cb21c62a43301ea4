"""MNIST: read from a folder, verified, split as published; wrong and missing files are named."""

import gzip
import hashlib
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minigen.data import load, mnist
from minigen.errors import DataError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "mnist"


def idx_bytes(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def real_folder():
    for folder in (os.environ.get("MINIGEN_DATA_DIR"), SHARED):
        if folder and (Path(folder) / "train-images-idx3-ubyte.gz").is_file():
            return folder
    pytest.skip("no MNIST here: set MINIGEN_DATA_DIR to a folder with its four files")


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A folder with a data set of MNIST's form, 500 + 20 images, that the module takes for mnist."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 10, shape, dtype=np.uint8) for shape in ((500, 28, 28), (500,), (20, 28, 28), (20,))]
    contents = [idx_bytes(array) for array in arrays]
    for file, content in zip(mnist.FILES, contents, strict=True):
        (tmp_path / f"{file}.gz").write_bytes(gzip.compress(content))
    digests = tuple(hashlib.sha256(content).hexdigest() for content in contents)
    monkeypatch.setitem(mnist.SETS, "mnist", replace(mnist.SETS["mnist"], sha256=digests))
    monkeypatch.delenv("MINIGEN_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_the_real_files_have_the_published_split(real_folder):
    data = load("mnist", data_dir=real_folder)
    assert (data.kind, data.shape, data.levels, data.classes) == ("images", (28, 28, 1), 256, 10)
    assert [len(data.train), len(data.validation), len(data.test)] == [59_600, 400, 10_000]
    assert data.train.x.mean() / 255 == pytest.approx(0.1307, abs=2e-4)  # the mean everybody normalises by
    assert list(data.train.labels[:5]) == [5, 0, 4, 1, 9]


def test_the_folder_given_is_remembered_whole(tiny, monkeypatch):
    monkeypatch.chdir(tiny)
    options = load("mnist", data_dir=".").options
    assert options["data_dir"] == str(tiny.resolve())
    monkeypatch.chdir("/")
    assert len(load(**options).test) == 20
    monkeypatch.setenv("MINIGEN_DATA_DIR", str(tiny))
    assert "data_dir" not in load("mnist").options


def test_splits_and_types(tiny):
    data = load("mnist", data_dir=tiny)
    assert [len(data.train), len(data.validation), len(data.test)] == [100, 400, 20]
    assert data.train.x.dtype == np.uint8 and data.train.labels.dtype == np.int64


@pytest.mark.parametrize("where", ["environment", "subfolder", "plain", "cache"])
def test_every_place_and_form_is_found(tiny, monkeypatch, where):
    wanted = load("mnist", data_dir=tiny).test.x
    packed = [tiny / f"{file}.gz" for file in mnist.FILES]
    folder = {"subfolder": tiny / "mnist", "cache": tiny / "cache" / "minigen" / "mnist"}.get(where, tiny)
    folder.mkdir(parents=True, exist_ok=True)
    for path in packed:
        if where == "plain":
            (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
        else:
            path.rename(folder / path.name)
    if where == "environment":
        monkeypatch.setenv("MINIGEN_DATA_DIR", str(tiny))
    monkeypatch.setattr("minigen.data.download.sys.platform", "linux")
    explicit = None if where in ("environment", "cache") else tiny
    np.testing.assert_array_equal(load("mnist", data_dir=explicit).test.x, wanted)


def test_a_missing_file_is_named_with_its_folder(tiny):
    (tiny / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=f"mnist is not in {tiny}.*t10k-labels-idx1-ubyte"):
        load("mnist", data_dir=tiny)


def test_changed_content_is_refused(tiny):
    path = tiny / "t10k-images-idx3-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz is not a file of 'mnist'.*SHA-256"):
        load("mnist", data_dir=tiny)


def test_a_truncated_file_is_called_truncated(tiny):
    path = tiny / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-5]))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz is truncated"):
        load("mnist", data_dir=tiny)


def test_another_set_under_the_same_file_names_is_recognised(tiny):
    with pytest.raises(DataError, match="it belongs to 'mnist'"):
        load("fashion", data_dir=tiny)
