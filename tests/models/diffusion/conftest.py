"""Data whose best denoiser is known: a Gaussian, N(mean, std²) for each value."""

from dataclasses import dataclass

import numpy as np
import pytest

from minigen.models.diffusion.paths import PATHS


@dataclass(frozen=True)
class Gaussian:
    """x_0 ~ N(mean, std²), and E[x_0 | x_t] on a path."""

    mean: float = 0.7
    std: float = 0.6

    def gain(self, path, t):
        """k of x̂_0 = mean + k (x_t − α mean)."""
        alpha, sigma = path.alpha(t), path.sigma(t)
        return alpha * self.std**2 / (alpha**2 * self.std**2 + sigma**2)

    def denoiser(self, path):
        """(x_t, t) to (x̂_0, ε̂), exact."""

        def denoise(x, t):
            t = np.asarray(t, np.float64)
            t = t.reshape(t.shape + (1,) * (x.ndim - t.ndim)) if t.ndim else t
            x_0 = self.mean + self.gain(path, t) * (x - path.alpha(t) * self.mean)
            return x_0, (x - path.alpha(t) * x_0) / path.sigma(t)

        return denoise

    def marginal_std(self, path, t):
        """Of x_t."""
        return np.hypot(path.alpha(t) * self.std, path.sigma(t))


@pytest.fixture(scope="session")
def gaussian():
    return Gaussian()


@pytest.fixture(params=sorted(PATHS))
def path(request):
    return PATHS[request.param]()
