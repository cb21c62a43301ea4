"""Values repeated or moved in a circle: compositions of ops that only rearrange, so their adjoints come for free."""

import math

import numpy as np

from ...errors import ShapeError
from ..autograd import Variable
from .arguments import axis_of, integers, sizes
from .index import index_select
from .shape import cat, expand, narrow, reshape, unsqueeze


def tile(x, *dims):
    """x laid side by side ``dims[i]`` times along axis i: (a, b) with (2, 3) gives (2 a, 3 b).

    The shorter of ``dims`` and x's shape is filled with ones from the left.
    """
    dims = sizes(dims, "tile's dims") if dims else ()
    if min(dims, default=1) < 0:
        raise ShapeError(f"tile got dims {dims}; none may be negative")
    axes = max(len(dims), x.ndim)
    dims = (1,) * (axes - len(dims)) + dims
    shape = (1,) * (axes - x.ndim) + tuple(x.shape)
    pairs = [n for pair in zip(dims, shape, strict=True) for n in pair]  # (r₀, n₀, r₁, n₁, …)
    y = reshape(x, tuple(n if i % 2 else 1 for i, n in enumerate(pairs)))
    return reshape(expand(y, tuple(pairs)), tuple(r * n for r, n in zip(dims, shape, strict=True)))


def repeat_interleave(x, repeats, dim=None):
    """Each entry along ``dim`` repeated ``repeats`` times in its place: (…, n, …) to (…, Σ repeats, …).

    Args:
        repeats: an integer, or n of them, one for each entry.
        dim: an axis; None for the flattened x.
    """
    axis = 0 if dim is None else axis_of(x, dim)
    x = reshape(x, (x.numel(),)) if dim is None or not x.ndim else x
    counts = np.asarray(repeats.numpy() if isinstance(repeats, Variable) else repeats)
    n = x.shape[axis]
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or counts.size not in (1, n) or counts.min(initial=0) < 0:
        raise ShapeError(
            f"repeat_interleave got repeats {repeats!r} for axis {axis} of shape {tuple(x.shape)};"
            f" it needs an integer of at least 0, or {n} of them"
        )
    if counts.size != 1:
        return index_select(x, axis, np.repeat(np.arange(n), counts))
    repeats = int(counts.reshape(()))
    y = unsqueeze(x, axis + 1)  # (…, n, 1, …)
    y = expand(y, (*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :]))  # (…, n, r, …)
    return reshape(y, (*x.shape[:axis], n * repeats, *x.shape[axis + 1 :]))


def roll(x, shifts, dims=None):
    """Entries moved ``shifts`` places on along ``dims``, those beyond the end to the start; (...) to the same.

    Args:
        shifts: an integer, or one for each of ``dims``.
        dims: an axis or a tuple of axes; None for the flattened x.
    """
    shifts = integers(shifts, "shifts")
    if dims is None:
        if len(shifts) != 1:
            raise ShapeError(f"roll got {len(shifts)} shifts and no dims; name an axis for each")
        return reshape(roll(reshape(x, (math.prod(x.shape),)), shifts, 0), x.shape)
    axes = [axis_of(x, dim, "dims") for dim in integers(dims, "dims")]
    if len(axes) != len(shifts):
        raise ShapeError(f"roll got shifts {shifts} and dims {dims}; it needs one shift for each axis")
    for shift, axis in zip(shifts, axes, strict=True):
        n = x.shape[axis] if x.ndim else 0
        first = -shift % n if n else 0
        if first:
            x = cat((narrow(x, axis, first, n - first), narrow(x, axis, 0, first)), axis)
    return x
