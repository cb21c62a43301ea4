"""What a network may predict, and what its errors weigh.

Given x_t = α x_0 + σ ε, any one of these determines all others, and each is linear in the network's output F:

    eps   F = ε                                                     DDPM
    x0    F = x_0
    v     F = α ε − σ x_0                                           progressive distillation, where α² + σ² = 1
    u     F = ε − x_0, the velocity of the straight path            rectified flow
    edm   F = (x_0 − c_skip x_t)/c_out, of variance 1 at any noise  EDM, Table 1

So x̂_0 = skip · x_t + out · F with two numbers for each time, and an error of F is out times one of x_0. A weight w of
‖x_0 − x̂_0‖² thus is the weight w out² of ‖F − F̂‖²: one table serves all predictions.

References:
    Progressive Distillation for Fast Sampling of Diffusion Models. Salimans, Ho, 2022, https://arxiv.org/abs/2202.00512
    Elucidating the Design Space of Diffusion-Based Generative Models (EDM). Karras et al., 2022,
    https://arxiv.org/abs/2206.00364
    Efficient Diffusion Training via Min-SNR Weighting Strategy. Hang et al., 2023, https://arxiv.org/abs/2303.09556
    Variational Diffusion Models (VDM). Kingma, Salimans, Poole, Ho, 2021, https://arxiv.org/abs/2107.00630
"""

import numpy as np

from .process import beside


def _eps(alpha, sigma, sigma_data):
    return 1 / alpha, -sigma / alpha


def _x0(alpha, sigma, sigma_data):
    return np.zeros_like(alpha), np.ones_like(alpha)


def _v(alpha, sigma, sigma_data):
    total = alpha**2 + sigma**2
    return alpha / total, -sigma / total


def _u(alpha, sigma, sigma_data):
    return 1 / (alpha + sigma), -sigma / (alpha + sigma)


def _edm(alpha, sigma, sigma_data):
    total = (alpha * sigma_data) ** 2 + sigma**2
    return alpha * sigma_data**2 / total, sigma * sigma_data / np.sqrt(total)


PREDICTIONS = {"eps": _eps, "x0": _x0, "v": _v, "u": _u, "edm": _edm}


class Prediction:
    """The meaning of a network's output on a path.

    Args:
        name: a key of `PREDICTIONS`.
        path: a `Path`.
        sigma_data: the deviation of the data as the path sees them; "edm" needs it.
    """

    def __init__(self, name, path, sigma_data=1.0):
        self.name, self.path, self.sigma_data = name, path, sigma_data

    def coefficients(self, t):
        """(skip, out) of x̂_0 = skip · x_t + out · F, float64 of the shape of t."""
        alpha, sigma = (np.asarray(part, np.float64) for part in (self.path.alpha(t), self.path.sigma(t)))
        return PREDICTIONS[self.name](alpha, sigma, self.sigma_data)

    def target(self, x_0, eps, t):
        """The F that is right: for x_0, ε (N, ...) and t () or (N,); solved for F without dividing by σ."""
        alpha, sigma = np.asarray(self.path.alpha(t)), np.asarray(self.path.sigma(t))
        if self.name == "edm":  # (1 − α c_skip)/c_out and −σ c_skip/c_out
            root = np.sqrt((alpha * self.sigma_data) ** 2 + sigma**2)
            return (
                beside(sigma / (self.sigma_data * root), x_0) * x_0 - beside(alpha * self.sigma_data / root, x_0) * eps
            )
        of_data, of_noise = {"eps": (0, 1), "x0": (1, 0), "v": (-sigma, alpha), "u": (-1, 1)}[self.name]
        return beside(of_data, x_0) * x_0 + beside(of_noise, x_0) * eps

    def x_0(self, x_t, out, t):
        """x̂_0 (N, ...) of x_t and the network's output."""
        skip, scale = self.coefficients(t)
        return beside(skip, x_t) * x_t + beside(scale, x_t) * out

    def eps(self, x_t, out, t):
        """ε̂ (N, ...) of x_t and the network's output."""
        if self.name == "eps":
            return out
        if self.name in ("u", "v"):  # where α or σ is 0 these still know both
            alpha, sigma = np.asarray(self.path.alpha(t)), np.asarray(self.path.sigma(t))
            skip, scale = (1, alpha) if self.name == "u" else (sigma, alpha)
            total = alpha + sigma if self.name == "u" else alpha**2 + sigma**2
            return (beside(skip, x_t) * x_t + beside(scale, x_t) * out) / beside(total, x_t)
        return eps_of(self.path, x_t, self.x_0(x_t, out, t), t)


def eps_of(path, x_t, x_0, t):
    """ε = (x_t − α_t x_0)/σ_t, (N, ...); t () or (N,), above 0."""
    return (x_t - beside(path.alpha(t), x_t) * x_0) / beside(path.sigma(t), x_t)


def _simple(path, t, out, gamma):
    return np.ones_like(out)


def _min_snr(path, t, out, gamma):
    return np.minimum(np.exp(path.log_snr(t)), gamma) * out**2


def _bound(path, t, out, gamma):
    snr = np.exp(path.log_snr(t))
    return -0.5 * path.log_snr_slope(t) / path.density(t) * snr * out**2


WEIGHTS = {"simple": _simple, "min-snr": _min_snr, "bound": _bound}


def weight(name, prediction, t, gamma=5.0):
    """w(t), (N,), of ‖F − F̂‖² for the times t (N,) of training.

    simple: 1 (DDPM eq. 14). min-snr: min(SNR, γ) of ‖x_0 − x̂_0‖². bound: −½ dλ/dt ‖ε − ε̂‖² over the density of t,
    whose mean is the variational bound, in nats (VDM eq. 17).
    """
    _, out = prediction.coefficients(t)
    return WEIGHTS[name](prediction.path, t, out, gamma)
