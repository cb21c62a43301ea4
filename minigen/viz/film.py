"""The frames between noise and sample, each as one picture: uint8 arrays (height, width, 3), panels side by side."""

from collections.abc import Iterator, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..errors import ShapeError, UserError
from .figure import COLORS, INK, drawn, new_figure, tidy
from .grid import PAPER, SHEET, grid
from .points import frame

SHOWN = 2_000  # points of a cloud; each frame draws them anew
CAPTION = 14  # pixels, the height of its letters


def film(
    panels: Mapping[str, np.ndarray], kind: str, reference: np.ndarray | None = None
) -> Iterator[np.ndarray] | None:
    """The pictures of the frames of named arrays (F, n, *shape), one panel for each; None where they have no picture.

    kind       as in a ``minigen.data.DataSet``: "images", a grid each;  "points", (F, n, 2), a cloud, each point
               in the colour of the direction in which it starts;  "outlines", (F, n, 2P), closed curves
    reference  data (M, 2) whose range frames the clouds; without it that of the last frames

    Raises ShapeError where arrays are not of one number of frames or of the kind's shape.
    """
    panels = {name: np.asarray(frames) for name, frames in panels.items()}
    shapes = {name: frames.shape for name, frames in panels.items()}
    axes = 5 if kind == "images" else 3
    if not shapes or any(len(s) != axes or 0 in s for s in shapes.values()) or len({s[0] for s in shapes.values()}) > 1:
        raise ShapeError(f"frames of {kind} got the shapes {shapes}; wanted (F, n, *shape), F alike for all")
    if kind == "images":
        return _grids(panels)
    if kind == "outlines":
        return _curves(panels)
    return _clouds(panels, reference) if all(s[2] == 2 for s in shapes.values()) else None


def thin(panels: Mapping[str, np.ndarray], most: int) -> dict[str, np.ndarray]:
    """At most `most` of the frames of named arrays (F, …), evenly spread, the first and the last always among them."""
    if most < 2:
        raise UserError(f"the number of frames got {most}; wanted at least 2")
    count = len(next(iter(panels.values())))
    kept = np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))
    return {name: np.asarray(frames)[kept] for name, frames in panels.items()}


def _grids(panels: Mapping[str, np.ndarray]) -> Iterator[np.ndarray]:
    n, height, width = next(iter(panels.values())).shape[1:4]
    columns = int(np.ceil(np.sqrt(n * height / width)))
    scale = max(1, round(SHEET / len(panels) / (columns * (width + 1) + 1)))
    for pictures in zip(*panels.values(), strict=True):
        sheets = [grid(images, columns, scale=scale) for images in pictures]
        named = len(sheets) > 1
        yield np.hstack([captioned(s, name) if named else colour(s) for name, s in zip(panels, sheets, strict=True)])


def colour(sheet: np.ndarray) -> np.ndarray:
    """A sheet (height, width, 1 or 3) with three channels."""
    return np.broadcast_to(sheet, (*sheet.shape[:2], 3))


def captioned(sheet: np.ndarray, name: str) -> np.ndarray:
    """A sheet (height, width, 1 or 3) under its name, on the grey of the grid: (height + 20, width, 3)."""
    head = Image.new("RGB", (sheet.shape[1], CAPTION + 6), (PAPER,) * 3)
    ImageDraw.Draw(head).text((6, 2), name, fill=(230, 230, 230), font=ImageFont.load_default(CAPTION))
    return np.vstack([np.asarray(head), colour(sheet)])


def _clouds(panels: Mapping[str, np.ndarray], reference: np.ndarray | None) -> Iterator[np.ndarray]:
    figure = new_figure(4.2 * len(panels), 4.4)
    last = np.concatenate([frames[-1] for frames in panels.values()])
    low, high = frame(last if reference is None else np.asarray(reference))
    dots = []
    for k, (name, frames) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), k + 1)
        cloud = np.where(np.isfinite(frames[0, :SHOWN]), frames[0, :SHOWN], 0)
        size = np.clip(6000 / len(cloud), 2, 12)
        dots.append(axes.scatter(*cloud.T, s=size, c=directions(cloud), alpha=0.7, linewidths=0))
        tidy(axes, name if len(panels) > 1 else "")
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    for pictures in zip(*panels.values(), strict=True):
        for scatter, cloud in zip(dots, pictures, strict=True):
            scatter.set_offsets(np.ma.masked_invalid(cloud[:SHOWN]))
        yield drawn(figure)


def directions(cloud: np.ndarray) -> np.ndarray:
    """The colours (n, 3) of the directions of points (n, 2) from their mean, once round the circle of hues."""
    turn = np.arctan2(*(cloud - cloud.mean(axis=0)).T[::-1]) + 2 * np.pi * np.arange(3)[:, None] / 3
    return 0.45 + 0.4 * np.cos(turn.T)


def _curves(panels: Mapping[str, np.ndarray]) -> Iterator[np.ndarray]:
    n = next(iter(panels.values())).shape[1]
    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    places = 2.2 * np.stack([np.arange(n) % columns, -(np.arange(n) // columns)], axis=1)[:, None]  # (n, 1, 2)
    figure = new_figure(min(0.6 * columns, 6) * len(panels), min(0.6 * rows, 6) + 0.3)
    lines = []
    for k, name in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), k + 1)
        lines.append([axes.plot([], [], color=COLORS[0], linewidth=1.0)[0] for _ in range(n)])
        axes.set(xlim=(-1.2, 2.2 * columns - 1), ylim=(1.0 - 2.2 * rows, 1.2), aspect="equal")
        axes.axis("off")
        if len(panels) > 1:
            axes.set_title(name, loc="left", fontsize=10, color=INK)
    for pictures in zip(*panels.values(), strict=True):
        for curves, outlines in zip(lines, pictures, strict=True):
            closed = outlines.reshape(n, -1, 2)[:, [*range(outlines.shape[1] // 2), 0]]  # (n, 2P) -> (n, P + 1, 2)
            for line, curve in zip(curves, closed + places, strict=True):
                line.set_data(*curve.T)
        yield drawn(figure)
