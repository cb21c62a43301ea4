"""The variational autoencoder.

The idea. Each datum x has an unseen cause z. A decoder turns z ~ N(0, 1) into a distribution p(x | z); the
probability of x is the integral p(x) = ∫ p(x | z) p(z) dz, which nobody can compute. So an encoder learns to
guess, for each x, which z it may have come from: q(z | x) = N(μ(x), σ²(x)). For any such guess

    log p(x) ≥ E_q[log p(x | z)] − KL(q(z | x) ‖ p(z))          (Kingma & Welling eq. 3)

and the right side, the evidence lower bound (ELBO), is trained for both networks together. Its gradient passes
through the sampling because z = μ + σ ε, with ε ~ N(0, 1) drawn outside ("reparameterised").

With k guesses the bound gets tighter, and tends to log p(x) as k grows:

    log p(x) ≥ E[log 1/k Σ_i w_i],   w_i = p(x | z_i) p(z_i) / q(z_i | x)      (Burda et al. eq. 8)

References:
    Auto-Encoding Variational Bayes. Kingma, Welling, 2013, https://arxiv.org/abs/1312.6114
    Importance Weighted Autoencoders. Burda, Grosse, Salakhutdinov, 2015, https://arxiv.org/abs/1509.00519
    beta-VAE. Higgins et al., 2017, https://openreview.net/forum?id=Sy2fzU9gl
    Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives. Tucker, Lawson, Gu, Maddison, 2018,
    https://arxiv.org/abs/1810.04152
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..core.autograd import no_grad
from ..core.functional import logsumexp, softmax
from ..core.tensor import tensor
from ..errors import UserError
from ..probability import Normal, kl_standard_normal, standard_normal_log_prob
from .base import LogProb, Model, check_config
from .likelihoods import LIKELIHOODS
from .networks import MLP, ConvDecoder, ConvEncoder


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

    def __post_init__(self):
        check_config(self, latent=1, hidden=1, channels=1, samples=1, beta=0)
        if self.beta != 1 and self.objective != "elbo":
            raise UserError(
                f"beta is {self.beta} with objective {self.objective!r}; only 'elbo' has a KL term to weight"
            )


class VAE(Model):
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
        self.likelihood = LIKELIHOODS[config.likelihood](spec)

    # the two networks

    def posterior(self, x):
        """q(z | x), a `Normal` (N, Z), of an observed tensor x (N, *shape)."""
        self.check_shape(x)
        h = self.encoder(x if self.config.network == "conv" else x.reshape(x.shape[0], self.spec.size))
        mu, logvar = h.chunk(2, dim=-1)  # (N, 2 Z) -> (N, Z), (N, Z)
        return Normal(mu, logvar)

    def outputs(self, z):
        """The decoder's outputs (..., *shape) for latents z (..., Z)."""
        lead = z.shape[:-1]
        rows = z if z.ndim == 2 else z.reshape(math.prod(lead), self.config.latent)
        return self.decoder(rows).reshape(*lead, *self.spec.shape)

    # training

    def loss(self, batch, rng, player="model"):
        """The negative bound of a batch; see `Model.loss`."""
        self.check_shape(batch.x)
        x = self.likelihood.observe(batch.x, rng)
        return getattr(self, self.config.objective)(x, rng)

    def elbo(self, x, rng):
        """−E_q[log p(x | z)] + β KL(q(z | x) ‖ p(z)): terms of an observed x (N, *shape)."""
        reconstruction, kl = (term.mean() for term in self.elbo_terms(x, rng))
        return {"loss": reconstruction + kl * self.config.beta, "reconstruction": reconstruction, "kl": kl}

    def elbo_terms(self, x, rng):
        """−log p(x | z) of each draw of z, (k, N), and the analytic KL(q(z | x) ‖ p(z)), (N,), in nats."""
        q = self.posterior(x)
        z = q.reparameterize(self._noise(x, rng))  # (k, N, Z)
        reconstruction = -self.likelihood.log_prob(self.outputs(z), x.unsqueeze(0).expand(z.shape[0], *x.shape))
        return reconstruction, kl_standard_normal(q.mu, q.logvar).sum(-1)

    def iwae(self, x, rng):
        """−log 1/k Σ w_i with k draws of z (Burda et al. eq. 8)."""
        q = self.posterior(x)
        log_w = self._log_weights(x, q, q, self._noise(x, rng))  # (k, N)
        return {"loss": -(logsumexp(log_w, 0) - math.log(self.config.samples)).mean()}

    def dreg(self, x, rng):
        """The value of `iwae`, with the encoder's gradient Σ w̃_i² ∂log w_i/∂z ∂z/∂φ (Tucker et al. eq. 8).

        The normalised weights w̃ are constants here; q(z | x) inside w is cut from the encoder, which learns through
        z alone, and that path is scaled by w̃ once more. So the encoder's signal does not drown as k grows.
        """
        q, noise = self.posterior(x), self._noise(x, rng)
        frozen = Normal(q.mu.detach(), q.logvar.detach())
        with no_grad():
            log_w = self._log_weights(x, frozen, frozen, noise)
            weight = softmax(log_w, 0)  # (k, N)
            bound = (logsumexp(log_w, 0) - math.log(self.config.samples)).mean()
        surrogate = (self._log_weights(x, q, frozen, noise, path_weight=weight) * weight).sum(0).mean()
        # the surrogate has the gradient, the bound has the value
        return {"loss": -(surrogate - surrogate.detach() + bound)}

    def _log_weights(self, x, q, density, noise, path_weight=None):
        """log w = log p(x | z) + log p(z) − log density(z), (k, N), at z = μ + σ ε of q."""
        z = q.reparameterize(noise)  # (k, N, Z)
        if path_weight is not None:
            z = z.detach() + (z - z.detach()) * path_weight.unsqueeze(-1)
        log_ratio = (standard_normal_log_prob(z) - density.log_prob(z)).sum(-1)
        x = x.unsqueeze(0).expand(z.shape[0], *x.shape)
        return self.likelihood.log_prob(self.outputs(z), x) + log_ratio

    def _noise(self, x, rng):
        return rng.child("posterior").normal((self.config.samples, x.shape[0], self.config.latent), x.dtype)

    def look_at_data(self, batches):
        """Let the decoder's bias start where its mean is the data's: Burda et al.'s start."""
        total, count = 0.0, 0
        for batch in batches:
            total, count = total + batch.x.sum(0, dtype=np.float64), count + len(batch.x)
        start = self.likelihood.start_at(total / count)
        bias = (self.decoder.layers if self.config.network == "conv" else self.decoder)[-1].bias
        bias.copy_(start.reshape(-1, bias.numel()).mean(0))

    # use

    @no_grad()
    def sample(self, n, rng):
        """n new data (n, *shape): z ~ p(z), then the mean of p(x | z) for images, a draw of it for points."""
        return self.decode(rng.child("latent").normal((n, self.config.latent), self.dtype), rng)

    @no_grad()
    def decode(self, z, rng=None):
        """Latents (N, Z) to data (N, *shape): the mean of p(x | z); for points, with ``rng``, a draw."""
        distribution = self.likelihood(self.outputs(tensor(z)))
        if self.spec.levels is None and rng is not None:
            return np.array(distribution.sample(rng.child("decode")))
        mean = distribution.mean.numpy()
        return np.array(mean if self.spec.levels is None else np.clip(mean, 0, 1))

    @no_grad()
    def encode(self, x):
        """Data x (N, *shape) to the posterior's mean and standard deviation, arrays (N, Z).

        Under a Bernoulli likelihood grey values stand for the mean of the binary images that training saw.
        """
        q = self.posterior(tensor(np.asarray(x, self.dtype)))
        return np.array(q.mu.numpy()), np.exp(0.5 * q.logvar.numpy())

    def reconstruct(self, x):
        """Data (N, *shape) through the posterior's mean and back."""
        return self.decode(self.encode(x)[0])

    def posterior_samples(self, x, n, rng):
        """n data for each of x (N, *shape), through n draws of its posterior: (n, N, *shape)."""
        mu, sigma = self.encode(x)
        z = mu + sigma * rng.child("posterior").normal((n, *mu.shape), mu.dtype)
        return self.decode(z.reshape(-1, self.config.latent), rng).reshape(n, *np.shape(x))

    def interpolate(self, x0, x1, steps):
        """From each of x0 to each of x1 (N, *shape) along a straight line of latents: (steps, N, *shape)."""
        (z0, _), (z1, _) = self.encode(x0), self.encode(x1)
        return np.stack([self.decode(z0 + (z1 - z0) * t) for t in np.linspace(0, 1, steps, dtype=self.dtype)])

    def traversal(self, x, dim, values=(-3, -2, -1, 0, 1, 2, 3)):
        """Data like x (N, *shape), with latent ``dim`` set to each of ``values``: (len(values), N, *shape)."""
        z, _ = self.encode(x)
        if not 0 <= dim < self.config.latent:
            raise UserError(
                f"latent dimension {dim} does not exist; the model has {self.config.latent}, counted from 0"
            )
        frames = []
        for value in values:
            z[:, dim] = value
            frames.append(self.decode(z))
        return np.stack(frames)

    def trajectory(self, rng, steps=16):
        """A walk in latent space between two draws of the prior: frames (steps, *shape)."""
        z0, z1 = rng.child("latent").normal((2, self.config.latent), self.dtype)
        angle = np.linspace(0, np.pi / 2, steps, dtype=self.dtype)[:, None]
        return self.decode(np.cos(angle) * z0 + np.sin(angle) * z1)  # a quarter circle keeps the prior's norm

    @no_grad()
    def log_prob(self, x, rng, samples=100):
        """The bound with ``samples`` guesses of z for each datum: `LogProb` of x (N, *shape).

        In expectation below log p(x), and closer with more guesses: with 5,000 the literature's "−log p(x)".
        """
        x = np.asarray(x, self.dtype)
        self.check_shape(x)
        if samples < 1:
            raise UserError(f"log_prob got samples={samples}; it needs at least 1 guess of z")
        if not np.isfinite(x).all() or (self.spec.levels is not None and (x.min() < 0 or x.max() > 1)):
            raise UserError(
                f"log_prob got values from {x.min()} to {x.max()}; they must be finite, of images within [0, 1]"
            )
        rows = max(1, self._budget)
        parts = [self._bound(x[a : a + rows], rng.child(f"from {a}"), samples) for a in range(0, len(x), rows)]
        return LogProb(np.concatenate(parts), "bound", self.likelihood.of)

    def _bound(self, x, rng, samples):
        """log 1/k Σ w of data x (N, *shape), (N,), some of the k = ``samples`` guesses at a time."""
        x = self.likelihood.observe(x, rng)
        n, latent = x.shape[0], self.config.latent
        q = self.posterior(x)
        total = np.full(n, -np.inf)
        at_once = max(1, self._budget // n)
        for start in range(0, samples, at_once):
            k = min(at_once, samples - start)
            noise = rng.child("importance").normal((k, n, latent), self.dtype, start=start * n * latent)
            log_w = self._log_weights(x, q, q, noise).numpy().astype(np.float64)
            total = np.logaddexp(total, np.logaddexp.reduce(log_w, axis=0))
        return total - math.log(samples)

    @property
    def _budget(self):
        """Data that go through the decoder at once, so that its widest layer takes some 100 MB."""
        widest = max(self.spec.size, *self.config.hidden)
        if self.config.network == "conv":
            widest = max(self.spec.size, math.prod(self.spec.shape[:2]) * max(self.config.channels) // 4)
        return 16_000_000 // widest
