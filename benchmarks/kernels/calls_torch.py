"""PyTorch's side, eager: products, and convolutions in both layouts."""

import torch

from .shapes import Convolution

LAYOUTS = {"PyTorch": torch.contiguous_format, "PyTorch channels last": torch.channels_last}


def prepare(shape, operands):
    """As `calls_minigen.prepare`."""
    if not isinstance(shape, Convolution):
        a, b = map(torch.from_numpy, operands)
        return {"PyTorch": lambda: torch.matmul(a, b)}
    return {name: _convolution(shape, operands, layout) for name, layout in LAYOUTS.items()}


def _convolution(shape, operands, layout):
    def image(x):
        return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)

    def weight(w):
        return torch.from_numpy(w).permute(3, 2, 0, 1).contiguous(memory_format=layout)

    settings = [shape.stride] * 2, [shape.padding] * 2, [1, 1]
    if shape.part == "forward":
        x, w = image(operands[0]), weight(operands[1])
        return lambda: torch.conv2d(x, w, None, *settings)
    if shape.part == "input grad":
        g, w = image(operands[0]), weight(operands[1])
        n, height, width, channels = shape.image
        x = torch.empty(n, channels, height, width).contiguous(memory_format=layout)
    else:
        x, g = map(image, operands)
        w = torch.empty(shape.outputs, shape.image[3], *shape.kernel).contiguous(memory_format=layout)
    wanted = [shape.part == "input grad", shape.part == "weight grad", False]
    backward = torch.ops.aten.convolution_backward
    which = wanted.index(True)
    return lambda: backward(g, x, w, None, *settings, False, [0, 0], 1, wanted)[which]


def to_numpy(shape, result):
    """Images to (N, H, W, C), weights to (KH, KW, C, O)."""
    if not isinstance(shape, Convolution):
        return result.numpy()
    return result.permute(*((2, 3, 1, 0) if shape.part == "weight grad" else (0, 2, 3, 1))).numpy()
