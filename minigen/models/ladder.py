"""The ladder VAE: two layers of latents, guessed from the top down.

The idea. A cause z₂ has causes of finer detail z₁, and these make x: p(x, z₁, z₂) = p(x | z₁) p(z₁ | z₂) p(z₂). An
encoder that guesses upwards (z₁ from x, then z₂ from z₁) lets z₂ fall asleep: z₁ can tell x alone. Here the guess
goes the way of the data's making. A deterministic pass upwards collects evidence,

    x → d₁ → (μ̂₁, σ̂₁) ,    d₁ → (μ̂₂, σ̂₂)

then z₂ ~ q(z₂ | x) = N(μ̂₂, σ̂₂²), which gives the prior p(z₁ | z₂) = N(μ, σ²) of the generative path; and q(z₁ | z₂, x)
multiplies that prior with the evidence, both weighted by their precision (Sønderby et al. eq. 17 to 19):

    1/σ_q² = 1/σ̂₁² + 1/σ² ,    μ_q = σ_q² (μ̂₁/σ̂₁² + μ/σ²)

    log p(x) ≥ E[log p(x | z₁) − KL(q(z₁ | z₂, x) ‖ p(z₁ | z₂))] − KL(q(z₂ | x) ‖ p(z₂))

Sizes are those of Burda et al.'s network with two stochastic layers; batch normalisation, which Sønderby et al. add,
is left out, so that a datum's bound depends on no other datum.

References:
    Ladder Variational Autoencoders. Sønderby, Raiko, Maaløe, Sønderby, Winther, 2016, https://arxiv.org/abs/1602.02282
    Importance Weighted Autoencoders. Burda, Grosse, Salakhutdinov, 2015, https://arxiv.org/abs/1509.00519
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..core import nn
from ..core.functional import logaddexp, sigmoid
from ..probability import Normal, kl_normal, kl_standard_normal, standard_normal_log_prob
from .base import check_config
from .latent import LatentModel, beside
from .likelihoods import LIKELIHOODS
from .networks import MLP


@dataclass(frozen=True)
class LadderConfig:
    """Hyper-parameters of a `LadderVAE`; the defaults are the sizes of Burda et al.'s two stochastic layers."""

    latents: tuple[int, int] = (100, 50)
    """Z₁ and Z₂: latent variables of the layer next to the data, and of the one above."""
    hidden: tuple[int, ...] = (200, 200)
    """Features of the hidden layers between x and z₁; the decoder takes them in reverse."""
    upper: tuple[int, ...] = (100, 100)
    """Features of the hidden layers between z₁ and z₂; the decoder takes them in reverse."""
    likelihood: Literal["bernoulli", "gaussian", "logistic"] = "bernoulli"
    """What a pixel is: binary, continuous, or one of the data's grey levels."""
    objective: Literal["elbo", "iwae"] = "elbo"
    """The bound: with analytic KL, or importance weighted."""
    samples: int = 1
    """k, the guesses of z for each datum in training."""
    kl_warmup: int = 0
    """elbo: steps in which the weight of both KL terms grows from 0 to 1, so that no latent falls asleep early."""

    def __post_init__(self):
        check_config(self, latents=1, hidden=1, upper=1, samples=1, kl_warmup=0)


