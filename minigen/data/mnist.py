"""MNIST and Fashion-MNIST: found in a folder, in the cache, or downloaded; always verified; split as published."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError
from .dataset import DataSet, Split, from_splits
from .download import cache_folder, download
from .idx import parse_idx, read_bytes

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
VALIDATION = 400


@dataclass(frozen=True)
class IdxSet:
    """Four IDX files: the SHA-256 of each one's decompressed content, in the order of FILES, and where to get them."""

    sha256: tuple[str, str, str, str]
    mirrors: tuple[str, ...]
    provenance: str


SPLIT = (
    "the last 400 training images validate, as in Importance Weighted Autoencoders (Burda, Grosse, Salakhutdinov, "
    "2015): 59,600 / 400 / 10,000."
)

SETS = {
    "mnist": IdxSet(
        sha256=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        provenance="The MNIST database of handwritten digits, Y. LeCun, C. Cortes, C. Burges, 1998, "
        "http://yann.lecun.com/exdb/mnist/, CC BY-SA 3.0; " + SPLIT,
    ),
    "fashion": IdxSet(
        sha256=(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        provenance="Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms, H. Xiao, "
        "K. Rasul, R. Vollgraf, 2017, https://arxiv.org/abs/1708.07747, MIT licence; " + SPLIT,
    ),
}


def load_idx_set(name: str, data_dir: str | os.PathLike | None = None) -> DataSet:
    """MNIST or Fashion-MNIST: uint8 (N, 28, 28, 1), labels 0 … 9, splits 59,600 / 400 / 10,000.

    The four files, plain or ``.gz``, are looked for in FOLDER/name and FOLDER, FOLDER being `data_dir` and nothing
    else if that is given, otherwise $MINIGEN_DATA_DIR and then the cache; at last they are downloaded to the cache
    (extra ``data``). The content is verified by its SHA-256, however it was compressed.
    Raises DataError where files are missing, corrupt or of another data set.
    """
    arrays = [parse_idx(content, file) for file, content in zip(FILES, _contents(name, data_dir), strict=True)]
    x, labels, x_test, labels_test = arrays
    x, x_test = x[..., None], x_test[..., None]
    labels, labels_test = labels.astype(np.int64), labels_test.astype(np.int64)
    return from_splits(
        name,
        Split(x[:-VALIDATION], labels[:-VALIDATION], levels=256),
        Split(x[-VALIDATION:], labels[-VALIDATION:], levels=256),
        Split(x_test, labels_test, levels=256),
        provenance=SETS[name].provenance,
    )


def _contents(name: str, data_dir: str | os.PathLike | None) -> list[bytes]:
    if data_dir is not None:
        folders = [Path(data_dir).expanduser()]
    else:
        environment = os.environ.get("MINIGEN_DATA_DIR")
        folders = [Path(environment).expanduser()] if environment else []
        folders.append(cache_folder())
    for folder in folders:
        paths = _find(folder / name) or _find(folder)
        if paths:
            return [_verified(path, name, sha) for path, sha in zip(paths, SETS[name].sha256, strict=True)]
    if data_dir is not None:
        raise DataError(
            f"{name} is not in {folders[0]}: wanted {', '.join(FILES)} there or in {folders[0] / name}, plain or .gz"
        )
    target = cache_folder() / name
    known = SETS[name]
    return [download(f"{f}.gz", sha, known.mirrors, target) for f, sha in zip(FILES, known.sha256, strict=True)]


def _find(folder: Path) -> list[Path]:
    """The four files in a folder, or an empty list where one is missing."""
    pairs = [(folder / file, folder / f"{file}.gz") for file in FILES]
    found = [plain if plain.is_file() else packed for plain, packed in pairs if plain.is_file() or packed.is_file()]
    return found if len(found) == len(FILES) else []


def _verified(path: Path, name: str, sha256: str) -> bytes:
    content = read_bytes(path)
    got = hashlib.sha256(content).hexdigest()
    if got != sha256:
        parse_idx(content, str(path))  # a truncated file is better named so than by its checksum
        others = [other for other, known in SETS.items() if got in known.sha256]
        what = f"it belongs to {others[0]!r}: keep each set in a folder of its name" if others else "it is corrupt"
        raise DataError(f"{path} is not a file of {name!r}: {what} (SHA-256 got {got}, wanted {sha256})")
    return content
