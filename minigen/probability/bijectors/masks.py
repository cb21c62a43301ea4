"""Masks: which values of a datum a coupling keeps, and which it changes.

A mask takes x apart into a kept and a changed part and puts them together again. `Swapped` exchanges their roles,
so couplings that alternate between a mask and its swapped twin change everything.
"""

from abc import ABC, abstractmethod

from ...core.functional import cat
from ...errors import UserError
from .squeeze import depth_to_space, even_sides, space_to_depth


class Mask(ABC):
    """How to take x apart. ``kept`` and ``changed`` are the parts' numbers of features, their last axis."""

    kept: int
    changed: int
    start: int | None = None
    """The first changed column, where the changed part is a range of the last axis and the kept one is the rest."""

    @abstractmethod
    def split(self, x):
        """x to its kept and its changed part."""

    @abstractmethod
    def join(self, kept, changed):
        """The two parts to x again."""

    def kept_columns(self, x):
        """The kept part of points x (N, D): a slice where they are the first or the last columns.

        That is what `split` gives, but its gradient takes one array less.
        """
        if self.start == self.kept and x.shape[1] == self.kept + self.changed:
            return x[:, : self.kept]
        if self.start == 0 and x.shape[1] == self.kept + self.changed:
            return x[:, self.changed :]
        return self.split(x)[0]


class Halves(Mask):
    """The last axis cut in the middle: a half mask for points (N, D), a channel mask for images (N, H, W, C).

    Args:
        features: D or C, at least 2; of an odd number the changed part takes one more.
    Raises:
        UserError: there are fewer than 2 features.
    """

    def __init__(self, features):
        if features < 2:
            raise UserError(
                f"a coupling got {features} value(s) to split; it needs at least 2: one half is changed given the other"
            )
        self.kept, self.changed = features // 2, features - features // 2
        self.start = self.kept

    def split(self, x):
        return x.split((self.kept, self.changed), -1)

    def join(self, kept, changed):
        return cat((kept, changed), -1)


class Checkerboard(Mask):
    """Images (N, H, W, C) by their pixels' colour on a checkerboard: two parts (N, H/2, W/2, 2 C).

    Of each 2×2 block the pixels on the diagonal are kept, the other two changed. The parts are small dense images, so
    a conditioner spends nothing on pixels that are masked out.

    Args:
        shape: (H, W, C), H and W even.
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """

    def __init__(self, shape):
        even_sides(shape, "a checkerboard mask")
        self.kept = self.changed = 2 * shape[-1]

    def split(self, x):
        return space_to_depth(x).chunk(2, -1)

    def join(self, kept, changed):
        return depth_to_space(cat((kept, changed), -1))


class Swapped(Mask):
    """Another mask with the roles of its parts exchanged.

    Args:
        mask: the other one.
    """

    def __init__(self, mask):
        self.mask, self.kept, self.changed = mask, mask.changed, mask.kept
        if mask.start is not None:
            self.start = 0 if mask.start else mask.changed

    def split(self, x):
        kept, changed = self.mask.split(x)
        return changed, kept

    def join(self, kept, changed):
        return self.mask.join(changed, kept)
