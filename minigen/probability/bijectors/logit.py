"""Logit: from the unit interval to the real line."""

import math

from ...core.functional import log, log1p, sigmoid, softplus
from ...errors import UserError
from .base import Bijector, same_for_all, sum_datum


class Logit(Bijector):
    """y = log s − log(1 − s), s = α + (1 − 2 α) x, elementwise for x in [0, 1].

    log_det = Σ log(1 − 2 α) − log s − log(1 − s). With α > 0 the ends of the interval stay finite.

    Args:
        alpha: α, within [0, 1/2).
    Raises:
        UserError: alpha lies outside.
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """

    def __init__(self, alpha):
        if not 0 <= alpha < 0.5:
            raise UserError(f"alpha is {alpha}; it must lie within [0, 0.5): the logit sees alpha + (1 − 2 alpha) x")
        self.alpha = alpha

    def forward(self, x, context=None):
        scaled = x * (1 - 2 * self.alpha)
        log_s, log_rest = log(scaled + self.alpha), log1p(-(scaled + self.alpha))
        return log_s - log_rest, same_for_all(self._constant(x), x) - sum_datum(log_s + log_rest)

    def inverse(self, y, context=None):
        x = (sigmoid(y) - self.alpha) / (1 - 2 * self.alpha)
        return x, same_for_all(-self._constant(y), y) - sum_datum(softplus(y) + softplus(-y))

    def arrange(self, y):
        """Grey levels, so that a latent can be looked at beside an image."""
        return self.inverse(y)[0]

    def path(self, y, context=None):
        """One frame: elementwise, and no step that was learned."""
        return [self.arrange(y)]

    def _constant(self, x):
        return math.prod(x.shape[1:]) * math.log1p(-2 * self.alpha)
