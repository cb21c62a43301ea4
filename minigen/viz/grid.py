"""Many images on one sheet."""

import math
import os

import numpy as np
from PIL import Image

from ..errors import ShapeError, UserError
from ..files import whole_file

SHEET = 768  # pixels, about: small images are enlarged until the sheet is this wide
PAPER = 32  # the grey between images: told from black ink and white alike


def grid(images01: np.ndarray, columns: int | None = None, pad: int = 1, scale: int | None = None) -> np.ndarray:
    """The images (N, H, W, C) in [0, 1] row by row on one sheet, uint8 (height, width, C); C is 1 or 3.

    columns  images in a row; without it the sheet is as nearly square as N allows
    pad      width of the lines between images and around them, in pixels of the images
    scale    each pixel becomes scale × scale (nearest neighbour); without it what brings the sheet to about 768 wide

    Values outside [0, 1] are clipped, NaN is black. Raises ShapeError for other shapes or an empty array.
    """
    images01 = np.asarray(images01)
    if images01.ndim != 4 or images01.shape[3] not in (1, 3) or 0 in images01.shape:
        raise ShapeError(f"a grid got images of shape {images01.shape}; wanted (N, H, W, 1) or (N, H, W, 3), N ≥ 1")
    if (columns is not None and columns < 1) or pad < 0 or (scale is not None and scale < 1):
        raise UserError(f"a grid got columns {columns}, pad {pad}, scale {scale}; wanted at least 1, 0 and 1")
    n, h, w, c = images01.shape
    columns = columns or math.ceil(math.sqrt(n * h / w))
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (h + pad) + pad, columns * (w + pad) + pad, c), PAPER, np.uint8)
    ink = np.rint(255 * np.clip(np.nan_to_num(images01, nan=0.0), 0, 1)).astype(np.uint8)
    for k, image in enumerate(ink):
        row, column = divmod(k, columns)
        top, left = pad + row * (h + pad), pad + column * (w + pad)
        sheet[top : top + h, left : left + w] = image
    scale = scale or max(1, round(SHEET / sheet.shape[1]))
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)


def save_grid(
    images01: np.ndarray,
    path: str | os.PathLike,
    columns: int | None = None,
    pad: int = 1,
    scale: int | None = None,
) -> None:
    """Write the sheet of ``grid`` as a PNG.

    Raises ShapeError for other shapes, UserError where the file cannot be written (nothing is left half-written).
    """
    sheet = grid(images01, columns, pad, scale)
    picture = Image.fromarray(sheet[:, :, 0] if sheet.shape[2] == 1 else sheet)
    with whole_file(path) as file:
        picture.save(file, format="png", optimize=True)
