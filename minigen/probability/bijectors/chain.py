"""Bijectors made of bijectors."""

from ...core.nn import ModuleList
from .base import Bijector, same_for_all


class Chain(Bijector):
    """y = f_n(… f₂(f₁(x))): the log-determinants add up.

    Args:
        bijectors: f₁ … f_n, from data to latent.
    """

    def __init__(self, *bijectors):
        self.bijectors = ModuleList(bijectors)

    def forward(self, x, context=None):
        y, total = x, None
        for bijector in self.bijectors:
            y, log_det = bijector(y, context)
            total = log_det if total is None else total + log_det
        return y, same_for_all(0.0, x) if total is None else total

    def inverse(self, y, context=None):
        x, total = y, None
        for bijector in reversed(self.bijectors.children()):
            x, log_det = bijector.inverse(x, context)
            total = log_det if total is None else total + log_det
        return x, same_for_all(0.0, y) if total is None else total

    def fit(self, x, context=None):
        """Each bijector sees what those before it, already fitted, make of x."""
        for bijector in self.bijectors:
            bijector.fit(x, context)
            x, _ = bijector(x, context)

    def arrange(self, y):
        for bijector in reversed(self.bijectors.children()):
            y = bijector.arrange(y)
        return y

    def path(self, y, context=None):
        """One frame for each bijector that does more than to arrange."""
        bijectors = self.bijectors.children()
        frames = [self.arrange(y)]
        while bijectors:
            steps = bijectors.pop().path(y, context)
            for step in steps[1:]:
                for earlier in reversed(bijectors):
                    step = earlier.arrange(step)
                frames.append(step)
            y = steps[-1]
        return frames


class Inverse(Bijector):
    """The other direction of a bijector, as a bijector.

    Args:
        bijector: whose ``inverse`` this one calls forward.
    """

    def __init__(self, bijector):
        self.bijector = bijector

    def forward(self, x, context=None):
        return self.bijector.inverse(x, context)

    def inverse(self, y, context=None):
        return self.bijector(y, context)
