"""From noise to data: one function and one citation each.

All share one face: ``sampler(denoise, path, x, times, rng)`` walks from x, noise at times[0], down to times[-1] and
yields (x_s, x̂_0) after each step, arrays (N, ...). ``denoise(x_t, t)`` gives (x̂_0, ε̂), and is asked once for each step
(`heun` asks twice). Times come from ``path.times(steps)``; where the last is 0 the last x is the last x̂_0.
"""

from itertools import pairwise

import numpy as np

from ...errors import UserError
from .process import p_mean_variance


def ancestral(denoise, path, x, times, rng, variance="posterior"):
    """x_s ~ p(x_s | x_t), the reverse Markov chain, on all T times or fewer ("respaced").

    Args:
        variance: "posterior" (β̃) or "beta"; see `p_mean_variance`.
    Source: Denoising Diffusion Probabilistic Models. Ho, Jain, Abbeel, 2020, Algorithm 2,
    https://arxiv.org/abs/2006.11239; respacing: Improved DDPM. Nichol, Dhariwal, 2021, https://arxiv.org/abs/2102.09672
    """
    for i, (t, s) in enumerate(pairwise(times)):
        x_0, _ = denoise(x, t)
        mean, v = p_mean_variance(path, x, x_0, s, t, variance)
        # the last step takes the mean
        x = mean if s == 0 else mean + x.dtype.type(np.sqrt(v)) * _noise(rng, i, x)
        yield x, x_0


def ddim(denoise, path, x, times, rng, eta=0.0):
    """x_s = α_s x̂_0 + √(σ_s² − ς²) ε̂ + ς z,  ς = η σ_s √(1 − e^(λ_t − λ_s)): eqs. 12 and 16.

    η = 0 is deterministic and first order; η = 1 is `ancestral` with the posterior's variance.

    Source: Denoising Diffusion Implicit Models. Song, Meng, Ermon, 2021, https://arxiv.org/abs/2010.02502
    """
    for i, (t, s) in enumerate(pairwise(times)):
        x_0, eps = denoise(x, t)
        sigma_s = float(path.sigma(s))
        noisy = eta * sigma_s * np.sqrt(-np.expm1(path.log_snr(t) - path.log_snr(s)))
        x = x.dtype.type(path.alpha(s)) * x_0 + x.dtype.type(np.sqrt(sigma_s**2 - noisy**2)) * eps
        if noisy > 0:
            x = x + x.dtype.type(noisy) * _noise(rng, i, x)
        yield x, x_0


def heun(denoise, path, x, times, rng):
    """Heun's second-order steps of dy/dσ̃ = (y − x̂_0)/σ̃ = ε̂,  y = x/α, σ̃ = σ/α: Algorithm 1, without churn.

    Twice as many evaluations as steps, less one where the last time is 0.

    Source: Elucidating the Design Space of Diffusion-Based Generative Models. Karras et al., 2022,
    https://arxiv.org/abs/2206.00364
    """
    for t, s in pairwise(times):
        alpha_s = x.dtype.type(path.alpha(s))
        y = x / x.dtype.type(path.alpha(t))
        step = x.dtype.type(path.sigma(s) / path.alpha(s) - path.sigma(t) / path.alpha(t))
        x_0, slope = denoise(x, t)
        x = alpha_s * (y + step * slope)
        if s > 0:
            x_0, slope_there = denoise(x, s)
            x = alpha_s * (y + step * 0.5 * (slope + slope_there))
        yield x, x_0


def dpm(denoise, path, x, times, rng):
    """DPM-Solver++(2M): x_s = (σ_s/σ_t) x_t − α_s (e^(−h) − 1) D, D extrapolating x̂_0 from this step and the last.

    h = ½ (λ_s − λ_t), D = (1 + 1/2r) x̂_0 − (1/2r) x̂_0,before, r = h_before/h; the first step, and one to σ = 0, take
    D = x̂_0. Second order with one evaluation a step.

    Source: DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models. Lu et al., 2022,
    Algorithm 2, https://arxiv.org/abs/2211.01095
    """
    before = h_before = None
    for t, s in pairwise(times):
        x_0, _ = denoise(x, t)
        h = 0.5 * (path.log_snr(s) - path.log_snr(t))
        direction = x_0
        if before is not None and s > 0:
            direction = x_0 + x.dtype.type(0.5 * h / h_before) * (x_0 - before)
        ratio = x.dtype.type(path.sigma(s) / path.sigma(t))
        x = ratio * x - x.dtype.type(path.alpha(s) * np.expm1(-h)) * direction
        before, h_before = x_0, h
        yield x, x_0


def euler(denoise, path, x, times, rng):
    """x_s = x_t + (s − t) û, û = ε̂ − x̂_0, the velocity of the straight path.

    Source: Flow Straight and Fast. Liu, Gong, Liu, 2022, https://arxiv.org/abs/2209.03003
    """
    for t, s in pairwise(times):
        x_0, eps = denoise(x, t)
        x = x + x.dtype.type(s - t) * (eps - x_0)
        yield x, x_0


SAMPLERS = {"ancestral": ancestral, "ddim": ddim, "heun": heun, "dpm": dpm, "euler": euler}


def sampler_for(path, name):
    """The function of a sampler's name; None gives the path's habit.

    Raises:
        UserError: there is none of that name, or the path does not allow it.
    """
    name = path.samplers[0] if name is None else name
    if name not in SAMPLERS:
        raise UserError(f"there is no sampler {name!r}; choose one of: {', '.join(SAMPLERS)}")
    if name not in path.samplers:
        raise UserError(
            f"the sampler {name!r} does not walk this path ({type(path).__name__}); it allows: "
            f"{', '.join(path.samplers)}"
        )
    return SAMPLERS[name]


def _noise(rng, i, x):
    """z ~ N(0, 1) of step i, as x."""
    return rng.child(f"step {i}").normal(x.shape, x.dtype)  # not `at`: the stream may be one of many steps
