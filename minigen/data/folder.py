"""The user's own folder of images, grey or RGB, with a class for each subfolder if there are subfolders."""

from pathlib import Path

import numpy as np

from ..errors import DataError
from .dataset import DataSet, random_split

SYSTEM_FILES = ("Thumbs.db", "desktop.ini")
GREY_MODES = ("1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N")


def load_folder(path: Path, *, size: int | None = None, channels: int | None = None, seed: int = 0) -> DataSet:
    """A data set of all images in a folder: uint8 (N, H, W, C), 256 levels.

    Either the images lie in the folder itself (no labels), or in its subfolders, one for each class, labelled 0, 1, …
    in alphabetical order. Hidden files are ignored. With `size` each image is cropped to its largest centred square
    and scaled (Lanczos) to size × size; without, all must have one size. `channels` is 1 (grey: ITU-R 601 luma) or
    3 (RGB); without it 3 where any image has colour. Transparency is laid over black, 16-bit grey becomes 8-bit,
    a photograph is turned the way its EXIF says, an animation gives its first frame.
    Split at random from `seed`: 80 % to train, 10 % to validate, 10 % to test.

    Raises DataError for an empty folder, a file that is not an image, and images of different sizes.
    """
    files, labels = _files(path)
    if channels is None:
        channels = 1 if all(_is_grey(file) for file in files) else 3
    first = _read(files[0], size, channels)
    x = np.empty((len(files), *first.shape), np.uint8)
    for i, file in enumerate(files):
        image = first if i == 0 else _read(file, size, channels)
        if image.shape != first.shape:
            raise DataError(
                f"images of different sizes: {files[0]} is {first.shape[1]}×{first.shape[0]} pixels, {file} is "
                f"{image.shape[1]}×{image.shape[0]}; make them equal, or crop and scale with --image-size (size=)"
            )
        x[i] = image
    return random_split(str(path), x, labels, 256, seed=seed, source=f"user's folder {path.name}")


def _files(path: Path) -> tuple[list[Path], np.ndarray | None]:
    """All image files in order, and their labels (N,) if they lie in subfolders."""
    entries = _visible(path)
    folders = [entry for entry in entries if entry.is_dir()]
    if not folders:
        if not entries:
            raise DataError(f"{path} holds no images; wanted image files, or subfolders of them")
        return entries, None
    if len(folders) < len(entries):
        stray = next(entry for entry in entries if not entry.is_dir())
        raise DataError(f"{path} holds both subfolders ({folders[0].name}) and files ({stray.name}); wanted one kind")
    files, labels = [], []
    for label, folder in enumerate(folders):
        inside = _visible(folder)
        if not inside:
            raise DataError(f"{folder} holds no images; wanted some for its class, or no such subfolder")
        files += inside
        labels += [label] * len(inside)
    return files, np.array(labels, np.int64)


def _visible(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"cannot list {folder}: {error.strerror or error}") from error
    return [entry for entry in entries if not entry.name.startswith(".") and entry.name not in SYSTEM_FILES]


def _open(file: Path):
    """Open an image lazily (its header is read, its pixels are not); DataError if it is none."""
    from PIL import Image, UnidentifiedImageError  # only a folder of images needs Pillow

    if file.is_dir():
        raise DataError(f"{file} is a folder inside a class; wanted images there")
    try:
        return Image.open(file)
    except UnidentifiedImageError as error:
        raise DataError(f"{file} is not an image that Pillow can read; convert it, or move it away") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot read {file}: {error}") from error


def _is_grey(file: Path) -> bool:
    with _open(file) as image:
        return image.mode in GREY_MODES


def _read(file: Path, size: int | None, channels: int) -> np.ndarray:
    """One image as uint8 (H, W, C), turned, flattened onto black, cropped and scaled as asked."""
    from PIL import Image, ImageOps

    with _open(file) as opened:
        if opened.mode in ("I", "F"):
            raise DataError(f"{file} has 32-bit pixels (mode {opened.mode}); wanted 8 or 16 bits: convert it")
        try:
            image = ImageOps.exif_transpose(opened)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise DataError(f"{file} is a truncated or corrupt image: {error}") from error
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
        if image.has_transparency_data:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
        image = image.convert("L" if channels == 1 else "RGB")
        if size is not None:
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            square = image.crop((left, top, left + side, top + side))  # before scaling: no filter sees the outside
            image = square.resize((size, size), Image.Resampling.LANCZOS)
        return np.asarray(image).reshape(image.height, image.width, channels)
