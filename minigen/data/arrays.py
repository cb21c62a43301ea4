"""The user's own arrays: ``.npy`` and ``.npz`` files of images or points."""

import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ..errors import DataError
from .dataset import DataSet, random_split

# what NumPy, zipfile and zlib raise for a file that is damaged, encrypted or of another kind
UNREADABLE = (
    OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip


def load_arrays(path: Path, *, seed: int = 0) -> DataSet:
    """A data set from one ``.npy`` array, or an ``.npz`` with ``x`` or ``images`` and perhaps ``labels`` or ``y``.

    Images: uint8 (N, H, W) or (N, H, W, C), or floats in [0, 1] of the same shapes, which are rounded to 256 levels;
    C is 1 or 3. Points: floats (N, D), kept as float32. Labels: integers (N,) from 0.
    Split at random from `seed`: 80 % to train, 10 % to validate, 10 % to test. Never unpickles anything.
    Raises DataError for a corrupt file, other shapes or dtypes, values out of range, NaN or infinity.
    """
    x, labels = _read(path)
    if labels is not None:
        labels = _labels(labels, len(x) if x.ndim else 0, path)
    if x.ndim == 2:
        return random_split(str(path), _points(x, path), labels, None, seed=seed, source=f"user's file {path.name}")
    return random_split(str(path), _images(x, path), labels, 256, seed=seed, source=f"user's file {path.name}")


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with open(path, "rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded, None
            with loaded:
                arrays = {key: loaded[key] for key in loaded.files}
    except UNREADABLE as error:
        # never NumPy's own words, which advise to unpickle what it does not know
        reason = "it is damaged, or no .npy or .npz file of plain numbers; write it with np.save or np.savez"
        reason = error.strerror if isinstance(error, PermissionError) else reason
        raise DataError(f"cannot read {path}: {reason}") from error
    data, marks = ([key for key in names if key in arrays] for names in (("x", "images"), ("labels", "y")))
    if len(data) != 1 or len(marks) > 1:
        raise DataError(
            f"{path} holds {', '.join(arrays) or 'no arrays'}; wanted one of x, images and at most one of labels, y"
        )
    return arrays[data[0]], arrays[marks[0]] if marks else None


def _labels(labels: np.ndarray, n: int, path: Path) -> np.ndarray:
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: labels got {labels.dtype} {labels.shape}; wanted integers ({n},), one for each example"
        )
    if n and labels.min() < 0:
        raise DataError(f"{path}: labels got {labels.min()}; wanted 0 or more")
    return labels.astype(np.int64)


def _points(x: np.ndarray, path: Path) -> np.ndarray:
    if x.dtype.kind != "f" or x.shape[1] == 0:
        raise DataError(
            f"{path}: x got {x.dtype} {x.shape}; wanted floats (N, D) for points, or uint8 (N, H, W, C) for images"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float32 becomes infinite, and is reported below
        x = x.astype(np.float32)
    return _finite(x, path)


def _images(x: np.ndarray, path: Path) -> np.ndarray:
    images = x[..., None] if x.ndim == 3 else x
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape[1:]:
        hint = "; move the channels last" if x.ndim == 4 and x.shape[1] in (1, 3) else ""
        raise DataError(
            f"{path}: x got shape {x.shape}; wanted (N, D) for points, or (N, H, W), (N, H, W, 1) or (N, H, W, 3) "
            f"for images{hint}"
        )
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if images.dtype.kind != "f":
        raise DataError(f"{path}: images got {images.dtype}; wanted uint8, or floats in [0, 1]")
    _finite(images, path)
    if images.size and (images.min() < 0 or images.max() > 1):
        raise DataError(
            f"{path}: images got floats from {images.min():g} to {images.max():g}; wanted [0, 1], or uint8 for 0 to 255"
        )
    return np.rint(images * 255).astype(np.uint8)


def _finite(x: np.ndarray, path: Path) -> np.ndarray:
    bad = ~np.isfinite(x)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise DataError(f"{path}: {int(bad.sum())} of {x.size} values are NaN or infinite, the first at index {first}")
    return x
