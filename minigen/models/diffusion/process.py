"""What a Gaussian path says about x_t: the noising q, its posterior, and the reverse step p, in float64.

For times s < t (DDPM's are s = t − 1) and λ = log α²/σ²:

    q(x_t | x_0)      = N(α_t x_0, σ_t²)                                             (DDPM eq. 4)
    q(x_s | x_t, x_0) = N(α_s c x_0 + (σ_s²/σ_t²)(α_t/α_s) x_t,  σ_s² c)             (DDPM eqs. 6, 7)
    c                 = 1 − e^(λ_t − λ_s)                                            (VDM eqs. 30–33)

References:
    Denoising Diffusion Probabilistic Models (DDPM). Ho, Jain, Abbeel, 2020, https://arxiv.org/abs/2006.11239
    Variational Diffusion Models (VDM). Kingma, Salimans, Poole, Ho, 2021, https://arxiv.org/abs/2107.00630
"""

import numpy as np

from ...errors import UserError


def beside(values, x):
    """Numbers () or (N,), one for each datum, in x's dtype and ready to multiply x (N, ...)."""
    values = np.asarray(values)
    return values.reshape(values.shape + (1,) * (x.ndim - 1) if values.ndim else ()).astype(x.dtype)


def q_sample(path, x_0, t, eps):
    """x_t = α_t x_0 + σ_t ε (DDPM eq. 4): x_0, ε (N, ...), t () or (N,), to (N, ...)."""
    return beside(path.alpha(t), x_0) * x_0 + beside(path.sigma(t), x_0) * eps


def posterior_coefficients(path, s, t):
    """(a, b, v) of q(x_s | x_t, x_0) = N(a x_0 + b x_t, v), float64 of the shape of s and t; s < t."""
    alpha_s, alpha_t, sigma_s, sigma_t = path.alpha(s), path.alpha(t), path.sigma(s), path.sigma(t)
    c = -np.expm1(path.log_snr(t) - path.log_snr(s))
    return alpha_s * c, (sigma_s / sigma_t) ** 2 * alpha_t / alpha_s, sigma_s**2 * c


def q_posterior(path, x_0, x_t, s, t):
    """The mean (N, ...) and variance () or (N,) of q(x_s | x_t, x_0); x_0, x_t (N, ...), s < t () or (N,)."""
    a, b, variance = posterior_coefficients(path, s, t)
    return beside(a, x_0) * x_0 + beside(b, x_t) * x_t, variance


def p_mean_variance(path, x_t, x_0_hat, s, t, variance="posterior"):
    """The mean (N, ...) and variance of p(x_s | x_t), the posterior with the predicted x̂_0 in x_0's place.

    Args:
        variance: "posterior", β̃, or "beta", σ_t² − (α_t/α_s)² σ_s², the two choices of DDPM, section 3.2.
    """
    mean, posterior = q_posterior(path, x_0_hat, x_t, s, t)
    if variance == "posterior":
        return mean, posterior
    if variance != "beta":
        raise UserError(f"variance is {variance!r}; it must be 'posterior' or 'beta'")
    return mean, path.sigma(t) ** 2 * -np.expm1(path.log_snr(t) - path.log_snr(s))
