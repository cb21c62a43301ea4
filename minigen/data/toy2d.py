"""Distributions in the plane whose density is known exactly, so that a model's own density can be held against it.

``TOYS`` maps each name to its distribution. All share one face, of a base class:

    labelled(n, rng)  ->  points float64 (n, 2) and the component int64 (n,) that each was drawn from
    sample(n, rng)    ->  the points alone
    log_density(x)    ->  log p(x) in nats, float64 (N,), for x (N, 2)
    components        ->  the number of components
"""

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import final

import numpy as np

from .dataset import DataSet, Split, from_splits

SIZES = {"train": 1_000_000, "validation": 10_000, "test": 100_000}
"""A tenth of the training points would be too few: a spline flow learns them by heart and loses .005 nats on others."""


class Toy(ABC):
    """A distribution in the plane with an exact log-density."""

    components: int

    @abstractmethod
    def labelled(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n points (n, 2) float64, and the component (n,) int64 that each came from."""

    @abstractmethod
    def log_density(self, x: np.ndarray) -> np.ndarray:
        """log p(x) in nats: x (N, 2) -> float64 (N,)."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n independent points (n, 2), float64."""
        return self.labelled(n, rng)[0]


def log_mixture(x: np.ndarray, means: np.ndarray, log_weights: np.ndarray, s: float) -> np.ndarray:
    """log Σ_k w_k N(x; m_k, s² I) in the plane: x (N, 2), means (K, 2), log_weights (K,) -> (N,)."""
    x = np.asarray(x, np.float64)
    towards, constant = means.T / s**2, log_weights - (means**2).sum(axis=1) / (2 * s * s)
    out = np.empty(len(x))
    rows = max(1, 2**16 // len(means))  # half a megabyte of terms at a time, to stay in the cache
    for i in range(0, len(x), rows):
        terms = x[i : i + rows] @ towards + constant  # (n, K), without the part that all share
        top = terms.max(axis=1)
        out[i : i + rows] = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    out -= (x**2).sum(axis=1) / (2 * s * s)
    return out - math.log(2 * math.pi * s * s)


@final
class GaussianMixture(Toy):
    """Round Gaussians of one width s around the means (K, 2), equally likely."""

    def __init__(self, means: np.ndarray, s: float) -> None:
        self.means, self.s, self.components = np.asarray(means, np.float64), s, len(means)

    def labelled(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        k = rng.integers(self.components, size=n)
        return self.means[k] + self.s * rng.standard_normal((n, 2)), k

    def log_density(self, x: np.ndarray) -> np.ndarray:
        return log_mixture(x, self.means, np.full(self.components, -math.log(self.components)), self.s)


@final
class Checkerboard(Toy):
    """Uniform on the eight black squares, of side 2, of a 4×4 board on [−4, 4]²; entropy ln 32 = 3.466 nats."""

    components = 8

    def labelled(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        k = rng.integers(8, size=n)
        row, column = k // 2, 2 * (k % 2) + k // 2 % 2
        # Centres of a grid of 2²⁰ cells a side, which float32 holds exactly: rounding moves no point out of its square.
        u = (rng.integers(2**20, size=(n, 2)) + 0.5) / 2**20
        return 2 * (np.stack([column, row], axis=1) + u) - 4, k

    def log_density(self, x: np.ndarray) -> np.ndarray:
        cell = np.floor((np.asarray(x, np.float64) + 4) / 2)
        black = (cell >= 0).all(axis=1) & (cell < 4).all(axis=1) & (cell.sum(axis=1) % 2 == 0)
        return np.where(black, -math.log(32), -np.inf)


@final
class Rings(Toy):
    """Concentric circles, equally likely, with Gaussian noise along the radius:  x = r (cos φ, sin φ),  r = R_k + s ε.

    A negative r is the opposite point, so with ρ = |x|:  p(x) = 1/K Σ_k [N(ρ; R_k, s²) + N(−ρ; R_k, s²)] / (2π ρ).
    """

    def __init__(self, radii: tuple[float, ...], s: float) -> None:
        self.radii, self.s, self.components = np.array(radii), s, len(radii)

    def labelled(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        k = rng.integers(self.components, size=n)
        r = self.radii[k] + self.s * rng.standard_normal(n)
        phi = rng.uniform(0, 2 * math.pi, n)
        return np.stack([r * np.cos(phi), r * np.sin(phi)], axis=1), k

    def log_density(self, x: np.ndarray) -> np.ndarray:
        rho = np.hypot(*np.asarray(x, np.float64).T)
        signed = np.stack([rho, -rho], axis=1)[:, :, None]  # (N, 2, 1)
        terms = -(((signed - self.radii) / self.s) ** 2) / 2  # (N, 2, K)
        top = terms.max(axis=(1, 2))
        total = top + np.log(np.exp(terms - top[:, None, None]).sum(axis=(1, 2)))
        constant = math.log(self.components * self.s * (2 * math.pi) ** 1.5)
        return total - constant - np.log(np.maximum(rho, np.finfo(float).tiny))


@final
class Pinwheel(Toy):
    """Arms of an elongated Gaussian, turned the further the farther out.

    f ~ N((1, 0), diag(s_r², s_t²)), and x = scale · Rot(2πk/K + rate · exp(|f|)) f. A turn by an angle that depends
    on the radius alone keeps areas, so p(x) is the Gaussian density at the point turned back, over scale².
    """

    def __init__(self, arms: int, radial: float, tangential: float, rate: float, scale: float) -> None:
        self.components, self.radial, self.tangential, self.rate, self.scale = arms, radial, tangential, rate, scale

    def labelled(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        k = rng.integers(self.components, size=n)
        f = rng.standard_normal((n, 2)) * (self.radial, self.tangential) + (1, 0)
        z = f[:, 0] + 1j * f[:, 1]
        z = self.scale * z * np.exp(1j * (2 * math.pi * k / self.components + self.rate * np.exp(np.abs(z))))
        return np.stack([z.real, z.imag], axis=1), k

    def log_density(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, np.float64) / self.scale
        z = x[:, 0] + 1j * x[:, 1]
        turn = 2 * math.pi * np.arange(self.components) / self.components
        f = z[:, None] * np.exp(-1j * (turn + self.rate * np.exp(np.minimum(np.abs(z), 100))[:, None]))  # (N, K)
        terms = -(((f.real - 1) / self.radial) ** 2 + (f.imag / self.tangential) ** 2) / 2
        top = terms.max(axis=1)
        total = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
        return total - math.log(self.components * 2 * math.pi * self.radial * self.tangential * self.scale**2)


class NoisyCurve(Toy):
    """Two curves c_k(t), equally likely, t drawn from its own density on [0, T], plus round Gaussian noise of width s.

    p(x) = 1/2 Σ_k ∫ q(t) N(x; c_k(t), s² I) dt, by Gauss–Legendre quadrature with nodes no farther
    apart than s: more of them change log p by less than 1e-9 within 10 s of a curve.
    """

    components = 2
    end: float
    s: float
    nodes: int

    @abstractmethod
    def inverse_cdf(self, u: np.ndarray) -> np.ndarray:
        """t for a uniform u."""

    @abstractmethod
    def density(self, t: np.ndarray) -> np.ndarray:
        """q(t) on [0, T]."""

    @abstractmethod
    def curve(self, t: np.ndarray, k: np.ndarray) -> np.ndarray:
        """c_k(t): t (n,), k (n,) in {0, 1} -> (n, 2)."""

    def labelled(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        k = rng.integers(2, size=n)
        return self.curve(self.inverse_cdf(rng.random(n)), k) + self.s * rng.standard_normal((n, 2)), k

    def log_density(self, x: np.ndarray) -> np.ndarray:
        return log_mixture(x, *self._mixture, self.s)

    @cached_property
    def _mixture(self) -> tuple[np.ndarray, np.ndarray]:
        node, weight = np.polynomial.legendre.leggauss(self.nodes)
        t = (node + 1) * self.end / 2
        log_weights = np.log(weight * self.end / 4 * self.density(t))
        means = [self.curve(t, np.full(len(t), k)) for k in range(2)]
        return np.concatenate(means), np.concatenate([log_weights, log_weights])


@final
class Moons(NoisyCurve):
    """Two half circles of radius 1 that interlock: (cos t, sin t) and (1 − cos t, 1/2 − sin t), t uniform on [0, π]."""

    end, s, nodes = math.pi, 0.1, 112

    def inverse_cdf(self, u: np.ndarray) -> np.ndarray:
        return self.end * u

    def density(self, t: np.ndarray) -> np.ndarray:
        return np.full(t.shape, 1 / self.end)

    def curve(self, t: np.ndarray, k: np.ndarray) -> np.ndarray:
        sign = 1 - 2 * k
        return np.stack([k + sign * np.cos(t), k / 2 + sign * np.sin(t)], axis=1)


@final
class Spirals(NoisyCurve):
    """Two arms of an Archimedean spiral, ± t (cos t, sin t) / 3, t on [0, 3π] with density 2t / T²."""

    end, s, nodes = 3 * math.pi, 0.1, 448

    def inverse_cdf(self, u: np.ndarray) -> np.ndarray:
        return self.end * np.sqrt(u)

    def density(self, t: np.ndarray) -> np.ndarray:
        return 2 * t / self.end**2

    def curve(self, t: np.ndarray, k: np.ndarray) -> np.ndarray:
        r = (1 - 2 * k) * t / 3
        return np.stack([r * np.cos(t), r * np.sin(t)], axis=1)


_angle = 2 * math.pi * np.arange(8) / 8
_five = 2.0 * np.arange(-2, 3)

TOYS: dict[str, Toy] = {
    # radius 4 and s = .5, both over 1.414 as in most published code; entropy 2.8319 nats
    "8gaussians": GaussianMixture(4 / 1.414 * np.stack([np.cos(_angle), np.sin(_angle)], axis=1), 0.5 / 1.414),
    # the grid of VEEGAN and PacGAN; entropy .0653 nats
    "25gaussians": GaussianMixture(np.stack(np.meshgrid(_five, _five), axis=-1).reshape(25, 2), 0.05),
    "checkerboard": Checkerboard(),
    "moons": Moons(),
    "rings": Rings((0.75, 1.5, 2.25, 3.0), 0.08),
    "pinwheel": Pinwheel(arms=5, radial=0.3, tangential=0.1, rate=0.25, scale=2.0),
    "spirals": Spirals(),
}


def load_toy(name: str, seed: int = 0) -> DataSet:
    """A toy distribution as a data set: float32 (N, 2), labels the component, 1,000,000 / 10,000 / 100,000 points."""
    toy = TOYS[name]
    splits = []
    for part, size in enumerate(SIZES.values()):
        x, labels = toy.labelled(size, np.random.default_rng([seed, part]))
        splits.append(Split(x.astype(np.float32), labels))
    protocol = f"drawn from seed {seed}: {SIZES['train']:,} / {SIZES['validation']:,} / {SIZES['test']:,} points"
    return from_splits(
        name,
        *splits,
        log_density=toy.log_density,
        classes=toy.components,
        provenance=f"Synthetic 2-D distribution {name!r} with its exact density, {protocol}.",
    )
