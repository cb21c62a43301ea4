"""How a measure of samples changes with their number alone."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import ShapeError, UserError
from .figure import COLORS, FAINT, INK, new_figure, save_figure, tidy


def save_bias(
    panels: Mapping[str, Mapping[str, Sequence[np.ndarray]]],
    sizes: Sequence[int],
    path: str | os.PathLike,
) -> None:
    """Draw one panel for each measure, a curve for each pair of sets: mean and spread over n, as a PNG.

    panels  {measure: {curve: S arrays (R,)}}: repetitions at each of S sizes. The line is their mean, the band holds
            the middle eight tenths.
    sizes   (S,) numbers of samples; their axis is logarithmic.

    A measure all of whose values are positive has a logarithmic axis; another a linear one, with zero marked.
    Raises ShapeError where values and sizes do not fit, UserError where nothing is given or the file cannot be written.
    """
    if not panels or not all(panels.values()):
        raise UserError("the bias got no curves to draw; wanted values for at least one measure")
    for name, curves in panels.items():
        for label, values in curves.items():
            if len(values) != len(sizes):
                raise ShapeError(f"{name}, {label}: got values at {len(values)} sizes; wanted {len(sizes)} arrays (R,)")
    figure = new_figure(4.4 * len(panels), 3.6)
    for k, (name, curves) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), k + 1)
        positive = all(each.min() > 0 for values in curves.values() for each in values)
        for color, (label, values) in zip(COLORS * len(curves), curves.items(), strict=False):
            mean = [each.mean() for each in values]
            low, high = np.transpose([np.quantile(each, (0.1, 0.9)) for each in values])
            axes.plot(sizes, mean, color=color, linewidth=1.6, marker="o", markersize=3, label=label)
            axes.fill_between(sizes, low, high, color=color, alpha=0.15, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
        axes.minorticks_off()
        if positive:
            axes.set_yscale("log")
        else:
            axes.axhline(0, color=INK, linewidth=0.8)
        tidy(axes, name)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_xlabel("samples on each side", fontsize=8, color=INK)
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    save_figure(figure, path)
