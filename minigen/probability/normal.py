"""The normal distribution with independent elements."""

import math

from ..core.functional import exp, square

_LOG_2PI = math.log(2 * math.pi)


class Normal:
    """N(μ, σ²), independently for each element.

    Args:
        mu, logvar: μ and log σ², of shapes that broadcast to (...).
    """

    def __init__(self, mu, logvar):
        self.mu = mu
        self.logvar = logvar

    def log_prob(self, x):
        """−½ (log 2π + log σ² + (x − μ)²/σ²), a density; (...)."""
        return (square(x - self.mu) * exp(-self.logvar) + self.logvar + _LOG_2PI) * -0.5

    @property
    def mean(self):
        """μ, (...)."""
        return self.mu

    def sample(self, rng):
        """z = μ + σ ε with ε ~ N(0, 1) from the `Stream` ``rng``: gradients reach μ and σ (reparameterised).

        Source: Auto-Encoding Variational Bayes. Kingma, Welling, 2013, https://arxiv.org/abs/1312.6114
        """
        return self.reparameterize(self.mu.wrap(rng.normal(self.mu.shape, self.mu.dtype)))

    def reparameterize(self, epsilon):
        """z = μ + σ ε for given noise ε, a tensor or an array that broadcasts to (...)."""
        return self.mu + exp(self.logvar * 0.5) * epsilon


def kl_normal(q, p):
    """KL(q ‖ p) = ½ (log σ_p² − log σ_q² + (σ_q² + (μ_q − μ_p)²)/σ_p² − 1) ≥ 0 of two `Normal`, elementwise, (...)."""
    difference = q.logvar - p.logvar
    return (exp(difference) + square(q.mu - p.mu) * exp(-p.logvar) - difference - 1.0) * 0.5


def kl_standard_normal(mu, logvar):
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² − log σ² − 1) ≥ 0, elementwise, (...), in nats.

    Source: Auto-Encoding Variational Bayes. Kingma, Welling, 2013, appendix B, https://arxiv.org/abs/1312.6114
    """
    return (square(mu) + exp(logvar) - logvar - 1.0) * 0.5
