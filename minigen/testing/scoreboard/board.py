"""The measuring: settings in, one dictionary out, of which the table, the JSON and the page are three views."""

import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec

from tqdm import tqdm

from ...errors import UserError
from ...machine import machine
from ..cases import CASES
from .drawn import TORCH, ULPS, drawn

OPINFO = TORCH and find_spec("expecttest") is not None  # which torch's tables of samples import
if OPINFO:
    from ..opinfo import opinfo_tally
if TORCH:
    from ..optimisers import OPTIMISERS, SCHEDULES, optimiser_error, schedule_error
    from ..special_layers import LAYER_CHECKS

TOLERANCES = {"forward": 1e-10, "first": 1e-8, "second": 1e-6}  # scaled errors against torch in float64
SAMPLES = ("total", "converted", "passed", "first_order", "forward_only")  # numbers of OpInfo samples
SCHEMA = 1  # of the dictionary


@dataclass(frozen=True)
class Settings:
    """What to measure.

    Args:
        cases: drawn for each op.
        ops: names of ops; None for all of them and for layers, optimisers and schedules.
        seed: of all draws.
        progress: whether to show a bar.
    """

    cases: int = 100
    ops: tuple | None = None
    seed: int = 0
    progress: bool = False


def scoreboard(settings=None, cases=None):
    """Measure everything.

    Args:
        settings: `Settings`.
        cases: the table of cases, name to `minigen.testing.Case`; minigen's own by default.
    Returns:
        A dictionary that JSON can hold, see `rows_of` for its lists.
    Raises:
        UserError: an op that the table lacks.
    """
    settings, table = settings or Settings(), CASES if cases is None else cases
    unknown = [name for name in settings.ops or () if name not in table]
    if unknown:
        raise UserError(f"no op is named {', '.join(unknown)}; choose of {', '.join(table)}")
    names = list(table) if settings.ops is None else list(settings.ops)
    board = {
        "schema": SCHEMA,
        "machine": machine(),
        "settings": {"cases": settings.cases, "ops": settings.ops and list(settings.ops), "seed": settings.seed},
        "tolerances": {**TOLERANCES, "ulp": ULPS},
        "torch": TORCH,
        "ops": [_op(table[name], settings) for name in _bar(names, "ops", settings)],
        "layers": [],
        "optimisers": [],
        "schedules": [],
    }
    if TORCH and settings.ops is None:
        board["layers"] = [_layer(name, settings) for name in _bar(LAYER_CHECKS, "layers", settings)]
        board["optimisers"] = [_trajectory(name, optimiser_error) for name in _bar(OPTIMISERS, "optimisers", settings)]
        board["schedules"] = [_trajectory(name, schedule_error) for name in _bar(SCHEDULES, "schedules", settings)]
    board["summary"] = _summary(board)
    return board


def rows_of(board):
    """All rows: ops, layers, optimisers and schedules; each has "name" and "failures", a list of lines."""
    return [*board["ops"], *board["layers"], *board["optimisers"], *board["schedules"]]


def _bar(names, what, settings):
    return tqdm(names, desc=what, disable=not settings.progress, file=sys.stderr)


def _op(case, settings):
    tolerances = tuple(TOLERANCES.values())
    row = {"name": case.name, "differentiable": case.differentiable}
    row |= asdict(drawn(case, settings.cases, tolerances, settings.seed))
    tally = opinfo_tally(case.name, tolerances, settings.seed) if OPINFO else None
    row["opinfo"] = None
    if tally is not None:
        row["opinfo"] = asdict(tally) | {"worst": dict(tally.worst._asdict()), "refusals": dict(tally.refusals)}
        row["failures"] += row["opinfo"].pop("failures")
    return row


def _layer(name, settings):
    errors = LAYER_CHECKS[name](settings.seed)._asdict()
    return {"name": name, **errors, "failures": _beyond(errors, TOLERANCES)}


def _trajectory(name, measure):
    errors = {"forward": measure(name)}
    return {"name": name, "error": errors["forward"], "failures": _beyond(errors, TOLERANCES)}


def _beyond(errors, allowed):
    return [
        f"{kind} is off by {error:.1e}, {allowed[kind]:.0e} is allowed"
        for kind, error in errors.items()
        if not error <= allowed[kind]
    ]


def _summary(board):
    tallies = [row["opinfo"] for row in board["ops"] if row["opinfo"]]
    refusals = {}
    for tally in tallies:
        for reason, count in tally["refusals"].items():
            refusals[reason] = refusals.get(reason, 0) + count
    ulp = [distance for row in board["ops"] for distance in row["ulp"].values()]
    return {
        "ops": len(board["ops"]),
        "ops_with_opinfo": len(tallies),
        "drawn_cases": sum(row["cases"] for row in board["ops"]),
        "samples": {kind: sum(tally[kind] for tally in tallies) for kind in SAMPLES},
        "refusals": dict(sorted(refusals.items(), key=lambda pair: -pair[1])),
        "worst": {kind: _worst(board, kind) for kind in TOLERANCES},
        "worst_ulp": max(ulp, default=None),
        "layers": len(board["layers"]),
        "optimisers": len(board["optimisers"]),
        "schedules": len(board["schedules"]),
        "failed": [row["name"] for row in rows_of(board) if row["failures"]],
    }


def _worst(board, kind):
    """The largest error of a kind against torch, drawn or OpInfo, of any op; None without torch."""
    found = [row[kind] for row in board["ops"]]
    found += [row["opinfo"]["worst"][kind] for row in board["ops"] if row["opinfo"]]
    return max((error for error in found if error is not None), default=None)
