"""Has a model learnt the training data by heart? Then its samples lie nearer to them than fresh data do.

Reference: A Non-Parametric Test to Detect Data-Copying in Generative Models. Meehan, Chaudhuri, Dasgupta, 2020,
https://arxiv.org/abs/2004.05675 (the rank statistic)
"""

import math
from dataclasses import dataclass

import numpy as np

from .neighbours import nearest_distance
from .score import Z95, Score, share, two_sets


@dataclass(frozen=True, eq=False)
class Memorisation:
    """What `memorisation` found.

    Args:
        nearer: P[a sample is nearer to the training data than a held-out datum is]; .5 for fresh samples of the same
            distribution, 1 for copies; below .5 samples lie farther off than data do.
        copies: the share of samples nearer to a training datum than 99 % of the held-out data are.
        samples: distance of each sample to its nearest training datum, (m,).
        held_out: that of each held-out datum, (n,).
    """

    nearer: Score
    copies: Score
    samples: np.ndarray
    held_out: np.ndarray


def memorisation(train: np.ndarray, held_out: np.ndarray, samples: np.ndarray) -> Memorisation:
    """Hold the distances of samples (m, d) to training data (N, d) against those of held-out data (n, d).

    The first number is Mann and Whitney's U/(mn), ties counted as a half; its error that of DeLong, DeLong and
    Clarke-Pearson 1988, https://doi.org/10.2307/2531595: the variances of its mean over the samples and over the
    held-out data, added.

    Raises:
        ShapeError: other shapes, or fewer than 2 rows.
        UserError: a value that is not finite.
    """
    train, held_out = two_sets("memorisation", train, held_out)
    train, samples = two_sets("memorisation", train, samples)
    real, drawn = nearest_distance(held_out, train), nearest_distance(samples, train)
    of_samples, of_real = _shares_above(drawn, real), 1 - _shares_above(real, drawn)
    value, m, n = float(of_samples.mean()), len(drawn), len(real)
    inside = min(max(value, 0.5 / m), 1 - 0.5 / m)
    variance = of_samples.var(ddof=1) / m + of_real.var(ddof=1) / n
    # where every sample is nearer no share varies, but that does not make it certain
    error = math.sqrt(variance if variance > 0 else inside * (1 - inside) * (1 / m + 1 / n))
    interval = (max(0.0, value - Z95 * error), min(1.0, value + Z95 * error))
    return Memorisation(Score(value, min(m, n), error, interval), share(drawn < np.quantile(real, 0.01)), drawn, real)


def _shares_above(a, b):
    """For each of a (m,) the share of b (n,) above it, ties counted as a half."""
    b = np.sort(b)
    return 1 - (np.searchsorted(b, a, "left") + np.searchsorted(b, a, "right")) / (2 * len(b))
