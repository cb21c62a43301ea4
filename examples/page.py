"""What every page of the path shares: the short form, one way to promise a number, one way to show a picture."""

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from minigen.viz.figure import COLORS, INK, new_figure, save_figure, tidy

__all__ = ["COLORS", "FOLDER", "INK", "QUICK", "expect", "imshow", "panels", "save", "show"]

QUICK = bool(os.environ.get("MINIGEN_QUICK"))
"""Whether to train for seconds only: the numbers are looser then, and the pictures rougher."""

WIDTH = 900
"""Pixels of a picture in a notebook."""

FOLDER = Path("runs") / "examples"
"""Where pictures go; git ignores it."""


def expect(what, value, low, high):
    """Print a number beside what it should be, and fail where it is not.

    Raises:
        AssertionError: ``value`` lies outside [low, high].
    """
    line = f"{what}: {value:.4g} (expected {low:.4g} … {high:.4g})"
    assert low <= value <= high, f"off: {line}"
    print(line)


def panels(rows, columns, width, height, titles=()):
    """A figure of that many inches, and its axes as an array (rows · columns,), titled and without clutter."""
    figure = new_figure(width, height)
    axes = np.array([figure.add_subplot(rows, columns, k + 1) for k in range(rows * columns)])
    for k, one in enumerate(axes):
        tidy(one, titles[k] if k < len(titles) else "")
    return figure, axes


def imshow(axes, images, columns):
    """Images (N, H, W, 1) in [0, 1], black on white, row by row on one panel."""
    n, h, w, _ = images.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * (h + 1) - 1, columns * (w + 1) - 1))
    for k, image in enumerate(images):
        top, left = k // columns * (h + 1), k % columns * (w + 1)
        sheet[top : top + h, left : left + w] = image[..., 0]
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.axis("off")


def save(figure, name):
    """Write a figure to `FOLDER` as a PNG, and show it where a notebook runs this."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_figure(figure, FOLDER / name)
    show(FOLDER / name)


def show(path):
    """Show a picture's file where a notebook runs this; a script says where it lies."""
    if "ipykernel" in sys.modules:
        from IPython.display import display

        with Image.open(path) as picture:  # smaller than for print: notebooks are committed with what they show
            picture.thumbnail((WIDTH, 2 * WIDTH))
            display(picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE))
    else:
        print(f"picture: {path}")
