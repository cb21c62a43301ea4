"""Is an outline, for instance one that a model has made, a shape of its family?"""

from dataclasses import dataclass

import numpy as np

from ...errors import ShapeError, UserError
from .families import FAMILIES, NAMES
from .measure import aspect, centroid, signed_area

LONGEST_STEP = 3.0  # times the mean step: an outline of equal steps stays below 1.1, one with a gap does not
SAME_LINE = 1e-6  # radians


@dataclass(frozen=True, eq=False)
class Validity:
    """Which of N outlines pass which test; bool (N,) each.

    closed   no step between neighbours, the one from the last point to the first included, exceeds three mean steps
    simple   no two sides that are not neighbours touch, no side turns back onto the one before or has no length
    area     the enclosed area, counter-clockwise positive, over the squared distance of the farthest point from the
             centroid lies in the family's range
    aspect   the ratio of the principal widths lies in the family's range
    """

    closed: np.ndarray
    simple: np.ndarray
    area: np.ndarray
    aspect: np.ndarray

    @property
    def valid(self) -> np.ndarray:
        """All four at once, bool (N,)."""
        return self.closed & self.simple & self.area & self.aspect


def check(points: np.ndarray, family: str | int | np.ndarray) -> Validity:
    """Test outlines (N, P, 2) or (N, 2P) against their family: a name, a label, or labels (N,).

    Outlines with NaN or infinity fail every test. P is at least 3.

    >>> t = 2 * np.pi * np.arange(64) / 64
    >>> eight = np.stack([np.cos(t), np.sin(2 * t)], axis=-1)[None]  # crosses itself in the middle
    >>> check(eight, "ellipse").simple
    array([False])

    Raises ShapeError for other shapes, UserError for an unknown family.
    """
    points = np.asarray(points, np.float64)
    outlines = (
        points.reshape(len(points), points.shape[1] // 2, 2)
        if points.ndim == 2 and points.shape[1] % 2 == 0
        else points
    )
    if outlines.ndim != 3 or outlines.shape[1] < 3 or outlines.shape[2] != 2:
        raise ShapeError(f"check got points of shape {points.shape}; wanted (N, P, 2) or (N, 2P) with P at least 3")
    label = _labels(family, len(outlines))
    finite = np.isfinite(outlines).all(axis=(1, 2))
    outlines = np.where(finite[:, None, None], outlines, 0.0)
    areas, aspects = (np.array([getattr(f, what) for f in FAMILIES])[label] for what in ("area", "aspect"))
    size = _relative_area(outlines)
    ratio = aspect(outlines)
    return Validity(
        closed=finite & _closed(outlines),
        simple=finite & simple(outlines),
        area=finite & (areas[:, 0] <= size) & (size <= areas[:, 1]),
        aspect=finite & (aspects[:, 0] <= ratio) & (ratio <= aspects[:, 1]),
    )


def simple(outlines: np.ndarray) -> np.ndarray:
    """Whether each outline (N, P, 2) is free of self-intersection, bool (N,).

    Sides i and j that are not neighbours touch where their bounding boxes do and each has the other's ends not
    strictly on one side (orientation test); neighbours overlap where the outline turns back on itself, or where a
    side has no length. Directions closer than a millionth of a radian count as one, so that outlines stored in
    float32 are judged as they were in float64.
    """
    p = outlines.shape[1]
    i, j = np.triu_indices(p, 2)
    i, j = i[(i > 0) | (j < p - 1)], j[(i > 0) | (j < p - 1)]  # the last side neighbours the first
    crossed = np.zeros(len(outlines), bool)
    rows = max(1, 2**20 // max(1, len(i)))
    for k in range(0, len(outlines), rows):
        crossed[k : k + rows] = _touches(outlines[k : k + rows], i, j) | _turns_back(outlines[k : k + rows])
    return ~crossed


def _touches(outlines: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    after = np.roll(outlines, -1, axis=1)
    low, high = np.minimum(outlines, after), np.maximum(outlines, after)
    boxes = ((low[:, i] <= high[:, j]) & (low[:, j] <= high[:, i])).all(axis=-1)  # (n, pairs)
    shape, pair = np.nonzero(boxes)
    a, b, c, d = outlines[shape, i[pair]], after[shape, i[pair]], outlines[shape, j[pair]], after[shape, j[pair]]
    touch = (_side(b - a, c - a) * _side(b - a, d - a) <= 0) & (_side(d - c, a - c) * _side(d - c, b - c) <= 0)
    return np.isin(np.arange(len(outlines)), shape[touch])


def _turns_back(outlines: np.ndarray) -> np.ndarray:
    edge = np.roll(outlines, -1, axis=1) - outlines
    following = np.roll(edge, -1, axis=1)
    return ((_side(edge, following) == 0) & ((edge * following).sum(axis=-1) <= 0)).any(axis=1)


def _side(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Whether v (…, 2) points to the left (1) or right (-1) of u, or along the same line (0)."""
    cross = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    lengths = np.hypot(u[..., 0], u[..., 1]) * np.hypot(v[..., 0], v[..., 1])
    return np.where(np.abs(cross) <= SAME_LINE * lengths, 0.0, np.sign(cross))


def _closed(outlines: np.ndarray) -> np.ndarray:
    steps = np.hypot(*np.moveaxis(np.roll(outlines, -1, axis=1) - outlines, -1, 0))
    return (steps.max(axis=1) <= LONGEST_STEP * steps.mean(axis=1)) & (steps.max(axis=1) > 0)


def _relative_area(outlines: np.ndarray) -> np.ndarray:
    reach = ((outlines - centroid(outlines)[:, None]) ** 2).sum(axis=-1).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return signed_area(outlines) / reach


def _labels(family: str | int | np.ndarray, n: int) -> np.ndarray:
    if isinstance(family, str):
        if family not in NAMES:
            raise UserError(f"unknown family {family!r}; known: {', '.join(NAMES)}")
        family = NAMES.index(family)
    label = np.asarray(family)
    if label.dtype.kind not in "iu" or label.shape not in ((), (n,)):
        raise UserError(f"family got {label.dtype} {label.shape}; wanted a name, a label, or labels ({n},)")
    if label.size and (label.min() < 0 or label.max() >= len(NAMES)):
        raise UserError(f"family got label {label.max()}; wanted 0 … {len(NAMES) - 1}")
    return np.broadcast_to(label, (n,))
