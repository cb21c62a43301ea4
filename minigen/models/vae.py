"""The variational autoencoder.

The idea. Each datum x has an unseen cause z. A decoder turns z ~ N(0, 1) into a distribution p(x | z); the
probability of x is the integral p(x) = ∫ p(x | z) p(z) dz, which nobody can compute. So an encoder learns to
guess, for each x, which z it may have come from: q(z | x) = N(μ(x), σ²(x)). For any such guess

    log p(x) ≥ E_q[log p(x | z)] − KL(q(z | x) ‖ p(z))          (Kingma & Welling eq. 3)

and the right side, the evidence lower bound (ELBO), is trained for both networks together. Its gradient passes
through the sampling because z = μ + σ ε, with ε ~ N(0, 1) drawn outside ("reparameterised").

With k guesses the bound gets tighter, and tends to log p(x) as k grows:

    log p(x) ≥ E[log 1/k Σ_i w_i],   w_i = p(x | z_i) p(z_i) / q(z_i | x)      (Burda et al. eq. 8)

A conditional VAE says all of this given a label y: encoder and decoder see y beside x and z, and z need not tell
what y tells already (Sohn et al., with a prior p(z) that is the same for all labels).

References:
    Auto-Encoding Variational Bayes. Kingma, Welling, 2013, https://arxiv.org/abs/1312.6114
    Importance Weighted Autoencoders. Burda, Grosse, Salakhutdinov, 2015, https://arxiv.org/abs/1509.00519
    beta-VAE. Higgins et al., 2017, https://openreview.net/forum?id=Sy2fzU9gl
    Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives. Tucker, Lawson, Gu, Maddison, 2018,
    https://arxiv.org/abs/1810.04152
    Learning Structured Output Representation using Deep Conditional Generative Models. Sohn, Yan, Lee, 2015,
    https://papers.nips.cc/paper/5775
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..core.autograd import no_grad
from ..core.functional import gaussian_bottleneck, logsumexp, softmax
from ..core.tensor import tensor
from ..errors import UserError
from ..probability import Normal, standard_normal_log_prob
from .base import check_config
from .latent import LatentModel, beside
from .likelihoods import LIKELIHOODS
from .networks import MLP, ConvDecoder, ConvEncoder, Labelled


@dataclass(frozen=True)
class VAEConfig:
    """Hyper-parameters of a `VAE`; the defaults are Burda et al.'s network with one stochastic layer."""

    network: Literal["mlp", "conv"] = "mlp"
    """Linear layers with tanh, or 4×4 convolutions of stride 2 for images."""
    latent: int = 50
    """Z, the number of latent variables."""
    hidden: tuple[int, ...] = (200, 200)
    """mlp: features of the hidden layers; the decoder takes them in reverse."""
    channels: tuple[int, int] = (32, 64)
    """conv: channels of the two convolutions."""
    likelihood: Literal["bernoulli", "gaussian", "logistic"] = "bernoulli"
    """What a pixel is: binary, continuous, or one of the data's grey levels."""
    objective: Literal["elbo", "iwae", "dreg"] = "elbo"
    """The bound: with analytic KL, importance weighted, or that with doubly reparameterised gradients."""
    samples: int = 1
    """k, the guesses of z for each datum in training."""
    beta: float = 1.0
    """Weight of the KL term; 1 is the ELBO, any other number no bound."""
    conditional: bool = False
    """Train p(x | label)."""

    def __post_init__(self):
        check_config(self, latent=1, hidden=1, channels=1, samples=1, beta=0)
        if self.beta != 1 and self.objective != "elbo":
            raise UserError(
                f"beta is {self.beta} with objective {self.objective!r}; only 'elbo' has a KL term to weight"
            )


