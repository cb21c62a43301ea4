"""Resampling of images, channels last: interpolation, and pixels exchanged for channels."""

import numpy as np

from ...errors import ShapeError
from .arguments import integers, pair
from .shape import permute, reshape


def interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=False):
    """Resize images: (N, H, W, C) to (N, OH, OW, C).

    With the step s = H/OH (or 1/factor where a factor is given), output pixel i takes the input pixel ⌊i s⌋
    ("nearest"), or looks at the position (i + ½) s − ½, edges repeated ("bilinear").

    Args:
        size: (OH, OW) or an int for both; or else
        scale_factor: OH = ⌊H · factor⌋; a number or a pair.
        mode: "nearest" or "bilinear".
        align_corners: "bilinear" looks at the position i (H − 1)/(OH − 1) instead, so that corners stay corners.
    """
    if x.ndim != 4 or 0 in x.shape[1:3]:
        raise ShapeError(
            f"interpolate got a tensor of shape {tuple(x.shape)}; it needs images (N, H, W, C) with pixels"
        )
    if mode not in ("nearest", "bilinear"):
        raise ShapeError(f"interpolate's mode is {mode!r}; it must be 'nearest' or 'bilinear'")
    if align_corners and mode == "nearest":
        raise ShapeError("interpolate's align_corners is for mode='bilinear': nearest pixels have no positions between")
    if (size is None) == (scale_factor is None):
        raise ShapeError("interpolate needs either size or scale_factor")
    n, h, w, c = x.shape
    if size is None:
        factors = (scale_factor,) * 2 if np.ndim(scale_factor) == 0 else tuple(scale_factor)
        (oh, ow), steps = (int(h * factors[0]), int(w * factors[1])), ((1, factors[0]), (1, factors[1]))
    else:
        (oh, ow) = pair(size, "size", 1)
        steps = (h, oh), (w, ow)
    if min(oh, ow) < 1:
        raise ShapeError(
            f"interpolate of {tuple(x.shape)} by {scale_factor} leaves {oh}×{ow} pixels; use a larger factor"
        )
    if mode == "nearest" and oh % h == 0 and ow % w == 0:  # each pixel repeated: no arithmetic at all
        return reshape(reshape(x, (n, h, 1, w, 1, c)).expand(n, h, oh // h, w, ow // w, c), (n, oh, ow, c))
    if align_corners:
        mode, steps = "corners", ((h - 1, max(oh - 1, 1)), (w - 1, max(ow - 1, 1)))
    rows, columns = _resampling(h, oh, steps[0], mode, x.dtype), _resampling(w, ow, steps[1], mode, x.dtype)
    y = x.constant(columns) @ x  # (OW, W) (N, H, W, C) -> (N, H, OW, C)
    y = x.constant(rows) @ reshape(y, (n, h, ow * c))  # (OH, H) (N, H, OW·C) -> (N, OH, OW·C)
    return reshape(y, (n, oh, ow, c))


def _resampling(n, m, step, mode, dtype):
    """The (m, n) matrix that resamples n pixels to m, a step of ``step[0] / step[1]`` apart; each row sums to 1."""
    i, matrix = np.arange(m), np.zeros((m, n), dtype)
    if mode == "nearest":
        matrix[i, np.minimum(np.floor(i * step[0] / step[1]).astype(np.int64), n - 1)] = 1
        return matrix
    shift = 0.0 if mode == "corners" else 0.5  # of the first pixel's centre
    position = np.clip((i + shift) * step[0] / step[1] - shift, 0, n - 1)
    left = position.astype(np.int64)
    matrix[i, left] += 1 - (position - left)
    matrix[i, np.minimum(left + 1, n - 1)] += position - left
    return matrix


def pixel_shuffle(x, upscale_factor):
    """Channels to pixels: (..., H, W, C r²) to (..., H r, W r, C); channel c r² + i r + j lands at row i, column j of
    its pixel's r × r block.

    Source: Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
    Network. Shi et al., 2016, https://arxiv.org/abs/1609.05158
    """
    (r,) = integers(upscale_factor, "upscale_factor")
    if x.ndim < 3 or r < 1 or x.shape[-1] % (r * r):
        raise ShapeError(
            f"pixel_shuffle got a tensor of shape {tuple(x.shape)} and the factor {r};"
            " it needs (..., H, W, C) with C divisible by the factor's square"
        )
    *lead, h, w, c = x.shape
    k = len(lead)
    y = reshape(x, (*lead, h, w, c // (r * r), r, r))
    y = permute(y, *range(k), k, k + 3, k + 1, k + 4, k + 2)  # (..., H, r, W, r, C)
    return reshape(y, (*lead, h * r, w * r, c // (r * r)))


def pixel_unshuffle(x, downscale_factor):
    """Pixels to channels, the inverse of `pixel_shuffle`: (..., H r, W r, C) to (..., H, W, C r²)."""
    (r,) = integers(downscale_factor, "downscale_factor")
    if x.ndim < 3 or r < 1 or x.shape[-3] % r or x.shape[-2] % r:
        raise ShapeError(
            f"pixel_unshuffle got a tensor of shape {tuple(x.shape)} and the factor {r};"
            " it needs (..., H, W, C) with H and W divisible by the factor"
        )
    *lead, h, w, c = x.shape
    k = len(lead)
    y = reshape(x, (*lead, h // r, r, w // r, r, c))
    y = permute(y, *range(k), k, k + 2, k + 4, k + 1, k + 3)  # (..., H, W, C, r, r)
    return reshape(y, (*lead, h // r, w // r, c * r * r))
