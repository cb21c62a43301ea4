"""``load``: one name or one path in, one DataSet out."""

import difflib
import os
from dataclasses import replace
from pathlib import Path

from ..errors import DataError, UserError
from .arrays import load_arrays
from .dataset import DataSet
from .digits import load_digits
from .feature_split import split_for_features
from .few_labels import few_labels
from .folder import load_folder
from .mnist import SETS, load_idx_set
from .shapes.dataset import load_shape_images, load_shape_points
from .toy2d import TOYS, load_toy

NAMES = ("digits", *SETS, "shapes", "shapes-points", *TOYS)


def load(
    name_or_path: str | os.PathLike,
    *,
    data_dir: str | os.PathLike | None = None,
    size: int | None = None,
    channels: int | None = None,
    seed: int = 0,
    labels: int | None = None,
    reserve: float | None = None,
) -> DataSet:
    """Load a data set by its name, or the user's own by its path.

    Names:  digits (bundled);  mnist, fashion (IDX files, see ``minigen.data.mnist``);  shapes, shapes-points
    (procedural outlines);  8gaussians, 25gaussians, checkerboard, moons, rings, pinwheel, spirals (2-D points with
    an exact log-density).  Paths:  a folder of images, a ``.npy`` or an ``.npz`` file.  A name wins over a path of
    the same spelling: write ``./digits`` for a folder called digits.

    data_dir  folder of the files of mnist and fashion; without it $MINIGEN_DATA_DIR, the cache, a download are tried
    size      side in pixels: images of a folder are scaled and centre-cropped to it, shapes are drawn at it
    channels  1 (grey) or 3 (RGB) for a folder of images; without it RGB where any image has colour
    seed      of the random split of the user's own data, and of the draws of procedural data and of labels kept
    labels    keep so many labels of the training split, equally many of each class; see ``few_labels``
    reserve   leave out this share of the training rows, for a feature network; see ``split_for_features``

    Images come as uint8 (N, H, W, C), points as float32 (N, D), labels as int64 (N,) or None.
    >>> load("digits").train
    Split(uint8 (1297, 8, 8, 1), with labels)

    Raises UserError for an unknown name or an option that does not apply, DataError for data that cannot be used.
    """
    name = os.fspath(name_or_path)
    path = None if name in NAMES else _existing(name)
    is_folder = path is not None and path.is_dir()
    if seed < 0:
        raise UserError(f"seed got {seed}; wanted a number that is not negative")
    if size is not None and size < 1:
        raise UserError(f"--image-size (size=) got {size}; wanted at least 1 pixel")
    if channels not in (None, 1, 3):
        raise UserError(f"--image-channels (channels=) got {channels}; wanted 1 (grey) or 3 (RGB)")
    for option, value, applies, where in (
        ("--image-size (size=)", size, is_folder or name == "shapes", "a folder of images and to shapes"),
        ("--image-channels (channels=)", channels, is_folder, "a folder of images"),
        ("--data-dir (data_dir=)", data_dir, name in SETS, " and to ".join(SETS)),
    ):
        if value is not None and not applies:
            raise UserError(f"{option} got {value}, but it applies to {where}, not to {name!r}; leave it out")
    found = _load_name(name, data_dir, size, seed) if path is None else _load_path(path, size, channels, seed)
    options = {"name_or_path": name if path is None else str(path.resolve()), "size": size, "channels": channels}
    if data_dir is not None:
        options["data_dir"] = str(Path(data_dir).expanduser().resolve())
    if reserve is not None:
        found, options = split_for_features(found, reserve)[1], {**options, "reserve": reserve}
    if labels is not None:
        found, options = few_labels(found, labels, seed), {**options, "labels": labels}
    return replace(found, options={**options, "seed": seed})


def _existing(name: str) -> Path:
    """The path that was given; UserError where nothing is there, or where the system cannot even look."""
    try:
        path = Path(name).expanduser()
        exists = path.exists()
    except (OSError, RuntimeError) as error:  # a name too long, a loop of links; a ~user without a home
        raise UserError(f"cannot look for the data {name!r}: {getattr(error, 'strerror', None) or error}") from error
    if not exists:
        raise UserError(_unknown(name))
    return path


def _load_name(name: str, data_dir: str | os.PathLike | None, size: int | None, seed: int) -> DataSet:
    if name in SETS:
        return load_idx_set(name, data_dir)
    if name in TOYS:
        return load_toy(name, seed)
    if name == "shapes":
        return load_shape_images(size or 32, seed)
    if name == "shapes-points":
        return load_shape_points(seed)
    return load_digits()


def _load_path(path: Path, size: int | None, channels: int | None, seed: int) -> DataSet:
    if path.is_dir():
        return load_folder(path, size=size, channels=channels, seed=seed)
    if path.suffix not in (".npy", ".npz"):
        raise DataError(f"{path} is a {path.suffix or 'suffixless'} file; wanted a folder of images, .npy or .npz")
    return load_arrays(path, seed=seed)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), NAMES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"{name!r} is neither a known data set nor an existing path.{hint} Known: {', '.join(NAMES)}; "
        "or the path of a folder of images, an .npy or an .npz file"
    )