class VAE(LatentModel):
    """Encoder, decoder and likelihood; see the file's docstring for the story.

    Args:
        config: `VAEConfig`.
        spec: `DataSpec` of the data.
        rng: NumPy generator for the initial weights.
    """

    family = "vae"
    Config = VAEConfig
    units: ClassVar = {
        "loss": "nats per datum, mean over the batch",
        "reconstruction": "−log p(x | z), nats per datum, mean over the batch",
        "kl": "KL(q(z | x) ‖ p(z)), nats per datum, mean over the batch",
    }

    def __init__(self, config, spec, *, rng):
        super().__init__(config, spec)
        if config.network == "conv":
            self.encoder = ConvEncoder(spec.shape, config.channels, 2 * config.latent, rng=rng)
            self.decoder = ConvDecoder(spec.shape, config.channels, config.latent, rng=rng)
        else:
            self.encoder = MLP((spec.size, *config.hidden, 2 * config.latent), rng=rng)
            self.decoder = MLP((config.latent, *config.hidden[::-1], spec.size), rng=rng)
        if config.conditional:
            self.encoder = Labelled(_layers(self.encoder), spec.classes, rng=rng)
            self.decoder = Labelled(_layers(self.decoder), spec.classes, rng=rng)
        self.likelihood = LIKELIHOODS[config.likelihood](spec)

    # the two networks

    def posterior(self, x, y=None):
        """q(z | x), a `Normal` (N, Z), of an observed tensor x (N, *shape); q(z | x, y) with one-hot labels y (N, K).

        Of a multi-layer perceptron y may be (K, 1, K): all labels, each with all x, to (K, N, Z).
        """
        return Normal(*self.statistics(x, y).chunk(2, dim=-1))  # (N, 2 Z) -> (N, Z), (N, Z)

    def statistics(self, x, y=None):
        """The encoder's outputs (N, 2 Z), all μ before all log σ², of what `posterior` takes."""
        self.check_shape(x)
        conv = self.config.network == "conv"
        rows = x if conv else x.reshape(x.shape[0], self.spec.size)
        if y is None:
            return self.encoder(rows)
        return self.encoder(rows, y.reshape(y.shape[0], 1, 1, y.shape[1]) if conv else y)

    def outputs(self, z, y=None):
        """The decoder's outputs (..., *shape) for latents z (..., Z), and labels y that broadcast to (..., K)."""
        lead = z.shape[:-1]
        rows = z if z.ndim == 2 else z.reshape(math.prod(lead), self.config.latent)
        if y is None:
            return self.decoder(rows).reshape(*lead, *self.spec.shape)
        y = y.expand(*lead, self.spec.classes).reshape(math.prod(lead), self.spec.classes)
        return self.decoder(rows, y).reshape(*lead, *self.spec.shape)

    @property
    def noise_size(self):
        return self.config.latent

    @property
    def output_bias(self):
        return _layers(self.decoder)[-1].bias

    @property
    def widest(self):
        if self.config.network == "conv":
            return max(self.spec.size, math.prod(self.spec.shape[:2]) * max(self.config.channels) // 4)
        return max(self.spec.size, *self.config.hidden, 1)

    # training

    def loss(self, batch, rng, player="model"):
        """The negative bound of a batch; see `Model.loss`."""
        return self.terms(rng, *self.prepared(batch, rng))

    def prepared(self, batch, rng):
        """What is observed of a batch (N, *shape), and of a conditional model the one-hot labels (N, K)."""
        self.check_shape(batch.x)
        x = self.likelihood.observe(batch.x, rng)
        return (x, self.one_hot(self.labels_of(x, batch.labels))) if self.conditional else (x,)

    def terms(self, rng, x, y=None):
        """The negative bound that the configuration names."""
        return getattr(self, self.config.objective)(x, rng, y)

    def elbo(self, x, rng, y=None):
        """−E_q[log p(x | z)] + β KL(q(z | x) ‖ p(z)): terms of an observed x (N, *shape)."""
        reconstruction, kl = (term.mean() for term in self.elbo_terms(x, rng, y))
        weighted = (
            kl if self.config.beta == 1 else kl * self.config.beta
        )  # small steps take as long as their ops are many
        return {"loss": reconstruction + weighted, "reconstruction": reconstruction, "kl": kl}

    def elbo_terms(self, x, rng, y=None):
        """−log p(x | z) of each draw of z, (k, N), and the analytic KL(q(z | x) ‖ p(z)), (N,), in nats.

        With y (K, 1, K) and one draw, both are (K, N): of each x with each label.
        """
        z, kl = gaussian_bottleneck(self.statistics(x, y), self._noise(x, rng))  # (k, N, Z), (N,)
        return -self.likelihood.log_prob(self.outputs(z, y), beside(x, z)), kl

    def guesses(self, x, y=None):
        q = self.posterior(x, y)
        return lambda noise: self._log_weights(x, q, q, noise, y)

    def dreg(self, x, rng, y=None):
        """The value of `iwae`, with the encoder's gradient Σ w̃_i² ∂log w_i/∂z ∂z/∂φ (Tucker et al. eq. 8).

        The normalised weights w̃ are constants here; q(z | x) inside w is cut from the encoder, which learns through
        z alone, and that path is scaled by w̃ once more. So the encoder's signal does not drown as k grows.
        """
        q, noise = self.posterior(x, y), self._noise(x, rng)
        frozen = Normal(q.mu.detach(), q.logvar.detach())
        with no_grad():
            log_w = self._log_weights(x, frozen, frozen, noise, y)
            weight = softmax(log_w, 0)  # (k, N)
            bound = (logsumexp(log_w, 0) - math.log(self.config.samples)).mean()
        surrogate = (self._log_weights(x, q, frozen, noise, y, path_weight=weight) * weight).sum(0).mean()
        # the surrogate has the gradient, the bound has the value
        return {"loss": -(surrogate - surrogate.detach() + bound)}

    def _log_weights(self, x, q, density, noise, y=None, path_weight=None):
        """log w = log p(x | z) + log p(z) − log density(z), (k, N), at z = μ + σ ε of q."""
        z = q.reparameterize(noise)  # (k, N, Z)
        if path_weight is not None:
            z = z.detach() + (z - z.detach()) * path_weight.unsqueeze(-1)
        log_ratio = (standard_normal_log_prob(z) - density.log_prob(z)).sum(-1)
        return self.likelihood.log_prob(self.outputs(z, y), beside(x, z)) + log_ratio

    # use: of a conditional model each takes the labels (N,) of its data

    @no_grad()
    def decode(self, z, rng=None, labels=None):
        """Latents (N, Z) to data (N, *shape): the mean of p(x | z); for points, with ``rng``, a draw."""
        z = tensor(z)
        return self.shown(self.outputs(z, self.one_hot(self.labels_of(z, labels))), rng)

    @no_grad()
    def encode(self, x, labels=None):
        """Data x (N, *shape) to the posterior's mean and standard deviation, arrays (N, Z).

        Under a Bernoulli likelihood grey values stand for the mean of the binary images that training saw.
        """
        q = self.posterior(tensor(np.asarray(x, self.dtype)), self.one_hot(self.labels_of(x, labels)))
        return np.array(q.mu.numpy()), np.exp(0.5 * q.logvar.numpy())

    def reconstruct(self, x, labels=None):
        """Data (N, *shape) through the posterior's mean and back."""
        return self.decode(self.encode(x, labels)[0], labels=labels)

    def posterior_samples(self, x, n, rng, labels=None):
        """n data for each of x (N, *shape), through n draws of its posterior: (n, N, *shape)."""
        mu, sigma = self.encode(x, labels)
        z = mu + sigma * rng.child("posterior").normal((n, *mu.shape), mu.dtype)
        labels = None if labels is None else np.tile(np.broadcast_to(labels, len(mu)), n)
        return self.decode(z.reshape(-1, self.config.latent), rng, labels).reshape(n, *np.shape(x))

    def interpolate(self, x0, x1, steps, labels=None):
        """From each of x0 to each of x1 (N, *shape) along a straight line of latents: (steps, N, *shape)."""
        (z0, _), (z1, _) = self.encode(x0, labels), self.encode(x1, labels)
        line = np.linspace(0, 1, steps, dtype=self.dtype)
        return np.stack([self.decode(z0 + (z1 - z0) * t, labels=labels) for t in line])

    def traversal(self, x, dim, values=(-3, -2, -1, 0, 1, 2, 3), labels=None):
        """Data like x (N, *shape), with latent ``dim`` set to each of ``values``: (len(values), N, *shape)."""
        z, _ = self.encode(x, labels)
        if not 0 <= dim < self.config.latent:
            raise UserError(
                f"latent dimension {dim} does not exist; the model has {self.config.latent}, counted from 0"
            )
        frames = []
        for value in values:
            z[:, dim] = value
            frames.append(self.decode(z, labels=labels))
        return np.stack(frames)


def _layers(network):
    """The layers of a network in order: it is a `Sequential`, or holds one."""
    return getattr(network, "layers", network)
