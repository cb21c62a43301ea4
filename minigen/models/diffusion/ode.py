"""The probability-flow ODE: the deterministic walk with the marginals of the diffusion, and its change of volume.

In y = x_t/(α + σ) with the clock τ = σ/(α + σ) every Gaussian path is the straight one, y = (1 − τ) x_0 + τ ε, so one
equation serves all of them, and it is smooth at both ends:

    dy/dτ = u(y, τ) = ε̂ − x̂_0,      d log p(y)/dτ = −tr ∂u/∂y        (Song et al. eqs. 13, 39)

The trace is exact by D backward passes of our own autograd, or estimated by one: vᵀ (∂u/∂y) v with random signs v.

References:
    Score-Based Generative Modeling through Stochastic Differential Equations. Song et al., 2021,
    https://arxiv.org/abs/2011.13456
    FFJORD. Grathwohl et al., 2019, https://arxiv.org/abs/1810.01367
"""

import math
from itertools import pairwise

import numpy as np

from ...core.autograd import grad
from ...core.tensor import Tensor
from ...errors import UserError


def clock(path, t):
    """τ = σ/(α + σ), and α + σ, at t."""
    alpha, sigma = float(path.alpha(t)), float(path.sigma(t))
    return sigma / (alpha + sigma), alpha + sigma


def ode_cuts(path, steps):
    """The steps + 1 times of a solver's ``steps`` along the whole path, evenly in λ.

    Raises:
        UserError: there is no step.
    """
    if steps < 1:
        raise UserError(f"the ODE's solver got steps={steps}; it needs at least 1")
    return path.cuts(steps + 1)


def runge_kutta(slope, y, taus):
    """The classical fourth-order method: y, a tuple of arrays, from taus[0] to taus[-1] by dy/dτ = slope(y, τ)."""
    for a, b in pairwise(taus):
        h = b - a
        k1 = slope(y, a)
        k2 = slope(_moved(y, 0.5 * h, k1), 0.5 * (a + b))
        k3 = slope(_moved(y, 0.5 * h, k2), 0.5 * (a + b))
        k4 = slope(_moved(y, h, k3), b)
        y = tuple(
            v + v.dtype.type(h / 6) * (p + 2 * q + 2 * r + s) for v, p, q, r, s in zip(y, k1, k2, k3, k4, strict=True)
        )
    return y


def _moved(y, h, slope):
    return tuple(v + v.dtype.type(h) * k for v, k in zip(y, slope, strict=True))


def transport(velocity, path, x, cuts):
    """x (N, ...) at cuts[0] carried to cuts[-1] along the ODE: between data and noise, one to one.

    Args:
        velocity: (tensor x_t, t) to the tensor ε̂ − x̂_0.
        cuts: times, rising (encode) or falling (decode).
    """
    taus = [clock(path, t)[0] for t in cuts]

    def slope(y, tau):
        t, scale = _time_of(path, tau)
        return (velocity(Tensor.wrap(y[0] * y[0].dtype.type(scale)), t).numpy(),)

    first, last = (x.dtype.type(clock(path, t)[1]) for t in (cuts[0], cuts[-1]))
    (y,) = runge_kutta(slope, (x / first,), taus)
    return y * last


def log_density(velocity, path, x, steps, probe=None):
    """log p(x) of x (N, ...) at the path's low time, float64 (N,), in nats.

    log p(x) = log N(x_high; 0, prior_std²) + ∫ tr ∂u/∂y dτ and the change of scale between y and x.

    Args:
        velocity: as for `transport`; it must let gradients through.
        steps: of the Runge–Kutta method, evenly in λ.
        probe: signs ±1 of x's shape for Hutchinson's estimate; None: the exact trace.
    """
    cuts = ode_cuts(path, steps)
    taus = [clock(path, t)[0] for t in cuts]

    def slope(y, tau):
        t, scale = _time_of(path, tau)
        here = Tensor.wrap(y[0]).requires_grad_()
        u = velocity(here * scale, t)
        trace = _exact_trace(u, here) if probe is None else _probed_trace(u, here, probe)
        return u.numpy(), trace

    (_, low), (_, high) = clock(path, cuts[0]), clock(path, cuts[-1])
    y, volume = runge_kutta(slope, (x / x.dtype.type(low), np.zeros(len(x))), taus)
    z = np.asarray(y, np.float64).reshape(len(x), -1) * (high / path.prior_std)
    prior = -0.5 * (z * z + math.log(2 * math.pi)).sum(1) - z.shape[1] * math.log(path.prior_std)
    return prior + volume + z.shape[1] * (math.log(high) - math.log(low))


def _time_of(path, tau):
    """t and α + σ where σ/(α + σ) = τ."""
    t = float(path.time_of(2.0 * (math.log1p(-tau) - math.log(tau))))
    return t, clock(path, t)[1]


def _exact_trace(u, y):
    """Σ_d ∂u_d/∂y_d of each datum, float64 (N,): data do not see each other, so one backward pass for each d."""
    n, size = y.shape[0], math.prod(y.shape[1:])
    columns, trace = u.reshape(n, size), np.zeros(n)
    for d in range(size):
        (g,) = grad(columns[:, d].sum(), [y], retain_graph=d < size - 1)
        trace += g.numpy().reshape(n, size)[:, d]
    return trace


def _probed_trace(u, y, probe):
    """vᵀ (∂u/∂y) v of each datum, float64 (N,)."""
    (g,) = grad(u, [y], [Tensor.wrap(probe)])
    return (g.numpy() * probe).reshape(len(probe), -1).sum(1, dtype=np.float64)
