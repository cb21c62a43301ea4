"""The one table of Gaussian paths from data to noise: x_t = α_t x_0 + σ_t ε,  ε ~ N(0, 1).

Time t = 0 is the data (α = 1, σ = 0). All else is read off the log signal-to-noise ratio λ(t) = log α²/σ², which
falls as t grows; in λ two paths differ in nothing but a scale of x and a clock (Kingma et al., VDM).

    name     t            α            σ          what falls, and who proposed it
    linear   1 … T        √ᾱ           √(1 − ᾱ)   β from 1e-4 to .02, DDPM
    cosine   1 … T        √ᾱ           √(1 − ᾱ)   ᾱ a squared cosine, improved DDPM
    vp       (0, 1]       e^(−B/2)     √(1 − α²)  B = ∫β, the variance-preserving SDE
    edm      σ itself     1            t          the variance-exploding SDE as EDM writes it
    flow     (0, 1]       1 − t        t          straight lines: rectified flow, flow matching

References:
    Denoising Diffusion Probabilistic Models (DDPM). Ho, Jain, Abbeel, 2020, https://arxiv.org/abs/2006.11239
    Improved Denoising Diffusion Probabilistic Models. Nichol, Dhariwal, 2021, https://arxiv.org/abs/2102.09672
    Score-Based Generative Modeling through Stochastic Differential Equations. Song et al., 2021,
    https://arxiv.org/abs/2011.13456
    Variational Diffusion Models (VDM). Kingma, Salimans, Poole, Ho, 2021, https://arxiv.org/abs/2107.00630
    Elucidating the Design Space of Diffusion-Based Generative Models (EDM). Karras et al., 2022,
    https://arxiv.org/abs/2206.00364
    Flow Straight and Fast. Liu, Gong, Liu, 2022, https://arxiv.org/abs/2209.03003; Flow Matching for Generative
    Modeling. Lipman et al., 2022, https://arxiv.org/abs/2210.02747
"""

import math
from statistics import NormalDist

import numpy as np

from ...errors import UserError
from .path import Path, sigmoid


class Discrete(Path):
    """T steps with ᾱ_t from a table: t = 1 … T, and t = 0 the data.

    Between whole times, which an ODE's solver visits, λ is interpolated.

    Args:
        betas: (T,), the variances of q(x_t | x_{t−1}), float64.
    Raises:
        UserError: one of them lies outside (0, 1): ᾱ would not fall.
    """

    def __init__(self, betas):
        self.betas = np.asarray(betas, np.float64)
        wrong = self.betas[~((self.betas > 0) & (self.betas < 1))]
        if wrong.size or not self.betas.size:
            raise UserError(
                f"this schedule is not monotone in log-SNR: it holds the beta {wrong[0] if wrong.size else None};"
                " each must lie strictly between 0 and 1"
            )
        self.alpha_bar = np.concatenate([[1.0], np.cumprod(1.0 - self.betas)])  # ᾱ_0 … ᾱ_T
        self.steps = len(self.betas)
        self.low, self.high = 1.0, float(self.steps)
        log_alpha_bar = np.cumsum(np.log1p(-self.betas))
        self._log_snr = log_alpha_bar - np.log(-np.expm1(log_alpha_bar))  # λ_1 … λ_T
        self._slope = np.gradient(self._log_snr) if self.steps > 1 else -np.ones(1)
        self._whole = np.arange(1.0, self.steps + 1)

    def log_snr(self, t):
        t = np.asarray(t, np.float64)
        return np.where(t == 0, np.inf, np.interp(t, self._whole, self._log_snr))

    def log_snr_slope(self, t):
        return np.interp(t, self._whole, self._slope)

    def time_of(self, log_snr):
        return np.interp(-np.asarray(log_snr), -self._log_snr, self._whole)

    def draw(self, u):
        return np.minimum(np.floor(np.asarray(u) * self.steps) + 1.0, self.steps)

    def density(self, t):
        return np.full(np.shape(t), 1.0 / self.steps)

    def cuts(self, count, low=None):
        if count == self.steps:
            return self._whole[self._whole >= (low or 1.0)]
        return super().cuts(count, low)

    def finest(self, levels=None):
        return float(np.ceil(super().finest(levels)))

    def times(self, steps):
        """``steps`` of the T times, evenly spread, the last of them T: respacing ("trailing").

        Source: Common Diffusion Noise Schedules and Sample Steps are Flawed. Lin et al., 2023,
        https://arxiv.org/abs/2305.08891
        """
        self._check_steps(steps, self.steps)
        return np.floor(np.arange(steps, -1, -1) * self.steps / steps + 0.5)

    def network_time(self, t):
        return (np.asarray(t, np.float64) - 1.0) * (1000.0 / self.steps)  # 0 … 999, as in the published code


class LinearPath(Discrete):
    """β_t evenly from 1e-4 to .02 (DDPM, section 4), scaled by 1000/T for other T, at most .999."""

    def __init__(self, steps=1000, betas=(1e-4, 0.02)):
        scale = 1000.0 / steps
        super().__init__(np.minimum(np.linspace(scale * betas[0], scale * betas[1], steps), 0.999))


class CosinePath(Discrete):
    """ᾱ_t = f(t)/f(0), f(t) = cos²(π/2 · (t/T + s)/(1 + s)), β at most .999 (improved DDPM eq. 17)."""

    def __init__(self, steps=1000, s=0.008):
        f = np.cos(0.5 * np.pi * (np.arange(steps + 1) / steps + s) / (1 + s)) ** 2
        super().__init__(np.minimum(1.0 - f[1:] / f[:-1], 0.999))


