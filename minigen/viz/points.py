"""Samples that are points: clouds in the plane, and closed outlines."""

import math
import os

import numpy as np

from ..errors import ShapeError
from .figure import COLORS, INK, new_figure, save_figure, tidy

SHOWN = 10_000  # points of a cloud; more only blacken the picture


def save_points(points: np.ndarray, path: str | os.PathLike, reference: np.ndarray | None = None) -> None:
    """Scatter points (N, 2), as a PNG; beside them, on the same axes, `reference` (M, 2), usually the data.

    The first 10,000 of each are shown; points that are not finite are left out and counted in the title. The frame is
    the reference's, widened by a tenth, so that strays do not shrink the picture; without one it is the points' own.
    Raises ShapeError for other shapes, UserError where the file cannot be written.
    """
    clouds = {"samples": points} if reference is None else {"data": reference, "samples": points}
    for name, cloud in clouds.items():
        if np.ndim(cloud) != 2 or np.shape(cloud)[1] != 2 or len(cloud) == 0:
            raise ShapeError(f"{name} got shape {np.shape(cloud)}; wanted (N, 2) with N ≥ 1")
    low, high = frame(np.asarray(next(iter(clouds.values()))))
    figure = new_figure(4.2 * len(clouds), 4.4)
    for k, (name, cloud) in enumerate(clouds.items()):
        cloud = np.asarray(cloud)[:SHOWN]
        finite = np.isfinite(cloud).all(axis=1)
        strays = "" if finite.all() else f" ({int((~finite).sum())} not finite)"
        axes = figure.add_subplot(1, len(clouds), k + 1)
        size = np.clip(6000 / len(cloud), 0.6, 12)
        axes.scatter(*cloud[finite].T, s=size, color=COLORS[0 if name == "data" else 1], alpha=0.5, linewidths=0)
        tidy(axes, name + strays)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    save_figure(figure, path)


def frame(cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner (2,) of the axes for a cloud (N, 2): the finite range, widened by a tenth."""
    finite = cloud[np.isfinite(cloud).all(axis=1)].astype(np.float64)  # in float32 a small margin would vanish
    if len(finite) == 0:
        return np.full(2, -1.0), np.full(2, 1.0)
    low, high = finite.min(axis=0), finite.max(axis=0)
    margin = 0.1 * max((high - low).max(), 1e-6 * np.abs(finite).max(), 1e-6)
    return low - margin, high + margin


def save_outlines(
    points: np.ndarray,
    path: str | os.PathLike,
    columns: int | None = None,
    labels: list[str] | None = None,
    valid: np.ndarray | None = None,
) -> None:
    """Draw closed outlines (N, P, 2) or (N, 2P) side by side, filled, as a PNG.

    labels  N words, written above the outlines
    valid   bool (N,); an outline that fails its check is drawn in red

    Raises ShapeError for other shapes, UserError where the file cannot be written.
    """
    points = np.asarray(points)
    outlines = (
        points.reshape(len(points), points.shape[1] // 2, 2)
        if points.ndim == 2 and points.shape[1] % 2 == 0
        else points
    )
    if outlines.ndim != 3 or outlines.shape[2] != 2 or len(outlines) == 0:
        raise ShapeError(f"outlines got shape {points.shape}; wanted (N, P, 2) or (N, 2P) with N ≥ 1")
    n = len(outlines)
    columns = min(n, columns or math.ceil(math.sqrt(n)))
    rows = math.ceil(n / columns)
    figure = new_figure(1.1 * columns, (1.1 if labels is None else 1.3) * rows)
    for k, outline in enumerate(outlines):
        axes = figure.add_subplot(rows, columns, k + 1)
        color = COLORS[0] if valid is None or valid[k] else COLORS[1]
        axes.fill(*outline.T, facecolor=color, alpha=0.2)
        axes.plot(*np.concatenate([outline, outline[:1]]).T, color=color, linewidth=1.0)
        axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
        axes.axis("off")
        if labels is not None:
            axes.set_title(labels[k], fontsize=7, color=INK, pad=2)
    save_figure(figure, path)
