"""The table of op cases: ``CASES[name]`` for every name in `minigen.functional`, one file per op family."""

from . import (
    activation,
    arithmetic,
    attention,
    conv,
    coupling,
    elementwise,
    factorisations,
    gaussian,
    index,
    linalg,
    logic,
    loss,
    noise,
    norm,
    pool,
    rearrange,
    reduce,
    shape,
    spline,
)
from .case import Case, Sample
from .draw import Draw

_FAMILIES = (
    arithmetic, logic, elementwise, activation, reduce, shape, rearrange, index, linalg, factorisations, conv, pool,
    norm, attention, loss, noise, coupling, spline, gaussian,
)  # fmt: skip

CASES = {case.name: case for family in _FAMILIES for case in family.CASES}

__all__ = ["CASES", "Case", "Draw", "Sample"]
