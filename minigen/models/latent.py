"""What models with latent variables share: they draw by decoding noise, and bound log p(x) by guessing the noise.

    p(x) = ∫ p(x | z) p(z) dz ,    log p(x) ≥ E[log 1/k Σ_i w_i],   w_i = p(x, z_i) / q(z_i | x)

With k guesses z_i ~ q(z | x) the bound gets tighter, and tends to log p(x) as k grows.

Reference:
    Importance Weighted Autoencoders. Burda, Grosse, Salakhutdinov, 2015, https://arxiv.org/abs/1509.00519
"""

import math
from abc import abstractmethod

import numpy as np

from ..core.autograd import no_grad
from ..core.functional import logsumexp
from ..core.tensor import Tensor, tensor
from ..errors import UserError
from .base import LogProb, Model


class LatentModel(Model):
    """A model of x by unseen causes z; z is made of ``noise_size`` standard normal numbers.

    A family has a ``likelihood`` (a `Likelihood`), and writes the members that are abstract here.
    """

    @property
    @abstractmethod
    def noise_size(self):
        """The number of standard normal numbers that one datum is made of."""

    @abstractmethod
    def outputs(self, noise, y=None):
        """The decoder's outputs (..., *shape) for noise (..., noise_size) and one-hot labels y (N, K) or None."""

    @abstractmethod
    def guesses(self, x, y=None):
        """A function of noise (k, N, noise_size) that gives log w (k, N) of k guesses for an observed x (N, *shape)."""

    @property
    @abstractmethod
    def output_bias(self):
        """The bias of the decoder's last layer."""

    @property
    @abstractmethod
    def widest(self):
        """The most numbers that a layer of the decoder makes of one guess."""

    # training

    def iwae(self, x, rng, y=None):
        """−log 1/k Σ w_i with k = ``config.samples`` draws of z (Burda et al. eq. 8), of an observed x (N, *shape)."""
        log_w = self.guesses(x, y)(self._noise(x, rng))  # (k, N)
        return {"loss": -(logsumexp(log_w, 0) - math.log(self.config.samples)).mean()}

    def _noise(self, x, rng):
        return rng.child("posterior").normal((self.config.samples, x.shape[0], self.noise_size), x.dtype)

    def look_at_data(self, batches):
        """Let the decoder's bias start where its mean is the data's: Burda et al.'s start."""
        total, count = 0.0, 0
        for batch in batches:
            total, count = total + batch.x.sum(0, dtype=np.float64), count + len(batch.x)
        start = self.likelihood.start_at(total / count)
        self.output_bias.copy_(start.reshape(-1, self.output_bias.numel()).mean(0))

    # labels

    def one_hot(self, labels):
        """Integers (N,) as a tensor (N, K) with a single 1 in each row; None as None."""
        return None if labels is None else Tensor(np.eye(self.spec.classes, dtype=self.dtype)[labels])

    # use

    @no_grad()
    def sample(self, n, rng, labels=None):
        """n new data (n, *shape): z ~ p(z), then the mean of p(x | z) for images, a draw of it for points."""
        noise = rng.child("latent").normal((n, self.noise_size), self.dtype)
        return self.shown(self.outputs(tensor(noise), self.one_hot(self.labels_for(n, rng, labels))), rng)

    @no_grad()
    def trajectory(self, n, rng, labels=None, steps=16):
        """A walk through the latents for each of n data: {"sample": (steps, n, *shape)}.

        It ends at what `sample` draws from the same ``rng``. A quarter circle keeps the prior's norm on the way, where
        a straight line would pass nearer to 0 than draws ever are.
        """
        if steps < 1:
            raise UserError(f"trajectory got steps={steps}; it needs at least 1 frame")
        begin, end = (rng.child(name).normal((n, self.noise_size), self.dtype) for name in ("begin", "latent"))
        y = self.one_hot(self.labels_for(n, rng, labels))
        angles = np.linspace(np.pi / 2, 0, steps, dtype=self.dtype)[::-1]  # reversed: a single frame is the end
        walk = [tensor(np.cos(angle) * begin + np.sin(angle) * end) for angle in angles]
        return {"sample": np.stack([self.shown(self.outputs(noise, y), rng) for noise in walk])}

    @no_grad()
    def shown(self, outputs, rng=None):
        """A decoder's outputs (..., *shape) as data: the mean of p(x | z); for points, with ``rng``, a draw."""
        distribution = self.likelihood(outputs)
        if self.spec.levels is None and rng is not None:
            return np.array(distribution.sample(rng.child("decode")))
        mean = distribution.mean.numpy()
        return np.array(mean if self.spec.levels is None else np.clip(mean, 0, 1))

    @no_grad()
    def log_prob(self, x, rng, labels=None, samples=100):
        """The bound with ``samples`` guesses of z for each datum: `LogProb` of x (N, *shape), given labels (N,) if any.

        In expectation below log p(x), and closer with more guesses: with 5,000 the literature's "−log p(x)".
        """
        x = self.checked(x)
        if samples < 1:
            raise UserError(f"log_prob got samples={samples}; it needs at least 1 guess of z")
        y, rows = self.one_hot(self.labels_of(x, labels)), self._at_once
        parts = [
            self._bound(x[a : a + rows], None if y is None else y[a : a + rows], rng.child(f"from {a}"), samples)
            for a in range(0, len(x), rows)
        ]
        return LogProb(np.concatenate(parts), "bound", self.likelihood.of)

    def _bound(self, x, y, rng, samples):
        """log 1/k Σ w of data x (N, *shape), (N,), some of the k = ``samples`` guesses at a time."""
        x = self.likelihood.observe(x, rng)
        n, size = x.shape[0], self.noise_size
        log_weights = self.guesses(x, y)
        total = np.full(n, -np.inf)
        at_once = max(1, self._at_once // n)
        for start in range(0, samples, at_once):
            k = min(at_once, samples - start)
            noise = rng.child("importance").normal((k, n, size), self.dtype, start=start * n * size)
            log_w = log_weights(noise).numpy().astype(np.float64)
            total = np.logaddexp(total, np.logaddexp.reduce(log_w, axis=0))
        return total - math.log(samples)

    @property
    def _at_once(self):
        """Guesses that go through the decoder at once, so that its widest layer takes some 100 MB."""
        return max(1, 16_000_000 // self.widest)


def beside(x, z):
    """Data x (N, *shape) for each draw z (..., N, Z): (..., N, *shape), without a copy."""
    # reshaped first: of a single draw this is a plain view, and kernels are quicker on those than on broadcast ones
    return x.reshape(*[1] * (z.ndim - 2), *x.shape).expand(*z.shape[:-1], *x.shape[1:])
