"""How well samples cover a mixture whose modes are known: round Gaussians of one width, equally likely.

No single number is safe: uniform noise reaches 20.7 of the 25 modes of the grid if one sample near a mode is enough
(n = 2,500), and a generator that puts out the centres alone has no sample of low quality. So four stand together: the
modes that get their share, the share of good samples, the spread within a mode, and the mode proportions.

References:
    VEEGAN. Srivastava, Valkov, Russell, Gutmann, Sutton, 2017, https://arxiv.org/abs/1705.07761 (high quality: 3 s)
    PacGAN: The Power of Two Samples in Generative Adversarial Networks. Lin, Khetan, Fanti, Oh, 2018,
    https://arxiv.org/abs/1712.04086 (the protocol of the 25-grid; a mode counts from one sample on)
"""

import math
from dataclasses import asdict, dataclass

import numpy as np

from ..errors import ShapeError, UserError

RADIUS = 3.0  # standard deviations; beyond it a sample belongs to no mode


@dataclass(frozen=True)
class ModeReport:
    """What `mode_report` found.

    Args:
        modes: how many there are, K.
        captured: modes with at least the wanted share of all samples within 3 s.
        reached: modes with at least one sample within 3 s: PacGAN's count.
        high_quality: share of the samples within 3 s of some mode.
        spread: standard deviation of the samples about their mode's centre, in units of s; 1 for perfect samples.
        spread_low: the smallest spread of a single captured mode; NaN where none is.
        spread_high: the largest.
        reverse_kl: KL(q ‖ uniform) of the modes' shares q, in nats, every sample counted with its nearest mode.
        smallest_share: the share of all samples within 3 s of the mode that has the fewest.
    """

    modes: int
    captured: int
    reached: int
    high_quality: float
    spread: float
    spread_low: float
    spread_high: float
    reverse_kl: float
    smallest_share: float

    def as_dict(self):
        """The fields by name."""
        return asdict(self)


def mode_report(samples: np.ndarray, centres: np.ndarray, s: float, least: float = 0.01) -> ModeReport:
    """Hold samples against the modes that they should have.

    The spread is √(mean r²/D)/s of the distances r ≤ 3 s to the nearest centre, divided by what a true Gaussian has
    there (`truncated_deviation`), so that it is 1 for perfect samples, 0 for a generator of centres, and strays between
    modes do not enter.

    Args:
        samples: (n, D).
        centres: (K, D) of the modes.
        s: the standard deviation of each mode along each axis.
        least: the share of all samples that makes a mode captured.
    Raises:
        ShapeError: the arrays are not (n, D) and (K, D), n and K at least 1.
        UserError: s is not positive, or least is not within (0, 1].
    """
    samples, centres = np.asarray(samples, np.float64), np.asarray(centres, np.float64)
    if (
        samples.ndim != 2
        or centres.ndim != 2
        or samples.shape[1] != centres.shape[1]
        or 0 in samples.shape + centres.shape
    ):
        raise ShapeError(f"modes got samples {samples.shape} and centres {centres.shape}; wanted (n, D) and (K, D)")
    if not (0 < s < math.inf and 0 < least <= 1):
        raise UserError(f"modes got s={s} and least={least}; s must be positive, least a share within (0, 1]")
    (n, d), k = samples.shape, len(centres)
    distance, mode = nearest(samples, centres)
    good = distance < RADIUS * s  # NaN is far
    count = np.bincount(mode[good], minlength=k)
    squares = np.bincount(mode[good], distance[good] ** 2, minlength=k)
    captured = count >= least * n
    true = s * truncated_deviation(d)
    each = np.sqrt(squares[captured] / count[captured] / d) / true
    q = np.bincount(mode, minlength=k) / n
    return ModeReport(
        modes=k,
        captured=int(captured.sum()),
        reached=int((count > 0).sum()),
        high_quality=float(good.mean()),
        spread=math.sqrt(squares.sum() / count.sum() / d) / true if count.sum() else math.nan,
        spread_low=float(each.min(initial=math.inf)) if len(each) else math.nan,
        spread_high=float(each.max(initial=0)) if len(each) else math.nan,
        reverse_kl=float((q[q > 0] * np.log(q[q > 0] * k)).sum()),
        smallest_share=float(count.min() / n),
    )


def nearest(samples: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distance (n,) from each of samples (n, D) to its nearest centre, and which of centres (K, D) that is (n,)."""
    distance, mode = np.empty(len(samples)), np.empty(len(samples), np.int64)
    rows = max(1, 2**21 // centres.size)  # 16 MB of differences at a time
    for a in range(0, len(samples), rows):
        squares = ((samples[a : a + rows, None] - centres) ** 2).sum(-1)  # (rows, K)
        mode[a : a + rows] = squares.argmin(1)
        distance[a : a + rows] = np.sqrt(squares.min(1))
    return distance, mode


def truncated_deviation(d: int, radius: float = RADIUS) -> float:
    """√(E[|x|²/d given |x| < R]) of x ~ N(0, 1) in d dimensions: .974 for d = 2 and R = 3.

    With u = |x|²/2 of the Gamma distribution with shape d/2:  E[2u; u < R²/2] = d P(d/2 + 1, R²/2), where P is the
    regularised incomplete gamma function, and Pr[u < R²/2] = P(d/2, R²/2).
    """
    u = radius * radius / 2
    return math.sqrt(lower_gamma(d / 2 + 1, u) / lower_gamma(d / 2, u))


def lower_gamma(a: float, x: float) -> float:
    """P(a, x) = x^a e^(−x) Σ_k x^k / Γ(a + k + 1), the regularised lower incomplete gamma function, by its series."""
    term = math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    total, k = 0.0, 0
    while term > 1e-17 * total:
        total, k = total + term, k + 1
        term *= x / (a + k)
    return total
