"""From outlines to antialiased pictures: how much of each pixel the polygon covers."""

import numpy as np

LINES = 4  # scan lines in a pixel's height; along a line the coverage is exact
CHUNK = 512


def rasterise(outlines: np.ndarray, size: int) -> np.ndarray:
    """Outlines (N, P, 2) in [−1, 1]² as pictures (N, size, size, 1), uint8: 255 inside, 0 outside, between on the edge.

    x runs to the right, y upwards. Along a scan line the inside of a counter-clockwise outline is the sum over the
    sides that cross it of ±1[x > x_cross], + for those going down; that sum is integrated exactly over each pixel's
    width, and averaged over four lines in its height. Outside the square nothing is drawn.
    """
    chunks = [_cover(outlines[i : i + CHUNK], size) for i in range(0, len(outlines), CHUNK)]
    return np.concatenate(chunks) if chunks else np.empty((0, size, size, 1), np.uint8)


def _cover(outlines: np.ndarray, size: int) -> np.ndarray:
    n = len(outlines)
    u = (outlines[..., 0] + 1) / 2 * size  # pixels from the left edge
    v = (1 - outlines[..., 1]) / 2 * size * LINES  # scan lines from the top edge
    u1, v1 = np.roll(u, -1, axis=1), np.roll(v, -1, axis=1)
    first = np.clip(np.ceil(np.minimum(v, v1) - 0.5), 0, size * LINES).astype(int)
    end = np.clip(np.ceil(np.maximum(v, v1) - 0.5), 0, size * LINES).astype(int)
    count = (end - first).ravel()
    side = np.repeat(np.arange(count.size), count)  # one entry for each crossing of a side and a line
    line = first.ravel()[side] + np.arange(len(side)) - (np.cumsum(count) - count)[side]
    u, v, u1, v1 = (array.ravel()[side] for array in (u, v, u1, v1))
    x = np.clip(u + (u1 - u) * (line + 0.5 - v) / (v1 - v), 0, size)
    sign = np.sign(v1 - v)
    column = np.minimum(x.astype(int), size - 1)
    part = column + 1 - x
    cell = (side // outlines.shape[1] * size + line // LINES) * (size + 1) + column
    total = np.bincount(cell, sign * part, n * size * (size + 1))
    total += np.bincount(cell + 1, sign * (1 - part), n * size * (size + 1))
    cover = np.cumsum(total.reshape(n, size, size + 1), axis=2)[..., :size] / LINES
    return np.rint(255 * np.clip(np.abs(cover), 0, 1)).astype(np.uint8)[..., None]
