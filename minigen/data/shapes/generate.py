"""Drawing outlines: parameters, curve, equal steps along it, then a random turn inside the unit circle."""

import numpy as np

from .families import FAMILIES, Family
from .measure import centroid

POINTS = 64
CHUNK = 256  # outlines at a time, so that the fine curves stay within a few megabytes


def resample(fine: np.ndarray, points: int) -> np.ndarray:
    """`points` points at equal steps of arc length along the closed curves `fine` (N, M, 2), from their first point."""
    closed = np.concatenate([fine, fine[:, :1]], axis=1)
    lengths = np.hypot(*np.moveaxis(np.diff(closed, axis=1), -1, 0)).cumsum(axis=1)
    along = np.concatenate([np.zeros((len(fine), 1)), lengths], axis=1)
    out = np.empty((len(fine), points, 2))
    for i, s in enumerate(along):
        at = s[-1] * np.arange(points) / points
        for axis in range(2):
            out[i, :, axis] = np.interp(at, s, closed[i, :, axis])
    return out


def normalise(outlines: np.ndarray) -> np.ndarray:
    """Outlines (N, P, 2) with the centroid of their area moved to 0 and their farthest point scaled to distance 1."""
    centred = outlines - centroid(outlines)[:, None]
    return centred / np.hypot(*np.moveaxis(centred, -1, 0)).max(axis=1)[:, None, None]


def draw_family(family: Family, n: int, rng: np.random.Generator, points: int = POINTS) -> np.ndarray:
    """n outlines (n, P, 2) of one family, float64, normalised, not turned."""
    parameters = family.draw(n, rng)
    chunks = [parameters[i : i + CHUNK] for i in range(0, n, CHUNK)]
    return np.concatenate([normalise(resample(family.curve(chunk), points)) for chunk in chunks])


def generate(n: int, rng: np.random.Generator, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """n outlines (n, P, 2), counter-clockwise, and their families (n,) int64; the families take turns, then shuffled.

    Each outline has the centroid of its area at 0, its farthest point at a distance uniform in [0.7, 0.95], and is
    turned by a uniform angle (an airfoil by at most 20 degrees either way), so all lie in [−1, 1]².
    """
    labels = rng.permutation(np.arange(n) % len(FAMILIES))
    outlines = np.empty((n, points, 2))
    for label, family in enumerate(FAMILIES):
        mine = labels == label
        if mine.any():
            widest = np.pi / 9 if family.name == "airfoil" else np.pi
            angle = rng.uniform(-widest, widest, mine.sum())
            scale = rng.uniform(0.7, 0.95, mine.sum())
            outlines[mine] = turn(draw_family(family, int(mine.sum()), rng, points), angle, scale)
    return outlines, labels


def turn(outlines: np.ndarray, angle: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Outlines (N, P, 2), each turned by its angle (N,) in radians, counter-clockwise, and scaled by its scale (N,)."""
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    rotation = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)  # (N, 2, 2), for rows
    return outlines @ rotation
