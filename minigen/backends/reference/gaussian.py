"""Normal distributions of independent elements: the standard log-density, a draw, and how far one is from standard."""

import math

import numpy as np

from .reduce import sum

LOG_2PI = math.log(2 * math.pi)


def standard_normal_log_prob(z):
    """−½ Σ_d (log 2π + z²): z (M, D) to (M,)."""
    return (np.einsum("md,md->m", z, z) + LOG_2PI * z.shape[1]) * -0.5


def standard_normal_log_prob_grad(g, z):
    """−g z of g (M,) and z (M, D)."""
    return -(g[:, None] * z)


def gaussian_bottleneck(statistics, epsilon):
    """z = μ + σ ε (…, Z) and KL = ½ Σ (μ² + σ² − log σ² − 1) (…), over the last axis.

    statistics (…, 2 Z) are all μ before all l = log σ²; epsilon broadcasts with them.
    """
    mu, logvar = np.split(statistics, 2, axis=-1)
    z = mu + np.exp(logvar * 0.5) * epsilon
    return z, 0.5 * np.sum(np.square(mu) + np.exp(logvar) - logvar - 1, axis=-1)


def gaussian_bottleneck_grad(g, g_kl, statistics, epsilon):
    """The gradient in the statistics, given those of z and KL.

    ∂μ = Σ g + g_kl μ and ∂l = ½ (σ Σ g ε + g_kl (σ² − 1)), each sum over the axes along which epsilon is longer.
    """
    mu, logvar = np.split(statistics, 2, axis=-1)
    axes = tuple(range(g.ndim - mu.ndim))
    axes += tuple(i - mu.ndim for i, n in enumerate(mu.shape) if n == 1 and g.shape[i - mu.ndim] != 1)
    by_z = [sum(a, axis=axes, keepdims=True).reshape(mu.shape) for a in (g, g * epsilon)]
    by_mu = by_z[0] + g_kl[..., None] * mu
    by_logvar = 0.5 * (np.exp(logvar * 0.5) * by_z[1] + g_kl[..., None] * (np.exp(logvar) - 1))
    return np.concatenate((by_mu, by_logvar), axis=-1)
