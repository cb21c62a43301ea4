"""What every Gaussian path answers: α, σ and λ at a time, the times of training and of sampling, its end points."""

from abc import ABC, abstractmethod

import numpy as np

from ...errors import UserError

VP_SAMPLERS = ("ddim", "ancestral", "heun", "dpm")


def sigmoid(z):
    """1/(1 + e^(−z)) of a float64 number or array; its small values keep their digits."""
    return np.exp(-np.logaddexp(0.0, -z))


class Path(ABC):
    """A Gaussian path; the table of them stands in `paths`. t is a number or an array (...), answers are float64.

    Class attributes:
        low, high: the times between which likelihoods are taken; λ is finite there.
        prediction: what the network predicts unless told otherwise; a key of `PREDICTIONS`.
        samplers: names of the samplers that may walk it; the first is the habit.
        prior_std: the deviation of the noise that sampling starts from.
    """

    low: float
    high: float
    prediction = "eps"
    samplers = VP_SAMPLERS
    prior_std = 1.0

    @abstractmethod
    def log_snr(self, t):
        """λ(t) = log α²/σ²; +∞ at t = 0."""

    @abstractmethod
    def log_snr_slope(self, t):
        """dλ/dt < 0."""

    @abstractmethod
    def time_of(self, log_snr):
        """The t at which λ(t) = ``log_snr``: the inverse of `log_snr` on [low, high]."""

    @abstractmethod
    def draw(self, u):
        """The time of training for uniform u in (0, 1): its quantile function."""

    @abstractmethod
    def density(self, t):
        """The density of `draw`, or for whole times their probability."""

    @abstractmethod
    def times(self, steps):
        """t_0 > … > t_steps = 0, the times that a sampler of so many steps visits, (steps + 1,)."""

    def alpha(self, t):
        """α_t; here √sigmoid(λ), as α² + σ² = 1."""
        return np.sqrt(sigmoid(self.log_snr(t)))

    def sigma(self, t):
        """σ_t; here √sigmoid(−λ)."""
        return np.sqrt(sigmoid(-self.log_snr(t)))

    def network_time(self, t):
        """The number that the network's time embedding is fed; some thousand between the ends."""
        return 1000.0 * np.asarray(t, np.float64)

    def input_scale(self, t, sigma_data):
        """c_in: what x_t is multiplied by before the network sees it; 1 where its variance is near 1 anyway."""
        return np.ones_like(np.asarray(t, np.float64))

    def cuts(self, count, low=None):
        """low = t_1 < … < t_count = high, evenly in λ: the steps of a bound, of an ODE's solver, (count,)."""
        low = self.low if low is None else low
        return self.time_of(np.linspace(self.log_snr(low), self.log_snr(self.high), count))

    def finest(self, levels=None):
        """The time at which a bound begins: low, or later where σ/α is a fifth of a grey level's width.

        There the level is plain to see (P = .988 at the true mean), and less noise could only add to the bound.
        """
        if levels is None:
            return self.low
        return max(self.low, float(self.time_of(-2.0 * np.log(0.4 / (levels - 1)))))

    def facts(self, levels=None):
        """The end points of the schedule's part that a likelihood of such data uses, by name."""
        low = self.finest(levels)
        return {
            "log-SNR at the data": float(self.log_snr(low)),
            "log-SNR at the noise": float(self.log_snr(self.high)),
            "sigma at the data": float(self.sigma(low)),
            "alpha_bar at the noise": float(self.alpha(self.high) ** 2),
        }

    def _check_steps(self, steps, most=None):
        """``steps``, unless no walk can have so many."""
        if steps < 1 or (most is not None and steps > most):
            wanted = "at least 1" if most is None else f"between 1 and the {most} of the training"
            raise UserError(f"steps is {steps}; this path is walked in {wanted}")
        return steps

    def check(self):
        """This path.

        Raises:
            UserError: λ does not fall all the way from data to noise.
        """
        with np.errstate(all="ignore"):
            log_snr = np.asarray(self.log_snr(np.linspace(self.low, self.high, 1000)))
            falls = np.diff(log_snr) < 0
        if not (np.isfinite(log_snr).all() and falls.all()):
            raise UserError(
                f"this schedule is not monotone in log-SNR (it goes from {log_snr[0]:.4g} to {log_snr[-1]:.4g}); noise"
                " must grow at every time: see the end points given as betas or sigmas"
            )
        return self
