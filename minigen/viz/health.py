"""The health of a game of two players, on one sheet: who wins, who still learns, how varied the samples are."""

import math
import os
from collections.abc import Mapping, Sequence
from numbers import Real

from ..errors import UserError
from .figure import COLORS, FAINT, INK, new_figure, save_figure, tidy

PANELS = {
    "discriminator's accuracy": {
        "on data": "discriminator/accuracy_real",
        "on fakes": "discriminator/accuracy_fake",
    },
    "losses": {"discriminator": "discriminator/loss", "generator": "generator/loss"},
    "gradient norms": {"discriminator": "discriminator/gradient_norm", "generator": "generator/gradient_norm"},
    "penalty on the slope": {"unweighted": "discriminator/penalty"},
    "variety, 1 as in the data": {"mean distance": "health/diversity", "nearest sample": "health/nearest"},
    "modes": {"reached": "health/modes", "known": "health/modes_known"},
    "samples near a mode": {"share": "health/high_quality"},
}
WIDE = ("gradient norms", "penalty on the slope")  # on a logarithmic axis where they span a factor of 10
GUESSING = "discriminator's accuracy"
SHARES = (GUESSING, "samples near a mode")


def save_health(history: Sequence[Mapping], path: str | os.PathLike) -> None:
    """Draw the health of a GAN's training over its steps, as a PNG: a panel for each of `PANELS` that has numbers.

    `history` holds one mapping for each record, as in a run's ``metrics.jsonl``. An accuracy of ½ is marked: there
    the discriminator can only guess. Words of alarm in a record ("alarms") stand as a line at their step, and in full
    below the panels. A value missing from a record, NaN or infinite is left out.

    Raises UserError where there is nothing to draw or the file cannot be written.
    """
    panels = {title: gather(history, curves) for title, curves in PANELS.items()}
    panels = {title: curves for title, curves in panels.items() if curves}
    if not panels:
        raise UserError(f"health got {len(history)} records without a number of a discriminator or generator to draw")
    alarms = [(line.get("step", k), text) for k, line in enumerate(history) for text in line.get("alarms", ())]
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(4.0 * columns, 2.6 * rows + 0.25 * len(alarms))
    for k, (title, curves) in enumerate(panels.items()):
        axes = figure.add_subplot(rows, columns, k + 1)
        _draw(axes, title, curves)
        for step, _ in alarms:
            axes.axvline(step, color=COLORS[1], linewidth=0.8, linestyle=":")
        if k >= len(panels) - columns:
            axes.set_xlabel("step", fontsize=8, color=INK)
    if alarms:
        text = "\n".join(f"step {step}: {words}" for step, words in alarms)
        figure.supxlabel(text, fontsize=8, color=COLORS[1], x=0.01, ha="left")
    save_figure(figure, path)


def gather(history: Sequence[Mapping], curves: Mapping[str, str]) -> dict[str, tuple[list, list]]:
    """{label: (steps, values)} of the ``curves``, {label: name of a metric}, that have finite values."""
    found = {}
    for label, name in curves.items():
        points = [(line.get("step", k), line[name]) for k, line in enumerate(history) if _drawable(line.get(name))]
        if points:
            found[label] = tuple(map(list, zip(*points, strict=True)))
    return found


def _drawable(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _draw(axes, title, curves):
    for color, (label, (x, y)) in zip(COLORS, curves.items(), strict=False):
        marker = "o" if len(y) < 30 else None
        axes.plot(x, y, color=color, linewidth=1.2, label=label, marker=marker, markersize=2.5)
    tidy(axes, title)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.xaxis.get_major_locator().set_params(nbins=5, integer=True)
    axes.margins(x=0.02)
    values = [value for _, y in curves.values() for value in y]
    if title in WIDE and 0 < 10 * min(values) < max(values):
        axes.set_yscale("log")
    elif title in SHARES:
        axes.set_ylim(-0.03, 1.03)
    elif title != "losses":
        axes.set_ylim(min(0, *values), max(0, *values) * 1.05 or 1)
    if title == GUESSING:
        axes.axhline(0.5, color=INK, linewidth=0.6, linestyle="--")
    if len(curves) > 1:
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)
