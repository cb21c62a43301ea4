"""The one look of every figure: light, unframed, a palette that colour-blind readers can tell apart."""

import os

import numpy as np
from PIL import Image

from ..files import whole_file

# "Color Universal Design", Okabe and Ito, 2008, https://jfly.uni-koeln.de/color/ (its yellow left out: too pale)
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, FAINT = "#333333", "#DDDDDD"
DPI = 150  # of a figure in a file


def new_figure(width: float, height: float):
    """An empty figure of that many inches, independent of pyplot and its global state."""
    # half a second to import, which a command that only writes a grid of images does not wait for
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def tidy(axes, title: str = "") -> None:
    """Take away the frame, lighten the rest, and put a title on the left."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.set_axisbelow(True)
    if title:
        axes.set_title(title, loc="left", fontsize=10, color=INK)


def save_figure(figure, path: str | os.PathLike) -> None:
    """Write a figure as a PNG, whole or not at all; UserError where it cannot be written."""
    figure.set_dpi(DPI)
    picture = Image.fromarray(drawn(figure))  # `savefig` would lay everything out and draw it twice
    with whole_file(path) as file:
        picture.save(file, format="png")


def drawn(figure) -> np.ndarray:
    """What a figure shows now, uint8 (height, width, 3)."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[:, :, :3].copy()
