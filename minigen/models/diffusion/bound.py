"""The variational bound of a diffusion model: −log p(x) ≤ L_T + Σ L_t + L_0, in nats.

A path cut at times t_1 < … < t_T is a chain of T Gaussian latents. For DDPM's own T times (DDPM eq. 5):

    L_T  KL(q(x_T | x_0) ‖ p(x_T))                        what the last latent still knows of the datum
    L_t  Σ KL(q(x_s | x_t, x_0) ‖ p(x_s | x_t)) = Σ ½ (SNR_s − SNR_t) ‖x_0 − x̂_0(x_t)‖²       (VDM eq. 13)
    L_0  −log p(x_0 | x_1), N(x̂_0, σ_1²/α_1²) on the data's own grey levels (DDPM eq. 13), or a density of real numbers

The middle sum may be estimated from a few of its terms, drawn with probability ∝ λ_s − λ_t: then each counts
about ½ ‖ε − ε̂‖², and none rules the variance.

Mind σ_1: with DDPM's .01 and 256 levels even a perfect x̂_0 gives an exactly black pixel only
P = Φ(½ · 2/255/.01) = .65, which costs .62 bit; the schedule's end points belong beside the number.

References:
    Denoising Diffusion Probabilistic Models (DDPM). Ho, Jain, Abbeel, 2020, https://arxiv.org/abs/2006.11239
    Variational Diffusion Models (VDM). Kingma, Salimans, Poole, Ho, 2021, https://arxiv.org/abs/2107.00630
"""

import math

import numpy as np

from ...errors import UserError
from .process import q_sample

_erfc = np.frompyfunc(math.erfc, 1, 1)


def variational_bound(denoise, path, x_0, rng, levels=None, steps=1000, samples=None):
    """{"L_T", "L_t", "L_0"} of data x_0 (N, ...) in the network's units, each (N,) float64, in nats.

    Args:
        denoise: (x_t, t (N,)) to (x̂_0, ε̂).
        rng: a `Stream`, for the noise and the draw of terms.
        levels: grey levels between −1 and 1; None: x_0 are real numbers.
        steps: T, where to cut the path: evenly in λ, or at the path's own T times; see also `Path.finest`.
        samples: terms of L_t to draw for each datum; None: all of them, each with one noise.
    """
    if samples is not None and samples < 1:
        raise UserError(f"the bound got samples={samples}; it needs at least 1 evaluation for each datum")
    cuts = bound_cuts(path, levels, steps)
    middle = _all_terms if samples is None or samples >= len(cuts) - 1 else _drawn_terms
    return {
        "L_T": prior_kl(path, x_0),
        "L_t": middle(denoise, path, x_0, rng, cuts, samples),
        "L_0": decoder_nll(denoise, path, x_0, rng, cuts[0], levels),
    }


def bound_cuts(path, levels, steps):
    """The times t_1 < … < t_T, at most ``steps`` of them, where the path is cut for data of so many grey levels."""
    return path.cuts(max(steps, 2), path.finest(levels))


def prior_kl(path, x_0):
    """L_T = KL(N(α_T x_0, σ_T²) ‖ N(0, prior_std²)), (N,)."""
    alpha, sigma, prior = float(path.alpha(path.high)), float(path.sigma(path.high)), path.prior_std
    ratio = (sigma / prior) ** 2
    kl = (alpha * np.asarray(x_0, np.float64) / prior) ** 2 + ratio - 1.0 - math.log(ratio)
    return 0.5 * _per_datum(kl)


def _all_terms(denoise, path, x_0, rng, cuts, samples):
    total = np.zeros(len(x_0))
    for i in range(1, len(cuts)):
        index = np.full(len(x_0), i)
        total += _term(denoise, path, x_0, rng.child(f"term {i}"), cuts, index)
    return total


def _drawn_terms(denoise, path, x_0, rng, cuts, samples):
    """Σ over stratified draws: the j-th of k terms comes from the j-th k-th of the distribution."""
    share = -np.diff(path.log_snr(cuts))
    cumulative = np.append(0.0, np.cumsum(share / share.sum()))
    cumulative[-1] = 1.0
    total = np.zeros(len(x_0))
    offset = rng.child("offset").uniform((len(x_0),), np.float64)
    for j in range(samples):
        index = np.searchsorted(cumulative, (j + offset) / samples, side="right")
        probability = cumulative[index] - cumulative[index - 1]
        total += _term(denoise, path, x_0, rng.child(f"draw {j}"), cuts, index) / (samples * probability)
    return total


def _term(denoise, path, x_0, rng, cuts, index):
    """½ (SNR_s − SNR_t) ‖x_0 − x̂_0(x_t)‖² at t = cuts[index], s = cuts[index − 1], (N,)."""
    s, t = cuts[index - 1], cuts[index]
    x_t = q_sample(path, x_0, t, rng.normal(x_0.shape, x_0.dtype))
    error = _per_datum(np.square(x_0 - denoise(x_t, t)[0], dtype=np.float64))
    gap = np.exp(path.log_snr(t)) * np.expm1(path.log_snr(s) - path.log_snr(t))
    return 0.5 * gap * error


def decoder_nll(denoise, path, x_0, rng, t, levels):
    """L_0 = −log p(x_0 | x_t) at the first time t, (N,): N(x̂_0, σ²/α²), discretised where there are levels."""
    t = np.full(len(x_0), t)
    x_t = q_sample(path, x_0, t, rng.child("decoder").normal(x_0.shape, x_0.dtype))
    mean = denoise(x_t, t)[0].astype(np.float64)
    std = float(path.sigma(t[0]) / path.alpha(t[0]))
    if levels is None:
        z = (x_0 - mean) / std
        return _per_datum(0.5 * (z * z + math.log(2 * math.pi)) + math.log(std))
    return _per_datum(-log_discretised_normal(np.asarray(x_0, np.float64), mean, std, levels))


def log_discretised_normal(x, mean, std, levels):
    """log P(x) = log(Φ((x + δ − μ)/σ) − Φ((x − δ − μ)/σ)), elementwise, δ = 1/(levels − 1); in nats.

    x lies on ``levels`` values from −1 to 1; the first and the last take the tails, so that probabilities sum to 1.
    """
    half = 1.0 / (levels - 1)
    upper = np.where(x > 1 - half, np.inf, (x + half - mean) / std)
    lower = np.where(x < -1 + half, -np.inf, (x - half - mean) / std)
    flip = upper + lower > 0  # the left tail keeps its digits
    upper, lower = np.where(flip, -lower, upper), np.where(flip, -upper, lower)
    log_upper = log_ndtr(upper)
    return log_upper + np.log1p(-np.exp(log_ndtr(lower) - log_upper))


def log_ndtr(z):
    """log Φ(z), of the standard normal's distribution function; far left by its asymptotic series."""
    z = np.asarray(z, np.float64)
    near = np.log(0.5 * np.asarray(_erfc(np.maximum(z, -37.0) / -math.sqrt(2.0)), np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.minimum(z, -37.0)
        series = -0.5 * far * far - np.log(-far * math.sqrt(2 * math.pi)) + np.log1p(-1 / (far * far))
    return np.where(z > -37.0, near, series)


def _per_datum(values):
    return values.reshape(len(values), -1).sum(1)
