"""The logistic distribution, discretised to the data's own grey levels."""

import numpy as np

from ..core.functional import exp, logsigmoid, where


class DiscretizedLogistic:
    """P(level k) = F(x + Δ/2) − F(x − Δ/2), x = k/(L − 1), Δ = 1/(L − 1), F(t) = σ((t − μ)/s).

    The first and the last level take the tails, so the probabilities of the L levels sum to 1.

    Args:
        mu: (...) in the units of x, the grey value in [0, 1].
        log_scale: log s, broadcasts to (...).
        levels: L, the number of grey levels in the data.
    Source: Improved Variational Inference with Inverse Autoregressive Flow. Kingma et al., 2016,
    https://arxiv.org/abs/1606.04934
    """

    def __init__(self, mu, log_scale, levels):
        self.mu = mu
        self.log_scale = log_scale
        self.levels = levels

    def log_prob(self, x):
        """log P(x), x in {0, 1/(L−1), …, 1} of mu's shape; (...), in nats.

        log(σ(b) − σ(a)) = log σ(b) + log σ(−a) + log(1 − e^(a − b)), b − a = Δ/s: no difference of numbers that
        are nearly equal.
        """
        half = 0.5 / (self.levels - 1)
        inverse_scale = exp(-self.log_scale)
        centred = x - self.mu
        upper = (centred + half) * inverse_scale  # b
        lower = (centred - half) * inverse_scale  # a
        width = inverse_scale * (2 * half) + centred * 0.0  # b − a, at every element
        inside = logsigmoid(upper) + logsigmoid(-lower) + _log_one_minus_exp_neg(width)
        grey = x.numpy() if hasattr(x, "numpy") else np.asarray(x)
        first, last = grey < half, grey > 1.0 - half
        return where(first, logsigmoid(upper), where(last, logsigmoid(-lower), inside))

    @property
    def mean(self):
        """μ limited to [0, 1], (...)."""
        return self.mu.clamp(0.0, 1.0)

    def sample(self, rng):
        """Draws from the `Stream` ``rng``: t = μ + s (log u − log(1 − u)), rounded to the levels; an array (...)."""
        mu, scale = self.mu.numpy(), np.exp(self.log_scale.numpy())
        u = np.clip(rng.uniform(mu.shape, mu.dtype), 1e-7, 1 - 1e-7)
        t = mu + scale * (np.log(u) - np.log1p(-u))
        return np.clip(np.rint(t * (self.levels - 1)), 0, self.levels - 1).astype(mu.dtype) / mu.dtype.type(
            self.levels - 1
        )


def _log_one_minus_exp_neg(d):
    """log(1 − e^(−d)) for d > 0, without losing digits where d is small."""
    small = d < 0.3
    near = where(small, d, 1.0)  # log d − d/2 + d²/24 − d⁴/2880 + O(d⁶/181440), below 5e-9 here
    far = where(small, 1.0, d)
    square = near * near
    series = near.log() - near * 0.5 + square * (1.0 / 24.0) - square * square * (1.0 / 2880.0)
    return where(small, series, (-exp(-far)).log1p())
