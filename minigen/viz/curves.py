"""How a training run went: one small panel for each quantity."""

import math
import os
from collections.abc import Mapping, Sequence
from numbers import Real

from ..errors import UserError
from .figure import COLORS, FAINT, INK, new_figure, save_figure, tidy

CLOCKS = ("step", "epoch", "seconds", "time", "images_per_second")


def save_curves(history: Sequence[Mapping], path: str | os.PathLike, keys: Sequence[str] | None = None) -> None:
    """Draw the numbers of a run's records over its steps, as a PNG.

    `history` holds one mapping for each record, as in a run's ``metrics.jsonl``; the horizontal axis is its "step",
    or the record's number where it has none. Each number in it is a quantity, "split/name" a second curve of the
    quantity "name" (so "validation/loss" is drawn over "loss"); clocks and speeds are left out. `keys` chooses
    the quantities and their order. A value missing from a record, NaN or infinite is a gap.

    Raises UserError where there is nothing to draw or the file cannot be written.
    """
    panels = gather(history, keys)
    if not panels:
        raise UserError(f"curves got {len(history)} records with no quantity to draw; wanted numbers beside the step")
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(4.0 * columns, 2.6 * rows)
    for k, (name, curves) in enumerate(panels.items()):
        axes = figure.add_subplot(rows, columns, k + 1)
        for color, (label, (x, y)) in zip(COLORS * len(curves), sorted(curves.items()), strict=False):
            marker = "o" if sum(map(math.isfinite, y)) < 30 else None
            axes.plot(x, y, color=color, linewidth=1.4, label=label, marker=marker, markersize=2.5)
        tidy(axes, name)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.xaxis.get_major_locator().set_params(nbins=5, integer=True)
        axes.margins(x=0.02)
        if k >= len(panels) - columns:
            axes.set_xlabel("step", fontsize=8, color=INK)
        if len(curves) > 1:
            axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    save_figure(figure, path)


def gather(history: Sequence[Mapping], keys: Sequence[str] | None = None) -> dict[str, dict[str, tuple[list, list]]]:
    """What ``save_curves`` draws: {quantity: {curve: (steps, values)}}, in order of appearance or of `keys`."""
    panels: dict[str, dict[str, tuple[list, list]]] = {key: {} for key in keys or ()}
    for number, record in enumerate(history):
        for key, value in record.items():
            split, _, name = key.rpartition("/")
            drawable = isinstance(value, Real) and not isinstance(value, bool) and name not in CLOCKS
            if drawable and (keys is None or name in panels):
                x, y = panels.setdefault(name, {}).setdefault(split or "training", ([], []))
                x.append(record.get("step", number))
                y.append(value if math.isfinite(value) else math.nan)
    return {name: curves for name, curves in panels.items() if curves}