class LadderVAE(LatentModel):
    """Two stochastic layers with top-down inference; see the file's docstring for the story.

    Args:
        config: `LadderConfig`.
        spec: `DataSpec` of the data.
        rng: NumPy generator for the initial weights.
    """

    family = "ladder"
    Config = LadderConfig
    units: ClassVar = {
        "loss": "nats per datum, mean over the batch",
        "reconstruction": "−log p(x | z₁), nats per datum, mean over the batch",
        "kl": "both KL terms together, nats per datum, mean over the batch",
        "kl_upper": "KL(q(z₂ | x) ‖ p(z₂)), nats per datum, mean over the batch",
    }

    def __init__(self, config, spec, *, rng):
        super().__init__(config, spec)
        hidden, upper, (z1, z2) = config.hidden, config.upper, config.latents
        features = hidden[-1] if hidden else spec.size
        # evidence, upwards
        self.collect = nn.Sequential(MLP((spec.size, *hidden), rng=rng), nn.Tanh()) if hidden else nn.Identity()
        self.evidence1 = MLP((features, 2 * z1), rng=rng)
        self.evidence2 = MLP((features, *upper, 2 * z2), rng=rng)
        # generation, downwards
        self.prior1 = MLP((z2, *upper[::-1], 2 * z1), rng=rng)
        self.decoder = MLP((z1, *hidden[::-1], spec.size), rng=rng)
        self.likelihood = LIKELIHOODS[config.likelihood](spec)

    # the four conditionals

    def evidence(self, x):
        """What x (N, *shape) says of z₁ (N, Z₁) and of z₂ (N, Z₂), two `Normal`; the second is q(z₂ | x)."""
        self.check_shape(x)
        d = self.collect(x.reshape(x.shape[0], self.spec.size))
        return _normal(self.evidence1(d)), _normal(self.evidence2(d))

    def prior(self, z2):
        """p(z₁ | z₂), a `Normal` (..., Z₁), of z₂ (..., Z₂)."""
        return _normal(self.prior1(z2))

    def decode(self, z1):
        """The decoder's outputs (..., *shape) of z₁ (..., Z₁)."""
        lead = z1.shape[:-1]
        return self.decoder(z1.reshape(math.prod(lead), z1.shape[-1])).reshape(*lead, *self.spec.shape)

    def guess(self, x, noise):
        """Draws from the top down for noise (k, N, Z₁ + Z₂): z₁, q(z₁ | z₂, x), p(z₁ | z₂), z₂ and q(z₂ | x)."""
        evidence1, q2 = self.evidence(x)
        noise1, noise2 = self._parts(noise)
        z2 = q2.reparameterize(noise2)  # (k, N, Z₂)
        p1 = self.prior(z2)
        q1 = merge(evidence1, p1)
        return q1.reparameterize(noise1), q1, p1, z2, q2

    def _parts(self, noise):
        """Noise (..., Z₁ + Z₂) as (..., Z₁) and (..., Z₂)."""
        first = self.config.latents[0]
        return noise[..., :first], noise[..., first:]

    # the contract

    def loss(self, batch, rng, player="model"):
        """The negative bound of a batch; see `Model.loss`. The warm-up goes by the step of ``rng``."""
        self.check_shape(batch.x)
        x = self.likelihood.observe(batch.x, rng)
        if self.config.objective == "iwae":
            return self.iwae(x, rng)
        # evaluation always weighs the KL by 1: then the loss is the bound, at any step
        weight = min(1.0, (rng.step + 1) / max(self.config.kl_warmup, 1)) if self.training else 1.0
        reconstruction, kl1, kl2 = (term.mean() for term in self.elbo_terms(x, rng))
        kl = kl1 + kl2
        return {"loss": reconstruction + kl * weight, "reconstruction": reconstruction, "kl": kl, "kl_upper": kl2}

    def elbo_terms(self, x, rng):
        """−log p(x | z₁) and KL(q(z₁ | z₂, x) ‖ p(z₁ | z₂)) of each draw, (k, N), and KL(q(z₂ | x) ‖ p(z₂)), (N,)."""
        z1, q1, p1, _, q2 = self.guess(x, self._noise(x, rng))
        reconstruction = -self.likelihood.log_prob(self.decode(z1), beside(x, z1))
        return reconstruction, kl_normal(q1, p1).sum(-1), kl_standard_normal(q2.mu, q2.logvar).sum(-1)

    def guesses(self, x, y=None):
        def log_weights(noise):
            z1, q1, p1, z2, q2 = self.guess(x, noise)
            upper = (standard_normal_log_prob(z2) - q2.log_prob(z2)).sum(-1)
            lower = (p1.log_prob(z1) - q1.log_prob(z1)).sum(-1)
            return self.likelihood.log_prob(self.decode(z1), beside(x, z1)) + lower + upper

        return log_weights

    def outputs(self, noise, y=None):
        noise1, noise2 = self._parts(noise)
        return self.decode(self.prior(noise2).reparameterize(noise1))  # z₂ is its noise: p(z₂) is standard normal

    @property
    def noise_size(self):
        return sum(self.config.latents)

    @property
    def output_bias(self):
        return self.decoder[-1].bias

    @property
    def widest(self):
        return max(self.spec.size, *self.config.hidden, *self.config.upper, 2 * self.config.latents[0])


def merge(evidence, prior):
    """The normalised product of two `Normal` densities: precisions add, means are weighted by them.

    The weight of the evidence is σ(log σ_prior² − log σ_evidence²): no precision is ever computed, so none overflows.
    """
    weight = sigmoid(prior.logvar - evidence.logvar)
    logvar = -logaddexp(-evidence.logvar, -prior.logvar)
    return Normal(prior.mu + (evidence.mu - prior.mu) * weight, logvar)


def _normal(h):
    """The `Normal` (..., Z) of a network's outputs (..., 2 Z): means, then log-variances."""
    return Normal(*h.chunk(2, dim=-1))
