"""How a decoder's output becomes a probability of pixels: the last step of a VAE.

Each likelihood says what it observes (``observe``), what its log-probability is of (``of``), and gives
log p(x | output), the mean and a draw. Outputs and data are (..., N, *shape); log-probabilities sum over a
datum's own axes.
"""

from abc import abstractmethod

import numpy as np

from ..core import nn
from ..core.functional import bernoulli_log_prob, sigmoid
from ..core.parameter import Parameter
from ..core.tensor import tensor
from ..errors import UserError
from ..probability import Bernoulli, DiscretizedLogistic, Normal


class Likelihood(nn.Module):
    """log p(x | output), for data described by a `DataSpec`."""

    of: str

    def __init__(self, spec):
        super().__init__()
        self.spec = spec

    @abstractmethod
    def forward(self, output):
        """The distribution of each value, given the decoder's output (..., *shape)."""

    def observe(self, x, rng):
        """What the model explains: here the data themselves, float32 (N, *shape)."""
        return tensor(x)

    def log_prob(self, output, x):
        """log p(x | output) in nats, summed over each datum: (..., N)."""
        axes = tuple(range(-len(self.spec.shape), 0))
        return self(output).log_prob(x).sum(axes)

    def start_at(self, mean):
        """The outputs that make ``mean`` (*shape) the model's mean: where the decoder's bias starts."""
        return mean


class BernoulliLikelihood(Likelihood):
    """Binary pixels; grey data are binarised anew at each look: x ~ Bernoulli(grey value).

    Source: Importance Weighted Autoencoders. Burda, Grosse, Salakhutdinov, 2015, https://arxiv.org/abs/1509.00519
    """

    of = "P(binarised x)"

    def __init__(self, spec):
        super().__init__(spec)
        if spec.levels is None:
            raise UserError(
                "a Bernoulli likelihood needs images with values in [0, 1]; use --likelihood gaussian for points"
            )

    def forward(self, output):
        return Bernoulli(output)

    def log_prob(self, output, x):
        """As above, by the op that does it in one pass over the pixels."""
        return bernoulli_log_prob(output, x, event_dims=len(self.spec.shape))

    def observe(self, x, rng):
        """x ~ Bernoulli(grey value): 1 where a uniform number lies below it."""
        return tensor((rng.child("binarise").uniform(x.shape, x.dtype) < x).astype(x.dtype))

    def start_at(self, mean):
        """The logit of the mean, limited to [.001, .999] as in Burda et al.'s code."""
        p = np.clip(mean, 0.001, 0.999)
        return np.log(p / (1 - p))


class GaussianLikelihood(Likelihood):
    """Continuous values: N(output, σ²) with one σ for all, learned.

    Of images it takes the grey levels for real numbers: the density has no bound as σ → 0, and is no probability of
    pixels; to compare models of images take the logistic one.

    Source: Simple and Effective VAE Training with Calibrated Decoders. Rybkin, Daniilidis, Levine, 2020,
    https://arxiv.org/abs/2006.13202
    """

    of = "density of continuous x"

    def __init__(self, spec):
        super().__init__(spec)
        self.logvar = Parameter(np.zeros((1,), np.float32))

    def forward(self, output):
        return Normal(output, self.logvar)


class LogisticLikelihood(Likelihood):
    """Grey levels: a logistic distribution discretised to the data's own levels, one learned scale for each value."""

    of = "P(integer x)"

    def __init__(self, spec):
        super().__init__(spec)
        if spec.levels is None:
            raise UserError(
                "a discretised logistic likelihood needs images with grey levels; use --likelihood gaussian for points"
            )
        self.log_scale = Parameter(np.full(spec.shape, np.log(0.1), np.float32))

    def forward(self, output):
        return DiscretizedLogistic(sigmoid(output), self.log_scale, self.spec.levels)

    def start_at(self, mean):
        """The logit of the mean, as the location passes through a sigmoid."""
        p = np.clip(mean, 0.001, 0.999)
        return np.log(p / (1 - p))


LIKELIHOODS = {"bernoulli": BernoulliLikelihood, "gaussian": GaussianLikelihood, "logistic": LogisticLikelihood}
