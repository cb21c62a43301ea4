"""A flow seen as what it does to space: a grid of lines, pushed through its layers."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import ShapeError
from .animation import write_gif
from .figure import COLORS, INK, new_figure, save_figure
from .film import drawn
from .points import frame

BETWEEN = 8  # pictures from one layer to the next
PANELS = 10  # of a strip


def lines(extent: float = 3.0, count: int = 25, points: int = 200) -> np.ndarray:
    """A grid to be warped: `count` lines across and `count` down [−extent, extent]², (2 count, points, 2)."""
    across, along = np.linspace(-extent, extent, count), np.linspace(-extent, extent, points)
    level = np.stack(np.broadcast_arrays(along, across[:, None]), axis=-1)  # (count, points, 2)
    return np.concatenate([level, level[..., ::-1]])


def save_warp(layers: np.ndarray, path: str | os.PathLike, samples: np.ndarray | None = None) -> None:
    """Draw a grid of lines as it goes through the layers of a flow: a GIF, or a PNG of layers side by side.

    layers   (F, L, P, 2): the P points of L lines in the base space, then after each layer
    samples  (F, n, 2): points that go the same way, drawn beneath; their last positions frame the last pictures

    An animation moves each point straight from layer to layer: what happens between two layers is not the flow's.
    Raises ShapeError for other shapes, UserError where the file cannot be written.
    """
    layers = np.asarray(layers)
    cloud = np.empty((len(layers), 0, 2)) if samples is None else np.asarray(samples)
    if layers.ndim != 4 or layers.shape[3] != 2 or 0 in layers.shape or cloud.shape != (*cloud.shape[:2], 2):
        raise ShapeError(f"a warped grid got the shape {layers.shape}; wanted (F, L, P, 2), points of lines")
    if len(cloud) != len(layers):
        raise ShapeError(f"{len(layers)} layers of a grid came with {len(cloud)} of samples; wanted equally many")
    names = ["base", *(f"layer {k} of {len(layers) - 1}" for k in range(1, len(layers)))]
    if Path(path).suffix.lower() == ".gif":
        write_gif(_pictures(layers, cloud, names), path, duration=60)
        return
    kept = np.unique(np.linspace(0, len(layers) - 1, min(PANELS, len(layers))).round().astype(int))
    columns = min(5, len(kept))
    rows = -(-len(kept) // columns)
    figure = new_figure(2.6 * columns, 2.8 * rows)
    for place, k in enumerate(kept):
        axes = figure.add_subplot(rows, columns, place + 1)
        _draw(axes, layers[k], cloud[k], names[k], _frame(layers[k], cloud[k]))
    save_figure(figure, path)


def _pictures(layers: np.ndarray, cloud: np.ndarray, names: list[str]) -> Iterator[np.ndarray]:
    figure = new_figure(4.6, 4.8)
    axes = figure.add_subplot()
    frames = [np.stack(_frame(*pair)) for pair in zip(layers, cloud, strict=True)]
    for t in np.linspace(0, len(layers) - 1, BETWEEN * (len(layers) - 1) + 1):
        before, after, share = int(t), int(np.ceil(t)), t % 1
        grid, points, corners = ((1 - share) * a[before] + share * a[after] for a in (layers, cloud, frames))
        axes.clear()
        _draw(axes, grid, points, names[after], corners)
        yield drawn(figure)


def _frame(layer: np.ndarray, cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners: of the samples where there are some, since the outermost lines may run far away."""
    return frame(cloud if len(cloud) else layer.reshape(-1, 2))


def _draw(axes, layer: np.ndarray, cloud: np.ndarray, name: str, corners: np.ndarray) -> None:
    axes.scatter(*cloud.T, s=3, color=COLORS[1], alpha=0.5, linewidths=0)
    for line in layer:
        axes.plot(*line.T, color=COLORS[0], linewidth=0.6, alpha=0.8)
    (left, bottom), (right, top) = corners
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(name, loc="left", fontsize=9, color=INK)
