"""The scoreboard as text: one line for each op, layer, optimiser and schedule."""

from .board import rows_of

ABSENT = "–"
COLUMNS = (
    "op",
    "cases",
    "reference",
    "float32",
    "value",
    "gradient",
    "2nd",
    "OpInfo",
    "value",
    "gradient",
    "2nd",
    "ulp",
)


def number(error):
    """An error in two digits; 0 where there is none, a dash where it was not measured."""
    return ABSENT if error is None else "0" if error == 0 else f"{error:.1e}"


def cells(row):
    """The cells of an op's line, as `COLUMNS` names them."""
    tally = row["opinfo"]
    return (
        row["name"],
        str(row["cases"]),
        *(number(row[kind]) for kind in ("reference", "single")),
        *_against_torch(row, row),
        f"{tally['converted']}/{tally['total']}" if tally else ABSENT,
        *_against_torch(row, tally["worst"] if tally else {}),
        ", ".join(f"{distance:.0f} {name}" for name, distance in row["ulp"].items()) or ABSENT,
    )


def _against_torch(row, errors):
    """Value, gradient and gradient of gradient; the latter two of a differentiable op only."""
    kinds = ("forward", "first", "second")
    return tuple(number(errors.get(kind) if row["differentiable"] or kind == "forward" else None) for kind in kinds)


def table(board):
    """The whole scoreboard as a string."""
    parts = [
        "Each op: drawn cases against its reference in NumPy (float64, float32) and against PyTorch; PyTorch's OpInfo",
        "samples, converted/total; and the distance of each backend from the reference backend in ulp.",
        "",
        *_aligned([(*COLUMNS, ""), *((*cells(row), _verdict(row)) for row in board["ops"])]),
    ]
    for what in ("layers", "optimisers", "schedules"):
        if board[what]:
            parts += ["", *_aligned([(what, *_errors(board[what][0], header=True), ""), *(
                (row["name"], *_errors(row), _verdict(row)) for row in board[what]
            )])]  # fmt: skip
    return "\n".join([*parts, "", *closing(board)])


def closing(board):
    """Lines that sum up: counts, refusals by reason, failures."""
    summary = board["summary"]
    samples, worst = summary["samples"], summary["worst"]
    lines = [f"{summary['ops']} ops, {summary['drawn_cases']} drawn cases, {summary['layers']} layers,"
             f" {summary['optimisers']} optimisers, {summary['schedules']} schedules"]  # fmt: skip
    if not board["torch"]:
        lines.append("PyTorch: not installed; its columns are empty (pip install minigen[oracle])")
    elif samples["total"]:
        lines.append(
            f"OpInfo: {samples['passed']} passed of {samples['converted']} converted of {samples['total']} samples"
            f" ({samples['converted'] / samples['total']:.1%}) for {summary['ops_with_opinfo']} ops"
        )
        lines.append(
            f"of these {samples['forward_only']} by value alone (nothing to differentiate by),"
            f" {samples['first_order']} to first order (torch has no second)"
        )
    else:
        lines.append("OpInfo: no samples; PyTorch has none of these ops, or lacks expecttest (minigen[oracle])")
    if board["torch"]:
        lines.append("worst against PyTorch: " + ", ".join(f"{kind} {number(e)}" for kind, e in worst.items()))
    if summary["worst_ulp"] is not None:
        lines.append(f"worst distance of a backend from the reference: {summary['worst_ulp']:.1f} ulp")
    lines += [f"refused {count:4d}: {reason}" for reason, count in summary["refusals"].items()]
    failing = [(row["name"], line) for row in rows_of(board) for line in row["failures"]]
    lines += [f"FAIL {name}: {line}" for name, line in failing]
    return [*lines, f"{len(summary['failed'])} of {len(rows_of(board))} rows fail" if failing else "all pass"]


def _verdict(row):
    return "FAIL" if row["failures"] else ""


def _errors(row, header=False):
    kinds = ("error",) if "error" in row else ("forward", "first", "second")
    names = {"forward": "value", "first": "gradient", "second": "2nd"}
    return tuple(names.get(kind, kind) if header else number(row[kind]) for kind in kinds)


def _aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        padded = [
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(padded).rstrip()
