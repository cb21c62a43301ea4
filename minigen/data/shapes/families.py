"""Families of closed outlines: from a few parameters to points along a curve, with the range its members keep to.

A family's `curve` takes its parameters (N, K) and gives M points (N, M, 2) once round, counter-clockwise, the last
not repeating the first. `area` and `aspect` are the ranges that outlines of the family keep to after ``generate`` has
centred and scaled them (found from 20,000 draws of each, and widened a little).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

M = 1024  # points of the fine curve, before it is resampled at equal steps
TURN = 2 * np.pi * np.arange(M) / M


@dataclass(frozen=True)
class Family:
    """curve and parameters {name: (low, high)} of a family; area and aspect ranges of its valid outlines.

    `area` is enclosed area with the farthest point at distance 1 from the centre; `aspect` the ratio (at least 1) of
    the standard deviations of the enclosed area along its principal axes. `integers` names parameters that are whole
    numbers.
    """

    name: str
    curve: Callable[[np.ndarray], np.ndarray]
    parameters: dict[str, tuple[float, float]]
    area: tuple[float, float]
    aspect: tuple[float, float]
    integers: tuple[str, ...] = ()

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n parameter rows (n, K), uniform on their ranges (ends included for integers)."""
        columns = [
            rng.integers(int(low), int(high) + 1, n) if name in self.integers else rng.uniform(low, high, n)
            for name, (low, high) in self.parameters.items()
        ]
        return np.stack(columns, axis=1).astype(np.float64)


def polar(r: np.ndarray) -> np.ndarray:
    """Points (N, M, 2) at radius r (N, M) and angle 2πm/M."""
    return np.stack([r * np.cos(TURN), r * np.sin(TURN)], axis=-1)


def through(corners: np.ndarray) -> np.ndarray:
    """M points (N, M, 2) on the polygon with the corners (N, K, 2): equally many, as near as can be, on each side."""
    k = corners.shape[1]
    at = np.arange(M) * k / M
    i, share = at.astype(int), (at % 1)[:, None]
    return corners[:, i] * (1 - share) + corners[:, (i + 1) % k] * share


def _signed_power(x: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.sign(x) * np.abs(x) ** p


def ellipse(p: np.ndarray) -> np.ndarray:
    """(cos t, b sin t)."""
    b = p[:, :1]
    return np.stack([np.broadcast_to(np.cos(TURN), (len(p), M)), b * np.sin(TURN)], axis=-1)


def superellipse(p: np.ndarray) -> np.ndarray:
    """|x|ⁿ + |y / b|ⁿ = 1 (Lamé's curve)."""
    b, power = p[:, :1], 2 / p[:, 1:2]
    return np.stack([_signed_power(np.cos(TURN), power), b * _signed_power(np.sin(TURN), power)], axis=-1)


def polygon(p: np.ndarray) -> np.ndarray:
    """The regular polygon of n sides:  r(θ) = cos(π/n) / cos((θ mod 2π/n) − π/n)."""
    sector = 2 * np.pi / p[:, :1]
    return polar(np.cos(sector / 2) / np.cos(TURN % sector - sector / 2))


def star(p: np.ndarray) -> np.ndarray:
    """n tips on the unit circle joined by straight lines to n notches at radius `depth`."""
    n, depth = p[:, :1], p[:, 1:2]
    half = np.pi / n
    phi = np.abs((TURN + half) % (2 * half) - half)  # angle from the nearest tip, 0 … π/n
    return polar(depth * np.sin(half) / (depth * np.sin(half - phi) + np.sin(phi)))


def gear(p: np.ndarray) -> np.ndarray:
    """Teeth with rounded flanks:  r(θ) = 1 + h tanh(4 sin nθ)."""
    n, height = p[:, :1], p[:, 1:2]
    return polar(1 + height * np.tanh(4 * np.sin(n * TURN)))


def rounded_rectangle(p: np.ndarray) -> np.ndarray:
    """The rectangle [−1, 1] × [−b, b] with corners of radius `rounding` · b."""
    b = p[:, 0]
    radius = (p[:, 1] * b)[:, None]
    quarter = np.pi / 2 * np.linspace(0, 1, 16)
    angles = np.concatenate([quarter + k * np.pi / 2 for k in range(4)])
    sx, sy = np.repeat([1, -1, -1, 1], 16), np.repeat([1, 1, -1, -1], 16)
    x = sx * (1 - radius) + radius * np.cos(angles)
    y = sy * (b[:, None] - radius) + radius * np.sin(angles)
    return through(np.stack([x, y], axis=-1))


def airfoil(p: np.ndarray) -> np.ndarray:
    """The NACA 4-digit section of camber m at chord position q and thickness t, its trailing edge closed.

    Reference: "The Characteristics of 78 Related Airfoil Sections from Tests in the Variable-Density Wind Tunnel",
    Jacobs, Ward, Pinkerton, NACA Report 460, 1933, https://ntrs.nasa.gov/citations/19930091108.
    """
    m, q, t = p[:, :1], p[:, 1:2], p[:, 2:3]
    x = (1 + np.cos(TURN)) / 2  # from the trailing edge over the upper side to the nose and back below
    side = np.where(np.arange(M) <= M // 2, 1.0, -1.0)
    powers = 0.2969 * np.sqrt(x) - 0.1260 * x - 0.3516 * x**2 + 0.2843 * x**3 - 0.1036 * x**4
    thickness = 5 * t * powers
    front = x < q
    camber = m * np.where(front, (2 * q * x - x**2) / q**2, (1 - 2 * q + 2 * q * x - x**2) / (1 - q) ** 2)
    slope = np.arctan(2 * m * np.where(front, (q - x) / q**2, (q - x) / (1 - q) ** 2))
    return np.stack([x - side * thickness * np.sin(slope), camber + side * thickness * np.cos(slope)], axis=-1)


def blob(p: np.ndarray) -> np.ndarray:
    """A smooth closed curve:  r(θ) = 1 + Σ_j (a_j cos jθ + b_j sin jθ) / j,  j = 2, 3, 4."""
    j = np.arange(2, 5)[:, None]
    waves = np.concatenate([np.cos(j * TURN) / j, np.sin(j * TURN) / j])  # (6, M)
    return polar(1 + p @ waves)


FAMILIES = (
    Family("ellipse", ellipse, {"b": (0.35, 0.95)}, (0.95, 3.1), (1.0, 3.1)),
    Family("superellipse", superellipse, {"b": (0.5, 1.0), "n": (2.8, 6.0)}, (1.6, 3.0), (1.0, 2.15)),
    Family("polygon", polygon, {"n": (3, 8)}, (1.2, 2.95), (1.0, 1.05), integers=("n",)),
    Family("star", star, {"n": (5, 8), "depth": (0.4, 0.65)}, (1.05, 2.1), (1.0, 1.06), integers=("n",)),
    Family("gear", gear, {"n": (6, 9), "height": (0.08, 0.16)}, (2.3, 2.75), (1.0, 1.05), integers=("n",)),
    Family(
        "rounded-rectangle", rounded_rectangle, {"b": (0.35, 0.9), "rounding": (0.2, 0.7)}, (1.2, 2.85), (1.0, 3.05)
    ),
    Family("airfoil", airfoil, {"m": (0.0, 0.08), "q": (0.3, 0.5), "t": (0.12, 0.3)}, (0.2, 0.65), (2.9, 8.6)),
    Family("blob", blob, {f"{w}{j}": (-0.3, 0.3) for w in "ab" for j in (2, 3, 4)}, (1.5, 3.1), (1.0, 1.8)),
)
NAMES = tuple(family.name for family in FAMILIES)
