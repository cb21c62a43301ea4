"""Entrants to one row a family: mean ± standard error over seeds, and ranks where a difference is more than noise."""

import math
import statistics
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Column:
    """A number that every entrant has, or lacks with a reason.

    Args:
        title: with its unit.
        path: of keys into an entrant.
        better: "low" or "high" if families are ranked by it; None where it only describes.
        digits: shown after the point.
    """

    title: str
    path: tuple[str, ...]
    better: str | None = None
    digits: int = 3


COLUMNS = (
    Column("P(integer x), bits/dim", ("likelihood", "bits_per_dim"), "low"),
    Column("P(binarised x), nats", ("likelihood", "binarised"), None, 1),
    Column("log density, nats", ("likelihood", "density"), None, 2),
    Column("KL from the truth, nats", ("likelihood", "kl_from_truth"), "low"),
    Column("KID", ("scores", "kid", "value"), "low", 4),
    Column("KID, random net", ("scores", "kid_check", "value"), "low", 4),
    Column("Fréchet", ("scores", "frechet", "value"), "low", 2),
    Column("MMD²", ("scores", "mmd", "value"), "low", 4),
    Column("precision", ("scores", "precision", "value"), "high"),
    Column("recall", ("scores", "recall", "value"), "high"),
    Column("density", ("scores", "density", "value"), "high"),
    Column("coverage", ("scores", "coverage", "value"), "high"),
    Column("told from real by features", ("scores", "classifier", "value"), "low"),
    Column("told from real by pixels", ("scores", "classifier_pixels", "value"), "low"),
    Column("spectrum, log-ratio", ("scores", "spectrum", "value"), "low"),
    Column("nearer to training data", ("scores", "nearer_to_train", "value"), None),
    Column("read with confidence > .9", ("scores", "confident", "value"), "high"),
    Column("valid outlines", ("scores", "valid", "value"), "high"),
    Column("training, s", ("seconds", "train"), None, 1),
    Column("steps", ("steps",), None, 0),
    Column("GFLOP a step", ("gflop_per_step",), None, 2),
    Column("sampling, s per 1,000", ("sampling_per_1000",), "low"),
    Column("network evaluations a sample", ("evaluations_per_sample",), None, 0),
    Column("parameters", ("parameters",), None, 0),
    Column("peak memory, MiB", ("peak_mib",), None, 0),
)


ERRORS = {
    ("likelihood", "bits_per_dim"): ("likelihood", "bits_per_dim_standard_error"),
    ("likelihood", "kl_from_truth"): ("likelihood", "kl_standard_error"),
}
"""Where the error of a number stands, if not as "standard_error" beside it."""


@dataclass(frozen=True)
class Cell:
    """Mean and standard error of one column of one family over its seeds; NaN where there is none.

    Args:
        mean, error: of the values over seeds; with a single seed the error is that of the value itself, if known.
        each: the values, seed by seed.
        kind: of a likelihood: exact, bound, estimate or undefined; empty for other numbers.
        best: whether no other family is better by more than 2 standard errors of the difference.
    """

    mean: float
    error: float
    each: tuple[float, ...]
    kind: str = ""
    best: bool = False

    def text(self, digits):
        """``1.234 ± 0.005``, and of a likelihood its kind."""
        if math.isnan(self.mean):
            return self.kind or "–"
        plus_minus = "" if math.isnan(self.error) else f" ± {self.error:.{digits}f}"
        return f"{self.mean:,.{digits}f}{plus_minus}{f' ({self.kind})' if self.kind else ''}"


def look_up(entrant, path):
    """The number at ``path`` of an entrant, NaN where there is none."""
    for key in path:
        entrant = entrant.get(key) if isinstance(entrant, dict) else None
    return float("nan") if entrant is None else float(entrant)


def cell(entrants, column):
    """The `Cell` of one family's entrants; those that failed have no value, and are told of apart."""
    values = [value for e in entrants if not math.isnan(value := look_up(e, column.path))]
    kind = entrants[0]["likelihood"]["kind"] if column.path[0] == "likelihood" else ""
    if not values:
        return Cell(math.nan, math.nan, (), kind if kind == "undefined" else "")
    if len(values) > 1:
        error = statistics.stdev(values) / math.sqrt(len(values))
    else:
        error = look_up(entrants[0], ERRORS.get(column.path, (*column.path[:-1], "standard_error")))
    return Cell(statistics.fmean(values), error, tuple(values), kind)


def rows_of(entrants):
    """{family: {column title: `Cell`}}, without columns that nobody fills, the best of each ranked one marked."""
    families = dict.fromkeys(entrant["family"] for entrant in entrants)
    rows = {f: {c.title: cell([e for e in entrants if e["family"] == f], c) for c in COLUMNS} for f in families}
    kept = [c for c in COLUMNS if any(not math.isnan(row[c.title].mean) for row in rows.values())]
    for column in kept:
        if column.better and all(_ranked(entrant, column) for entrant in entrants):
            mark_best(rows, column)
    return {family: {c.title: row[c.title] for c in kept} for family, row in rows.items()}


def _ranked(entrant, column):
    """Whether the evaluator lets this number be ranked: a biased one is not, see `distances.PER_FEATURE`."""
    above = entrant
    for key in column.path[:-1]:
        above = above.get(key) or {}
    return above.get("ranked", True)


def mark_best(rows, column):
    """Mark the families that none is better than beyond 2 standard errors of the difference."""
    sign = 1 if column.better == "low" else -1
    for family, row in rows.items():
        own = row[column.title]
        if math.isnan(own.mean):
            continue
        beaten = any(
            sign * (own.mean - other.mean)
            > 2 * math.hypot(*(0 if math.isnan(e) else e for e in (own.error, other.error)))
            for name, each in rows.items()
            if name != family and not math.isnan((other := each[column.title]).mean)
        )
        row[column.title] = replace(own, best=not beaten)


def markdown(rows):
    """The table with families as columns, for a terminal and for README; what nobody beats is bold."""
    families = list(rows)
    digits = {c.title: c.digits for c in COLUMNS}
    if not families:
        return "no family ended its training"
    lines = ["| | " + " | ".join(families) + " |", "|---" * (len(families) + 1) + "|"]
    for title in next(iter(rows.values())):
        cells = [rows[f][title] for f in families]
        texts = [f"**{c.text(digits[title])}**" if c.best else c.text(digits[title]) for c in cells]
        lines.append(f"| {title} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def rows_in(results):
    """The rows of results as read from their file, where JSON has null for NaN."""

    def back(value):
        return math.nan if value is None else value

    return {
        family: {t: Cell(**c | {"mean": back(c["mean"]), "error": back(c["error"])}) for t, c in row.items()}
        for family, row in results["table"].items()
    }


def markdown_of(results):
    """The table of results as read from their file."""
    return markdown(rows_in(results))
