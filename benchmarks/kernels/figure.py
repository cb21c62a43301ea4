"""What `run` found on one sheet: the roofline, the ratios to the fastest peers, and the ladders."""

import numpy as np

from minigen.viz.figure import COLORS, FAINT, INK, new_figure, save_figure, tidy

from .report import RATIO, SHARE

COLOR = {
    "matmul NN": COLORS[5],
    "matmul NT": COLORS[0],
    "matmul TN": COLORS[6],
    "conv2d forward": COLORS[1],
    "conv2d input grad": COLORS[2],
    "conv2d weight grad": COLORS[3],
}
MEANING = {"matmul NN": "A B", "matmul NT": "A Bᵀ", "matmul TN": "Aᵀ B"}
METHODS = {"product": "o", "taps first": "D", "Winograd": "^", "direct": "s"}  # method -> marker, Winograd with others
NAMED = 3  # worst ratios with their names
PEERS = {
    "minigen": COLORS[1], "NumPy": COLORS[6], "PyTorch": COLORS[0], "PyTorch channels last": COLORS[5],
    "JAX": COLORS[2],
}  # fmt: skip


def save_kernels(result, path):
    """Draw the ``result`` of `run.run` as a PNG."""
    figure = new_figure(13, 8.4)
    above, below = figure.subfigures(2, 1, height_ratios=(1.5, 1))
    left, right = above.subplots(1, 2)
    _roofline(left, result["shapes"], result["limits"])
    _ratios(right, [found for found in result["shapes"] if found["ratio"]])
    ladders = _ladders(result["scaling"])
    lines = {}
    for axes, ((family, axis), steps) in zip(below.subplots(1, len(ladders)), ladders.items(), strict=True):
        _ladder(axes, family, axis, steps)
        lines |= {line.get_label(): line for line in axes.get_lines()}
    below.axes[0].set_ylabel("GFLOP/s, operations of the direct method", fontsize=8, color=INK)
    below.legend(lines.values(), lines, loc="outside lower center", ncols=len(lines), fontsize=8, frameon=False)
    save_figure(figure, path)


def _roofline(axes, shapes, limits):
    """Operations a second over operations a byte, under the roofs."""
    intensities = [found["intensity"] for found in shapes]
    low, high = 0.7 * min(intensities), 1.5 * max(intensities)
    x = np.geomspace(low, high, 200)
    for name, rate in limits["gbps"].items():
        axes.plot(x, np.minimum(limits["gflops"], rate * x), color=INK, linewidth=0.9, zorder=1)
        corner = min(limits["gflops"] / rate, high)
        if corner > 1.5 * low:
            at = np.sqrt(low * corner)
            axes.text(
                at, 1.05 * rate * at, f"{name}, {rate:.0f} GB/s", fontsize=7, color=INK, ha="center", va="bottom",
                rotation=np.degrees(np.arctan(rate)), rotation_mode="anchor", transform_rotates_text=True,
            )  # fmt: skip
    axes.annotate(
        f"peak, {limits['gflops']:.0f} GFLOP/s", (high, limits["gflops"]),
        xytext=(0, 3), textcoords="offset points", fontsize=7, color=INK, ha="right",
    )  # fmt: skip
    for found in shapes:
        marker = METHODS[method(found["method"])]
        axes.plot(
            found["intensity"], found["gflops"], marker, color=COLOR[found["kind"]], markersize=5, alpha=0.8,
            markeredgewidth=0, zorder=2,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    lowest = min(found["gflops"] for found in shapes)
    axes.set_ylim(0.6 * lowest, 1.6 * limits["gflops"])
    reached = sum(found["share_of_bound"] >= SHARE for found in shapes)
    tidy(axes, f"Beside the machine's limits: {reached} of {len(shapes)} shapes reach {SHARE:.0%} of their bound")
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_xlabel("operations of the method for each byte that must move; colours as beside", fontsize=8, color=INK)
    axes.set_ylabel("GFLOP/s of the method", fontsize=8, color=INK)
    for name in dict.fromkeys(method(found["method"]) for found in shapes):
        axes.plot([], [], METHODS[name], color=INK, markersize=5, label=name)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK, loc="lower right")


def method(name):
    """Which of `METHODS` is drawn for a method by its ``name``, or several."""
    return next(each for each in METHODS if each in name)


def _ratios(axes, shapes):
    """minigen's time over the fastest peer's, kind by kind from best to worst; nothing where no peer took part."""
    if not shapes:
        axes.set_axis_off()
        return
    at, ticks = 0, []
    for kind in dict.fromkeys(found["kind"] for found in shapes):
        group = sorted((found for found in shapes if found["kind"] == kind), key=lambda found: found["ratio"])
        x = at + np.arange(len(group))
        axes.vlines(x, 1, [found["ratio"] for found in group], color=COLOR[kind], linewidth=0.8, alpha=0.5)
        axes.plot(x, [found["ratio"] for found in group], "o", color=COLOR[kind], markersize=4)
        ticks.append((x.mean(), MEANING.get(kind, kind.removeprefix("conv2d ")), kind))
        at += len(group) + 2
    axes.axhline(1, color=INK, linewidth=0.9)
    axes.axhline(RATIO, color=INK, linewidth=0.6, linestyle=":")
    axes.set_yscale("log")
    values = [found["ratio"] for found in shapes]
    low, high = min(0.5, 0.8 * min(values)), max(2, 1.25 * max(values))
    marks = [mark for mark in (0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5, 10, 20) if low <= mark <= high]
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_ylim(low, high)
    axes.set_xticks([x for x, _, _ in ticks], [label for _, label, _ in ticks])
    reached = sum(value <= RATIO for value in values)
    tidy(axes, f"Time beside the fastest peer's: {reached} of {len(shapes)} within {RATIO}")
    for label, (_, _, kind) in zip(axes.get_xticklabels(), ticks, strict=True):
        label.set_color(COLOR[kind])
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_ylabel("minigen / fastest peer, one dot for each shape", fontsize=8, color=INK)


def _ladders(scaling):
    found = {}
    for step in scaling:
        found.setdefault((step["family"], step["axis"]), []).append(step)
    return {key: steps for key, steps in sorted(found.items()) if len(steps) > 1}


def _ladder(axes, family, axis, steps):
    for name, color in PEERS.items():
        points = [(step["value"], step["gflops"][name]) for step in steps if name in step["gflops"]]
        if points:
            axes.plot(*zip(*points, strict=True), color=color, linewidth=1.4, marker="o", markersize=3, label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks([step["value"] for step in steps], [str(step["value"]) for step in steps])
    axes.minorticks_off()
    axes.set_ylim(0, None)
    tidy(axes, f"{family}: {axis}")
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
