"""Convolutions and pooling: images (N, C, H, W) or (C, H, W), weights (O, C/groups, KH, KW)."""

from ...core import functional as F
from .conversion import Conversion, both, first_channels, last_channels


def _conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, alone = last_channels(x, 3)
    weight = F.permute(weight, 2, 1, 0)  # (O, C, K) -> (K, C, O)
    return first_channels(F.conv1d(x, weight, bias, both(stride), both(padding), both(dilation), groups), alone)


def _conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, alone = last_channels(x, 4)
    weight = F.permute(weight, 2, 3, 1, 0)  # (O, C, KH, KW) -> (KH, KW, C, O)
    return first_channels(F.conv2d(x, weight, bias, both(stride), both(padding), both(dilation), groups), alone)


def _conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    x, alone = last_channels(x, 4)
    weight = F.permute(weight, 2, 3, 0, 1)  # (C, O, KH, KW) -> (KH, KW, C, O)
    window = both(stride), both(padding), both(output_padding), groups, both(dilation)
    return first_channels(F.conv_transpose2d(x, weight, bias, *window), alone)


def _max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    x, alone = last_channels(x, 4)
    window = both(kernel_size), both(stride) or None, both(padding), both(dilation)
    y = F.max_pool2d(x, *window, ceil_mode, return_indices)
    return tuple(first_channels(part, alone) for part in y) if return_indices else first_channels(y, alone)


def _avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    x, alone = last_channels(x, 4)
    window = both(kernel_size), both(stride) or None, both(padding)  # torch's stride of () is the kernel's size
    return first_channels(F.avg_pool2d(x, *window, ceil_mode, count_include_pad, divisor_override), alone)


CONVERSIONS = tuple(
    Conversion(f"nn.functional.{spell.__name__[1:]}", spell.__name__[1:], spell)
    for spell in (_conv1d, _conv2d, _conv_transpose2d, _max_pool2d, _avg_pool2d)
)
