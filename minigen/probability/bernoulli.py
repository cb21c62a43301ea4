"""The Bernoulli distribution of binary pixels."""

from ..core.functional import binary_cross_entropy_with_logits, sigmoid


class Bernoulli:
    """P(x = 1) = σ(l), independently for each element.

    Args:
        logits: l, any shape (...).
    """

    def __init__(self, logits):
        self.logits = logits

    def log_prob(self, x):
        """x log σ(l) + (1 − x) log(1 − σ(l)) = x l − softplus(l), x in {0, 1} of logits' shape; (...)."""
        return -binary_cross_entropy_with_logits(self.logits, x, reduction="none")

    @property
    def mean(self):
        """σ(l), (...)."""
        return sigmoid(self.logits)

    def sample(self, rng):
        """Draws of 0 and 1 from the `Stream` ``rng``, an array (...)."""
        p = self.mean.numpy()
        return (rng.uniform(p.shape, p.dtype) < p).astype(p.dtype)
