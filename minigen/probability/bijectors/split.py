"""Multi-scale flows: half of the channels leave for the latent, the others go on; and the flat end."""

from ...core.functional import cat
from .base import Bijector, same_for_all
from .masks import Halves


class Flatten(Bijector):
    """(N, *shape) to (N, D), D the number of values; log_det = 0.

    Args:
        shape: of one datum.
    """

    def __init__(self, shape):
        self.shape = tuple(shape)

    def forward(self, x, context=None):
        return x.flatten(1), same_for_all(0.0, x)

    def inverse(self, y, context=None):
        return self.arrange(y), same_for_all(0.0, y)

    def arrange(self, y):
        return y.reshape(y.shape[0], *self.shape)

    def path(self, y, context=None):
        """One frame: to flatten is to arrange."""
        return [self.arrange(y)]


class Split(Bijector):
    """(N, H, W, C) to (N, H·W·C): half of the channels pass through ``inner``, the others are latents at once.

    y = [inner(first half), second half]. Nested, it makes the multi-scale architecture: what inner has in its turn
    may split again. The half that leaves has been a function of the other in the couplings before.

    Args:
        shape: (H, W, C), C even or not.
        inner: a bijector of (N, H, W, C/2) whose latents are flat (N, H·W·C/2).
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """

    def __init__(self, shape, inner):
        self.mask = Halves(shape[-1])
        self.area, self.shape = shape[0] * shape[1], tuple(shape)
        self.inner = inner

    def forward(self, x, context=None):
        kept, gone = self.mask.split(x)
        z, log_det = self.inner(kept, context)
        return cat((z, gone.flatten(1)), -1), log_det

    def inverse(self, y, context=None):
        z, gone = self._parts(y)
        kept, log_det = self.inner.inverse(z, context)
        return self.mask.join(kept, gone), log_det

    def fit(self, x, context=None):
        self.inner.fit(self.mask.split(x)[0], context)

    def arrange(self, y):
        z, gone = self._parts(y)
        return self.mask.join(self.inner.arrange(z), gone)

    def path(self, y, context=None):
        z, gone = self._parts(y)
        return [self.mask.join(kept, gone) for kept in self.inner.path(z, context)]

    def _parts(self, y):
        """The flat latents of inner, and the half that left as (N, H, W, C/2)."""
        sizes = self.area * self.mask.kept, self.area * self.mask.changed
        z, gone = y.split(sizes, -1)
        return z, gone.reshape(y.shape[0], *self.shape[:-1], self.mask.changed)
