"""Samples of any kind of data, as the picture that suits them."""

import os

import numpy as np

from .grid import save_grid
from .points import save_outlines, save_points


def save_samples(samples: np.ndarray, path: str | os.PathLike, kind: str, reference: np.ndarray | None = None) -> bool:
    """Draw samples as a PNG, and return True; or draw nothing and return False where they have no picture.

    kind       as in a ``minigen.data.DataSet``:
               "images", (N, H, W, C) in [0, 1]: a grid;  "points", (N, 2): a cloud;  "outlines", (N, 2P): closed
               curves side by side.  Points of more or fewer than two dimensions have no picture.
    reference  data (M, 2) to be drawn beside a cloud; other kinds are drawn without

    Raises ShapeError where the shape is not that of the kind, UserError where the file cannot be written.
    """
    if kind == "images":
        save_grid(samples, path)
    elif kind == "outlines":
        save_outlines(samples, path)
    elif samples.shape[1:] == (2,):
        save_points(samples, path, reference)
    else:
        return False
    return True
