"""A conversion, and what conversions share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...core import functional as F


class Refused(Exception):
    """A sample of torch's that minigen has no counterpart for; the message is the reason."""


@dataclass(frozen=True)
class Conversion:
    """One of torch's OpInfos and its spelling in minigen.

    Args:
        opinfo: the OpInfo's name, "name" or "name/variant".
        name: the op of `minigen.functional` that it proves.
        spell: a function of minigen tensors that takes what torch's op takes; raises `Refused`.
        chosen: which of the OpInfo's samples are this op's, by their keywords; all by default.
    """

    opinfo: str
    name: str
    spell: Callable
    chosen: Callable = lambda options: True


def direct(*names, prefix=""):
    """Conversions of ops whose names and arguments are torch's, after ``prefix``."""
    return tuple(Conversion(prefix + name, name, getattr(F, name)) for name in names)


def require_same_dtype(x, dtype):
    """Refuse a ``dtype`` of the result other than x's."""
    if dtype is not None and np.dtype(str(dtype).removeprefix("torch.")) != x.dtype:
        raise Refused("a dtype for the result: two dtypes never meet in minigen (DESIGN, decision 3)")


def every(dim):
    """torch's dim=() of a reduction: all axes."""
    return None if isinstance(dim, tuple | list) and not dim else dim


def both(value):
    """torch's (n,) of a window: n for height and width alike."""
    return value[0] if isinstance(value, tuple | list) and len(value) == 1 else value


def last_channels(x, axes):
    """(N, C, ...) with ``axes`` axes to (N, ..., C), and whether the batch axis was missing and is now of size 1."""
    if x.ndim not in (axes - 1, axes):
        raise Refused(f"images of {x.ndim} axes")
    alone = x.ndim == axes - 1
    return F.movedim(F.unsqueeze(x, 0) if alone else x, 1, -1), alone


def first_channels(y, alone=False):
    """(N, ..., C) to (N, C, ...); without the batch axis if there was none."""
    y = F.movedim(y, -1, 1)
    return F.squeeze(y, 0) if alone else y
