"""Images at another size."""

import math

from ...core import functional as F
from .conversion import Conversion, Refused, first_channels, last_channels


def _interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None):
    if x.ndim == 5:
        raise Refused("volumes (N, C, D, H, W): minigen resizes images")
    line = x.ndim == 3  # (N, C, L), an image of one row; nearest alone, which leaves that row as it is
    size, factor = _each(size), _each(scale_factor)
    if factor is not None and recompute_scale_factor:
        factors = factor if isinstance(factor, tuple) else (factor,) * (x.ndim - 2)
        size, factor = tuple(math.floor(n * f) for n, f in zip(x.shape[2:], factors, strict=True)), None
    if line:
        x = F.unsqueeze(x, 2)
        size = size and (1, size[0])
        factor = factor and (1, factor)
    x, _ = last_channels(x, 4)
    y = first_channels(F.interpolate(x, size, factor, mode, bool(align_corners)))
    return F.squeeze(y, 2) if line else y


def _each(value):
    return tuple(value) if isinstance(value, tuple | list) else value


def _pixel_shuffle(x, upscale_factor):
    return F.movedim(F.pixel_shuffle(F.movedim(x, -3, -1), upscale_factor), -1, -3)


def _pixel_unshuffle(x, downscale_factor):
    return F.movedim(F.pixel_unshuffle(F.movedim(x, -3, -1), downscale_factor), -1, -3)


CONVERSIONS = (
    Conversion("nn.functional.interpolate/nearest", "interpolate", _interpolate),
    Conversion("nn.functional.interpolate/bilinear", "interpolate", _interpolate),
    Conversion("nn.functional.pixel_shuffle", "pixel_shuffle", _pixel_shuffle),
    Conversion("nn.functional.pixel_unshuffle", "pixel_unshuffle", _pixel_unshuffle),
)
