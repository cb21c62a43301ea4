"""A number that does not stand alone: its uncertainty, its floor, and what noise would get.

A distance between samples means little by itself. It has an error; it is not zero for two halves of the same data
(the floor, which moves with the feature network and the number of samples); and noise has one too, which shows how
much of the scale is left. All three are at the same n, since most of these measures are biased, and more so for few
samples.

References:
    Probable Inference, the Law of Succession, and Statistical Inference. Wilson, 1927,
    https://doi.org/10.1080/01621459.1927.10502953
    The Jackknife Estimate of Variance. Efron, Stein, 1981, https://doi.org/10.1214/aos/1176345462 (it errs upwards)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import ShapeError, UserError

Z95 = 1.959963984540054
"""Standard deviations from the middle of a normal distribution that leave 2.5 % on either side."""


@dataclass(frozen=True)
class Score:
    """A measured number.

    Args:
        value: the number.
        n: samples on the smaller side of the measurement.
        standard_error: its standard deviation over repetitions, as estimated from one; NaN where it is not known.
        interval: where the truth lies in 95 of 100 repetitions; without one value ± 1.96 standard errors.
        p_value: of a test that comes with the number, that both sets are of one distribution; NaN without one.
    """

    value: float
    n: int
    standard_error: float = math.nan
    interval: tuple[float, float] | None = None
    p_value: float = math.nan

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - Z95 * self.standard_error if self.interval is None else self.interval[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + Z95 * self.standard_error if self.interval is None else self.interval[1]

    def as_dict(self) -> dict:
        """Value, standard error, interval, n, and a p-value if any, fit for JSON: what is not finite is None."""
        known = {"value": self.value, "standard_error": self.standard_error, "low": self.low, "high": self.high}
        told = {**{name: float(x) if math.isfinite(x) else None for name, x in known.items()}, "n": self.n}
        return told if math.isnan(self.p_value) else {**told, "p_value": float(self.p_value)}


@dataclass(frozen=True)
class Standing:
    """A score between the two numbers that give it a scale; all at the same n.

    Args:
        score: of the samples against real data.
        floor: of other real data against the same real data.
        noise: of noise against the same real data.
        ranked: whether models may be ranked by it.
        note: why not, or how it is to be read.
    """

    score: Score
    floor: Score
    noise: Score
    ranked: bool = True
    note: str = ""

    def as_dict(self) -> dict:
        """The score's fields, and the floor and the noise as dicts beside them, fit for JSON."""
        words = {"ranked": self.ranked, **({"note": self.note} if self.note else {})}
        return {**self.score.as_dict(), "floor": self.floor.as_dict(), "noise": self.noise.as_dict(), **words}


def beside(
    measure: Callable[[np.ndarray, np.ndarray], dict[str, Score]],
    real: np.ndarray,
    samples: np.ndarray,
    other: np.ndarray,
    noise: np.ndarray,
) -> dict[str, Standing]:
    """What ``measure(real, …)`` says of samples, of other real data and of noise, each (n, …), by name.

    Raises:
        UserError: the three differ in length, so that their numbers would not compare.
    """
    if not len(samples) == len(other) == len(noise):
        raise UserError(
            f"got {len(samples)} samples, {len(other)} other data and {len(noise)} of noise; scores compare at equal "
            "n alone: pass equally many of each"
        )
    scores, floors, noises = (measure(real, x) for x in (samples, other, noise))
    return {name: Standing(scores[name], floors[name], noises[name]) for name in scores}


def mean_score(values: np.ndarray) -> Score:
    """The mean of values (n,), with the standard error s/√n; NaN for a single one."""
    values = np.asarray(values, np.float64)
    n = len(values)
    return Score(float(values.mean()), n, float(values.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan)


def share(passed: np.ndarray) -> Score:
    """The share p of true values in passed, bool (n,), with its Wilson interval.

    Centre (p + z²/2n)/(1 + z²/n), half width z √(p(1 − p)/n + z²/4n²)/(1 + z²/n), z = 1.96: unlike p ± z √(p(1 − p)/n)
    it neither leaves [0, 1] nor shrinks to nothing where all pass, or none.

    Raises:
        ShapeError: passed is not (n,), n ≥ 1.
    """
    passed = np.asarray(passed, bool)
    if passed.ndim != 1 or not len(passed):
        raise ShapeError(f"share got an array of shape {passed.shape}; wanted (n,) with n ≥ 1")
    n, p = len(passed), float(passed.mean())
    z2 = Z95 * Z95 / n
    centre = (p + z2 / 2) / (1 + z2)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n)) / (1 + z2)
    ends = max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))  # rounding may leave p outside
    return Score(p, n, math.sqrt(p * (1 - p) / n), ends)


def jackknife_variance(without: np.ndarray) -> float:
    """(n − 1)/n Σ (θ_i − mean θ)² of estimates without (n,), each made with one datum left out; 0 for n < 2."""
    n = len(without)
    return float((n - 1) / n * ((without - without.mean()) ** 2).sum()) if n > 1 else 0.0


def two_sets(name: str, x: np.ndarray, y: np.ndarray, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """x and y as float64 (n, d) and (m, d); what every comparison of two sets asks of them.

    Raises:
        ShapeError: they are not of these shapes, or hold fewer than ``least`` rows.
        UserError: a value is NaN or infinite.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not x.shape[1] or min(len(x), len(y)) < least:
        raise ShapeError(f"{name} got {x.shape} and {y.shape}; wanted (n, d) and (m, d) with n, m ≥ {least}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError(f"{name} got values that are NaN or infinite; leave those samples out, and say how many")
    return x, y
