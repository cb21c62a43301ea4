"""minigen's weights and images in PyTorch's order: channels last to channels first, (in, out) to (out, in)."""

import numpy as np
import torch
from torch import nn

ORDERS = {
    nn.Linear: (1, 0),  # (in, out) to (out, in)
    nn.Conv2d: (3, 2, 0, 1),  # (KH, KW, in, out) to (out, in, KH, KW)
    nn.ConvTranspose2d: (2, 3, 0, 1),  # (KH, KW, in, out) to (in, out, KH, KW); both are the adjoint, unflipped
}


@torch.no_grad()
def copy_weights(twin, state):
    """Write a minigen module's ``state`` (its state_dict) into the PyTorch module whose parts have the same names.

    A linear layer beside a flattened image counts on the order of its pixels: turn that one with `pixels_first`.
    """
    parts = dict(twin.named_modules())
    for name, parameter in twin.named_parameters():
        part, _, kind = name.rpartition(".")
        value = torch.from_numpy(state[name].copy())
        order = ORDERS.get(type(parts[part])) if kind == "weight" else None
        parameter.copy_(value.permute(order) if order else value)
    return twin


def pixels_first(weight, h, w, axis):
    """``weight`` with ``axis``, h·w·c features of a channels-last image, in the order c·h·w."""
    shape = weight.shape
    c = shape[axis] // (h * w)
    taken_apart = weight.reshape(*shape[:axis], h, w, c, *shape[axis + 1 :])
    return taken_apart.movedim(axis + 2, axis).reshape(shape)


def channels_first(x):
    """An array of images (N, H, W, C) as a tensor (N, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
