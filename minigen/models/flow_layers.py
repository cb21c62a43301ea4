"""The layers of a `Flow`: how its configuration becomes a chain of bijectors, for points and for images."""

import numpy as np

from ..core.parameter import Parameter
from ..probability import bijectors as b
from .networks.conditioner import GatedConvConditioner, MLPConditioner


def point_layers(config, size, context, rng):
    """Points (N, D) to latents (N, D): couplings whose halves swap roles from each to the next.

    Args:
        config: a `FlowConfig`, settled.
        size: D.
        context: the number of features of the conditioners' context; 0 for none.
        rng: NumPy generator for the initial weights.
    """
    halves, layers = b.Halves(size), []
    for i in range(config.layers):
        mask = _turn(halves, i)
        outputs = _outputs(config, mask)
        conditioner = MLPConditioner((mask.kept, *config.hidden, outputs), context, rng=rng)
        layers += [*_mixing(config, size, rng), _coupling(config, mask, conditioner, limit=1.0)]
    return b.Chain(*layers)


def image_layers(config, shape, context, rng):
    """Images (N, H, W, C) with values in [0, 1] to flat latents (N, H·W·C).

    The logit; couplings on the checkerboard of pixels; then at each scale a squeeze, couplings of channels, and a
    split after which half of them go on. Arguments as for `point_layers`; ``shape`` is (H, W, C).
    """
    board = b.Checkerboard(shape)
    checkered = [_conv_coupling(config, _turn(board, i), context, rng) for i in range(config.layers)]
    return b.Chain(b.Logit(config.alpha), *checkered, _scale(config, shape, config.scales, context, rng))


def _scale(config, shape, scales, context, rng):
    """What follows at (H, W, C) with ``scales`` more squeezes to come."""
    if not scales:
        return b.Flatten(shape)
    b.squeeze.even_sides(shape, f"a flow with scales={config.scales}")
    shape = (shape[0] // 2, shape[1] // 2, 4 * shape[2])
    halves, layers = b.Halves(shape[2]), [b.Squeeze()]
    for i in range(config.layers):
        layers += [*_mixing(config, shape[2], rng), _conv_coupling(config, _turn(halves, i), context, rng)]
    if scales == 1:
        return b.Chain(*layers, b.Flatten(shape))
    inner = _scale(config, (*shape[:2], halves.kept), scales - 1, context, rng)
    return b.Chain(*layers, b.Split(shape, inner))


def _turn(mask, i):
    """The mask for even i, its swapped twin for odd ones."""
    return b.Swapped(mask) if i % 2 else mask


def _mixing(config, features, rng):
    """What stands before each coupling, so that its mask meets other directions than the last one's."""
    return [b.ActNorm(features), b.InvertibleConv1x1(features, rng=rng)] if config.mixing == "linear" else []


def _conv_coupling(config, mask, context, rng):
    channels = mask.kept, config.channels, _outputs(config, mask)
    conditioner = GatedConvConditioner(channels, config.blocks, context, config.dropout, rng=rng)
    return _coupling(config, mask, conditioner, limit=Parameter(np.ones(mask.changed, np.float32)))


def _outputs(config, mask):
    return mask.changed * (2 if config.coupling == "affine" else b.parameters_of(config.bins))


def _coupling(config, mask, conditioner, limit):
    if config.coupling == "affine":
        return b.AffineCoupling(mask, conditioner, limit)
    return b.SplineCoupling(mask, conditioner, config.bins, config.bound)