class VPPath(Path):
    """dx = −½ β(t) x dt + √β(t) dw, β(t) = b₀ + t (b₁ − b₀): α = e^(−B/2), B = ∫₀ᵗ β (Song et al. eq. 33)."""

    low, high = 1e-4, 1.0

    def __init__(self, betas=(0.1, 20.0)):
        self.start, self.rise = betas[0], betas[1] - betas[0]
        self.check()

    def _integral(self, t):
        return t * (self.start + 0.5 * self.rise * t)

    def log_snr(self, t):
        t = np.asarray(t, np.float64)
        with np.errstate(divide="ignore"):
            return -np.log(np.expm1(self._integral(t)))

    def log_snr_slope(self, t):
        t = np.asarray(t, np.float64)
        return (self.start + self.rise * t) / np.expm1(-self._integral(t))

    def time_of(self, log_snr):
        integral = np.logaddexp(0.0, -np.asarray(log_snr))
        return 2 * integral / (self.start + np.sqrt(self.start**2 + 2 * self.rise * integral))

    def draw(self, u):
        return self.low + (self.high - self.low) * np.asarray(u, np.float64)

    def density(self, t):
        return np.full(np.shape(t), 1.0 / (self.high - self.low))

    def times(self, steps):
        return np.append(np.linspace(self.high, self.low, self._check_steps(steps)), 0.0)


class EDMPath(Path):
    """α = 1 and t = σ: data plus noise from σ_min to σ_max, trained at log-normal σ (Karras et al., Table 1).

    Args:
        sigmas: the least and the largest σ.
        log_sigma: mean and deviation of ln σ in training. Noise at which nothing is left to decide is learned in vain.
    """

    prediction = "edm"
    samplers = ("heun", "ddim", "ancestral", "dpm")
    rho = 7.0

    def __init__(self, sigmas=(0.002, 80.0), log_sigma=(-1.2, 1.2)):
        if not 0 < sigmas[0] < sigmas[1] < math.inf:
            raise UserError(
                f"this schedule is not monotone in log-SNR: sigmas are {sigmas}; the second must be above the first,"
                " both above 0"
            )
        if not (math.isfinite(log_sigma[0]) and 0 < log_sigma[1] < math.inf):
            raise UserError(f"log_sigma is {log_sigma}; wanted a mean of ln sigma and a positive deviation")
        self.low, self.high = map(float, sigmas)
        self.log_sigma = NormalDist(*log_sigma)
        self.prior_std = self.high

    def alpha(self, t):
        return np.ones_like(np.asarray(t, np.float64))

    def sigma(self, t):
        return np.asarray(t, np.float64)

    def log_snr(self, t):
        with np.errstate(divide="ignore"):
            return -2.0 * np.log(np.asarray(t, np.float64))

    def log_snr_slope(self, t):
        return -2.0 / np.asarray(t, np.float64)

    def time_of(self, log_snr):
        return np.exp(-0.5 * np.asarray(log_snr))

    def draw(self, u):
        u = np.clip(u, 1e-9, 1 - 1e-9)
        return np.exp([self.log_sigma.inv_cdf(v) for v in np.ravel(u)]).reshape(np.shape(u))

    def density(self, t):
        z = (np.log(t) - self.log_sigma.mean) / self.log_sigma.stdev
        return np.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * self.log_sigma.stdev * np.asarray(t))

    def times(self, steps):
        """σ_i = (σ_max^(1/ρ) + i/(n − 1) (σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ, then 0 (Karras et al. eq. 5)."""
        ends = np.array([self.high, self.low]) ** (1 / self.rho)
        return np.append(np.linspace(*ends, self._check_steps(steps)) ** self.rho, 0.0)

    def network_time(self, t):
        return 250.0 * np.log(t)  # c_noise = ¼ log σ, on the scale of the embedding

    def input_scale(self, t, sigma_data):
        return 1.0 / np.sqrt(np.asarray(t, np.float64) ** 2 + sigma_data**2)


class FlowPath(Path):
    """α = 1 − t, σ = t: the straight line from a datum to its noise (Liu et al. eq. 1)."""

    low, high = 1e-3, 1.0 - 1e-3
    prediction = "u"
    samplers = ("euler", "ddim")

    def alpha(self, t):
        return 1.0 - np.asarray(t, np.float64)

    def sigma(self, t):
        return np.asarray(t, np.float64)

    def log_snr(self, t):
        t = np.asarray(t, np.float64)
        with np.errstate(divide="ignore"):
            return 2.0 * (np.log1p(-t) - np.log(t))

    def log_snr_slope(self, t):
        t = np.asarray(t, np.float64)
        return -2.0 / (t * (1.0 - t))

    def time_of(self, log_snr):
        return sigmoid(-0.5 * np.asarray(log_snr))

    def draw(self, u):
        return self.low + (self.high - self.low) * np.asarray(u, np.float64)

    def density(self, t):
        return np.full(np.shape(t), 1.0 / (self.high - self.low))

    def times(self, steps):
        return np.linspace(1.0, 0.0, self._check_steps(steps) + 1)


PATHS = {"linear": LinearPath, "cosine": CosinePath, "vp": VPPath, "edm": EDMPath, "flow": FlowPath}
