"""Events: the last axes of a tensor, which hold the values of one datum; log-densities are summed over them."""

import math

from ...errors import ShapeError


def check_event(x, event_dims, name):
    """Raise ShapeError unless x has the axes."""
    if not 0 <= event_dims <= x.ndim:
        raise ShapeError(f"{name} got event_dims={event_dims} for a tensor of shape {tuple(x.shape)}")


def rows_of(shape, event_dims):
    """The axes before the last ``event_dims``, and the shape (M, D) with both parts joined."""
    lead = shape[: len(shape) - event_dims]
    return lead, (math.prod(lead), math.prod(shape[len(lead) :]))


def beside_values(g, x):
    """One number for each datum, beside all of its values."""
    return g.reshape(g.shape + (1,) * (x.ndim - g.ndim)).expand(x.shape)
