"""Area, centroid and second moments of closed outlines (N, P, 2), exact for the polygon through their points."""

import numpy as np


def signed_area(outlines: np.ndarray) -> np.ndarray:
    """Enclosed area (N,), positive where the outline runs counter-clockwise:  ½ Σ (x_i y_{i+1} − x_{i+1} y_i)."""
    return _cross(outlines).sum(axis=1) / 2


def centroid(outlines: np.ndarray) -> np.ndarray:
    """Centre of gravity (N, 2) of the enclosed area; NaN where the area is 0."""
    cross = _cross(outlines)[..., None]
    after = np.roll(outlines, -1, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((outlines + after) * cross).sum(axis=1) / (3 * cross.sum(axis=1))


def aspect(outlines: np.ndarray) -> np.ndarray:
    """Ratio (N,), at least 1, of the standard deviations of the enclosed area along its principal axes.

    Unchanged by moving, turning and scaling; 1 for a circle or a square, a for an ellipse or rectangle of axes a : 1.
    NaN where the area is 0 or the outline is so tangled that a variance is negative.
    """
    x, y = np.moveaxis(outlines - centroid(outlines)[:, None], -1, 0)
    cross, x1, y1 = x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y, np.roll(x, -1, 1), np.roll(y, -1, 1)
    xx = ((x * x + x * x1 + x1 * x1) * cross).sum(axis=1)
    yy = ((y * y + y * y1 + y1 * y1) * cross).sum(axis=1)
    xy = ((2 * x * y + x * y1 + x1 * y + 2 * x1 * y1) * cross).sum(axis=1) / 2
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((np.abs(mean) + spread) / (np.abs(mean) - spread))


def _cross(outlines: np.ndarray) -> np.ndarray:
    x, y = np.moveaxis(outlines, -1, 0)
    return x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y
