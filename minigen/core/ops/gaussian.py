"""Normal distributions: the standard one's log-density, and the bottleneck of a VAE, each as one op."""

import numpy as np

from ...errors import ShapeError
from ..autograd import Op
from ..autograd.modes import state
from .elementwise import exp
from .event import beside_values, check_event, rows_of
from .shape import cat


class StandardNormalLogProb(Op):
    """y = −½ Σ (log 2π + z²) over the last axes, in one pass;  dy/dz = −z."""

    saves = (0,)

    def forward(self, z):
        lead, rows = rows_of(z.shape, self.event_dims)
        return self.kernels.standard_normal_log_prob(z.reshape(rows)).reshape(lead)

    def backward(self, g):
        return StandardNormalLogProbGrad.apply(g, *self.saved, event_dims=self.event_dims)


class StandardNormalLogProbGrad(Op):
    """u = −g z;  du/dg = −z, summed as y is, du/dz = −g."""

    saves = (0, 1)

    def forward(self, g, z):
        _, rows = rows_of(z.shape, self.event_dims)
        return self.kernels.standard_normal_log_prob_grad(g.reshape(-1), z.reshape(rows)).reshape(z.shape)

    def backward(self, h):
        g, z = self.saved
        axes = tuple(range(-self.event_dims, 0))
        return lambda: -(h * z).sum(axes), lambda: -(beside_values(g, z) * h)


class GaussianBottleneck(Op):
    """z = μ + σ ε and KL = ½ Σ (μ² + σ² − l − 1);  l = log σ².

    With g and h the gradients of z and KL: dμ = g + h μ;  dl = ½ (g σ ε + h (σ² − 1));  dε = g σ.
    """

    saves = (0, 1)

    def forward(self, statistics, epsilon):
        return self.kernels.gaussian_bottleneck(statistics, epsilon)

    def backward(self, g, h):
        statistics, epsilon = self.saved
        if g is None:
            shape = np.broadcast_shapes((*statistics.shape[:-1], statistics.shape[-1] // 2), epsilon.shape)
            g = self.wrap(self.kernels.zeros(shape, self.dtype))
        if h is None:
            h = self.wrap(self.kernels.zeros(statistics.shape[:-1], self.dtype))
        by_statistics = _composed if state.recording else GaussianBottleneckGrad.apply
        return lambda: by_statistics(g, h, statistics, epsilon), lambda: _by_noise(g, statistics, epsilon)


def _composed(g, h, statistics, epsilon):
    """The gradient in the statistics as a composition of ops."""
    mu, logvar = _halves(statistics)
    by_z, by_sigma, scale = g.sum_to_size(mu.shape), (g * epsilon).sum_to_size(mu.shape), h.unsqueeze(-1)
    return cat((by_z + scale * mu, (exp(logvar * 0.5) * by_sigma + scale * (exp(logvar) - 1.0)) * 0.5), -1)


def _by_noise(g, statistics, epsilon):
    return (g * exp(_halves(statistics)[1] * 0.5)).sum_to_size(epsilon.shape)


def _halves(statistics):
    """μ and log σ², which may be empty: that `chunk` would not cut."""
    size = statistics.shape[-1] // 2
    return statistics[..., :size], statistics[..., size:]


class GaussianBottleneckGrad(Op):
    """The gradient of `GaussianBottleneck` in the statistics, from those of z and KL; never recorded."""

    differentiable = False

    def forward(self, *arrays):
        return self.kernels.gaussian_bottleneck_grad(*arrays)


def standard_normal_log_prob(z, event_dims=0):
    """log N(z; 0, 1) = −½ (log 2π + z²) in nats, summed over the last ``event_dims`` axes: (..., *event) to (...).

    Raises:
        ShapeError: z has not so many axes.
    """
    check_event(z, event_dims, "standard_normal_log_prob")
    return StandardNormalLogProb.apply(z, event_dims=event_dims)


def gaussian_bottleneck(statistics, epsilon):
    """A draw z of N(μ, σ²), and KL(N(μ, σ²) ‖ N(0, 1)) in nats, summed over the last axis.

    Args:
        statistics: (..., 2 Z), all μ before all log σ².
        epsilon: standard normal noise; its shape (..., Z) broadcasts with μ's.
    Returns:
        z = μ + σ ε, of the shape that both have together, and KL = ½ Σ (μ² + σ² − log σ² − 1), (...).
    Raises:
        ShapeError: the last axis of the statistics is odd, or the noise does not fit.
    Source: Auto-Encoding Variational Bayes. Kingma, Welling, 2013, eq. 10 and appendix B,
    https://arxiv.org/abs/1312.6114
    """
    size = statistics.shape[-1] if statistics.ndim else 1
    if size % 2 or not epsilon.ndim or epsilon.shape[-1] != size // 2:
        raise ShapeError(
            f"gaussian_bottleneck got statistics {tuple(statistics.shape)} and noise {tuple(epsilon.shape)};"
            " it needs (..., 2 Z) and (..., Z)"
        )
    return GaussianBottleneck.apply(statistics, epsilon)
