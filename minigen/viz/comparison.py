"""The picture of a comparison: samples of each family beside data, quality over time, cost against quality."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import ShapeError
from .figure import COLORS, FAINT, INK, new_figure, save_figure, tidy
from .grid import grid

SHOWN = 36
LINEAR = 0.01
"""Distances below are drawn to scale: an unbiased one is negative half of the time where nothing is wrong."""


def save_comparison(
    samples: Mapping[str, np.ndarray], entrants: Sequence[Mapping], path: str | os.PathLike, kind: str
) -> None:
    """Draw a comparison as a PNG: a panel of samples for each name, then curves of the KID over seconds of training.

    samples   name -> (n, *shape): "data" first, then the families
    entrants  mappings with "family" and "quality", a list of {"seconds", "kid", "error"} each; one curve each
    kind      "images", "points" or "outlines", as in a ``minigen.data.DataSet``

    Raises ShapeError where there is nothing to draw, UserError where the file cannot be written.
    """
    if not samples:
        raise ShapeError("a comparison got no samples to draw; wanted a name and an array for each family")
    columns = len(samples)
    figure = new_figure(2.6 * columns, 5.6)
    above, below = figure.subfigures(2, 1, height_ratios=(1, 0.85))  # each with its own layout
    for k, (name, drawn) in enumerate(samples.items()):
        axes = above.add_subplot(1, columns, k + 1)
        _panel(axes, drawn, kind)
        axes.set_title(name, loc="left", fontsize=10, color=INK)
    families = [name for name in samples if name != "data"]
    _curves(below.add_subplot(1, 2, 1), entrants, families)
    _costs(below.add_subplot(1, 2, 2), entrants, families)
    save_figure(figure, path)


def _panel(axes, drawn, kind):
    drawn = np.asarray(drawn)
    axes.set_axis_off()
    axes.set_aspect("equal")
    if kind == "images":
        sheet = grid(drawn[:SHOWN], columns=6, scale=1)
        axes.imshow(sheet[:, :, 0] if sheet.shape[2] == 1 else sheet, cmap="gray", vmin=0, vmax=255)
    elif kind == "outlines":
        for k, curve in enumerate(drawn[:SHOWN].reshape(len(drawn[:SHOWN]), -1, 2)):
            row, column = divmod(k, 6)
            place = np.array([2.2 * column, -2.2 * row])
            axes.fill(*(curve + place).T, facecolor="none", edgecolor=COLORS[0], linewidth=0.7)
        axes.autoscale_view()
    else:
        axes.scatter(*drawn[:2000, :2].T, s=1, color=COLORS[0], linewidths=0)


def _curves(axes, entrants, families):
    """The KID on validation data over seconds of training, a line a run."""
    for color, family in zip(COLORS, families, strict=False):
        runs = [e["quality"] for e in entrants if e["family"] == family and e.get("quality")]
        for i, points in enumerate(runs):
            x, y = ([point[name] for point in points] for name in ("seconds", "kid"))
            axes.plot(x, y, color=color, linewidth=1.4, marker="o", markersize=2.5, label=None if i else family)
    _distances(axes)
    axes.set_xlabel("seconds of training", fontsize=8, color=INK)
    tidy(axes, "KID on validation data")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)


def _distances(axes):
    """A vertical axis of distances: by factors, but near 0 by differences."""
    from matplotlib.ticker import SymmetricalLogLocator  # with Matplotlib, which not every command waits for

    axes.set_yscale("symlog", linthresh=LINEAR)
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=LINEAR, subs=(1, 2, 3, 5)))
    axes.yaxis.set_major_formatter("{x:g}")


def _costs(axes, entrants, families):
    """What a thousand samples cost, against how good they are."""
    for color, family in zip(COLORS, families, strict=False):
        found = [
            (e["sampling_per_1000"], e["scores"]["kid"]["value"])
            for e in entrants
            if e["family"] == family and e.get("status") == "ok" and "kid" in e.get("scores", {})
        ]
        if found:
            x, y = zip(*found, strict=True)
            axes.scatter(x, y, s=26, color=color)
            axes.annotate(family, (x[0], y[0]), xytext=(5, 4), textcoords="offset points", fontsize=8, color=color)
    axes.set_xscale("log")
    _distances(axes)
    axes.margins(x=0.25, y=0.2)
    axes.set_xlabel("seconds to draw 1,000 samples", fontsize=8, color=INK)
    axes.tick_params(which="minor", length=0)
    tidy(axes, "KID on test data")
