"""Squeeze: each 2×2 block of pixels becomes one pixel of four times the channels."""

from ...core.functional import cat
from ...errors import UserError
from .base import Bijector, same_for_all


def even_sides(shape, what):
    """Raise UserError unless ``shape`` is (H, W, C) with H and W even."""
    if len(shape) != 3 or shape[0] % 2 or shape[1] % 2:
        raise UserError(
            f"{what} needs images (H, W, C) with even sides, got {tuple(shape)}; use fewer scales, or resize the images"
        )


def space_to_depth(x):
    """(N, H, W, C) to (N, H/2, W/2, 4 C): of each block the diagonal's pixels first, then the other two.

    So the two halves of the channels are the two colours of a checkerboard.
    """
    n, h, w, c = x.shape
    blocks = x.reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h // 2, w // 2, 4 * c)
    a, b, c, d = blocks.chunk(4, -1)  # top left, top right, bottom left, bottom right
    return cat((a, d, b, c), -1)


def depth_to_space(y):
    """(N, h, w, 4 C) to (N, 2 h, 2 w, C), the inverse of `space_to_depth`."""
    n, h, w, c = y.shape
    a, d, b, c_ = y.chunk(4, -1)
    blocks = cat((a, b, c_, d), -1).reshape(n, h, w, 2, 2, c // 4)
    return blocks.permute(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, c // 4)


class Squeeze(Bijector):
    """Images (N, H, W, C) to (N, H/2, W/2, 4 C); log_det = 0.

    Raises:
        UserError: a side is odd.
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """

    def forward(self, x, context=None):
        even_sides(x.shape[1:], "squeeze")
        return space_to_depth(x), same_for_all(0.0, x)

    def inverse(self, y, context=None):
        return depth_to_space(y), same_for_all(0.0, y)

    def arrange(self, y):
        return depth_to_space(y)

    def path(self, y, context=None):
        """One frame: to squeeze is to arrange."""
        return [depth_to_space(y)]
