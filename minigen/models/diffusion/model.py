"""A diffusion model: noise is added to data step by step, and a network learns to take it away.

Destroying is easy: x_t = α_t x_0 + σ_t ε is the datum under so much noise that at the end nothing is left of it.
Undoing a little of it is a problem of regression: given x_t, what was ε? The network's best answer is an average
over all data that x_t may come from, blurred at first and sharper as the noise falls; small steps towards it, from pure
noise on, end in a new datum: coarse first, detail later. All that is trained is one squared error,

    L = E_t,x_0,ε  w(t) ‖ε − ε̂(x_t, t)‖²                       (DDPM eq. 14 with w = 1)

and with the right w it is the variational bound on log p(x) (`bound`). How α and σ run is a table (`paths`), what the
network says is a choice among equals (`prediction`), and how to walk back is another (`samplers`), made after training.
The same denoiser defines an ODE whose likelihood can be computed (`ode`).

With labels, some are hidden in training; a walk that goes beyond the conditional answer, away from the unconditional
one, keeps to its label more strictly ("classifier-free guidance"):  ε = (1 + w) ε_c − w ε_∅  (Ho, Salimans eq. 6).

References:
    Deep Unsupervised Learning using Nonequilibrium Thermodynamics. Sohl-Dickstein et al., 2015,
    https://arxiv.org/abs/1503.03585
    Denoising Diffusion Probabilistic Models (DDPM). Ho, Jain, Abbeel, 2020, https://arxiv.org/abs/2006.11239
    Classifier-Free Diffusion Guidance. Ho, Salimans, 2022, https://arxiv.org/abs/2207.12598
"""

import math
from collections import deque
from typing import ClassVar

import numpy as np

from ...core.autograd import no_grad
from ...core.tensor import Tensor
from ...errors import UserError
from ..base import Model
from ..scaling import Scaling
from .config import DiffusionConfig
from .likelihood import bound, ode_log_prob
from .ode import ode_cuts, transport
from .prediction import Prediction, eps_of, weight
from .process import beside, q_sample
from .samplers import sampler_for


class Diffusion(Model):
    """A denoiser on a Gaussian path; see the file's docstring for the story.

    Args:
        config: `DiffusionConfig`.
        spec: `DataSpec` of the data.
        rng: NumPy generator for the initial weights.
    """

    family = "diffusion"
    Config = DiffusionConfig
    habits: ClassVar = {
        "batch_size": 128, "learning_rate": 1e-3, "ema": 0.999, "clip_norm": 1.0, "warmup": 100,
        "schedule": "cosine", "steps": 3000,
    }  # fmt: skip
    units: ClassVar = {
        "loss": "weighted squared error of what the network predicts, mean over values and batch",
        "mse": "squared error of what the network predicts, mean over values and batch",
    }
    sample_options = ("sampler", "steps", "guidance", "eta")

    def __init__(self, config, spec, *, rng):
        super().__init__(config, spec)
        self.path = config.make_path()
        self.network = config.make_network(spec, rng)
        self.scaling = Scaling(spec)
        self.register_buffer("sigma_data", np.ones((1,), np.float32))  # of the data in the network's units

    def look_at_data(self, batches):
        """Points' mean and deviation (`Scaling`), and the deviation of all values together, EDM's σ_data."""
        batches = list(batches)
        self.scaling.fit(batches)
        values = np.concatenate([self.scaling(np.asarray(batch.x, self.dtype)).numpy().ravel() for batch in batches])
        self.sigma_data.copy_(np.maximum(values.std(dtype=np.float64, keepdims=True), 1e-3))

    @property
    def prediction(self):
        """What the network's output means, a `Prediction`."""
        name = self.config.prediction or self.path.prediction
        return Prediction(name, self.path, float(self.sigma_data.numpy()[0]))

    def output(self, x_t, t, labels=None):
        """The network's answer F to a tensor x_t (N, *shape) at times t (N,) or (1,); labels int (N,) or None."""
        return self.network(*self._seen(x_t, t), labels)

    def _seen(self, x_t, t):
        """A tensor x_t (N, *shape) in the scale that the network sees, and the waves that tell it t."""
        scale = self.path.input_scale(t, float(self.sigma_data.numpy()[0]))
        x_t = x_t if (scale == 1).all() else x_t * beside(scale, x_t)
        return x_t, self.network.time.waves(self.path.network_time(t))

    # training

    def loss(self, batch, rng, player="model"):
        """w(t) ‖F − F̂‖² at a random time for each datum; see `Model.loss`."""
        return self.terms(rng, *self.prepared(batch, rng))

    def prepared(self, batch, rng):
        """What the network sees of a batch, x_t (N, *shape) and the waves of t, what it should answer (N, *shape), and
        w(t) (N, 1, …); of a conditional model also its labels (N,).

        The times of a batch are spread evenly, which makes the loss less noisy (VDM, appendix I.1).
        """
        self.check_shape(batch.x)
        x_0 = self.scaling(np.asarray(batch.x, self.dtype)).numpy()
        t = self.path.draw((np.arange(len(x_0)) + rng.child("time").uniform((len(x_0),), np.float64)) / len(x_0))
        eps = rng.child("noise").normal(x_0.shape, x_0.dtype)
        prediction, labels = self.prediction, self._hidden(self.labels_of(x_0, batch.labels), rng)
        w = beside(weight(self.config.weighting, prediction, t, self.config.gamma), x_0)
        x, waves = self._seen(Tensor.wrap(q_sample(self.path, x_0, t, eps)), t)
        found = x, waves, Tensor.wrap(prediction.target(x_0, eps, t)), Tensor.wrap(w)
        return found if labels is None else (*found, labels)

    def terms(self, rng, x, waves, target, w, labels=None):
        """The weighted squared error; without labels it can be captured."""
        error = (self.network(x, waves, labels) - target).square()
        return {"loss": (error * w).mean(), "mse": error.detach().mean()}

    def _hidden(self, labels, rng):
        """Labels (N,), a share ``label_dropout`` of them replaced by K, "not told"."""
        if labels is None:
            return None
        hide = rng.child("hide").uniform(labels.shape, np.float64) < self.config.label_dropout
        return np.where(hide, self.spec.classes, labels)

    # denoise

    def denoiser(self, labels=None, guidance=0.0, clip=None):
        """A function (x_t (N, *shape), t () or (N,)) to (x̂_0, ε̂), arrays, for the samplers and the bound.

        Args:
            labels: int (N,), or None.
            guidance: w of F = (1 + w) F_c − w F_∅; of ε̂ it says the same, which is linear in F.
            clip: keep x̂_0 in [−1, 1]; by default for images.
        """
        clip = self.spec.levels is not None if clip is None else clip
        if guidance and labels is None:
            raise UserError(f"guidance is {guidance}, but this model was trained without labels: it has no condition")
        if guidance and not self.config.label_dropout:
            raise UserError(
                f"guidance is {guidance}, but this model was trained with label_dropout 0: it never met a datum without"
                " label, which guidance compares with; train it with 0.1"
            )

        def denoise(x_t, t):
            out = self._guided(x_t, np.reshape(np.asarray(t, np.float64), -1), labels, guidance)
            prediction = self.prediction
            x_0 = prediction.x_0(x_t, out, t)
            if not clip:
                return x_0, prediction.eps(x_t, out, t)
            inside = np.clip(x_0, -1, 1)
            return inside, eps_of(self.path, x_t, inside, t)

        return denoise

    @no_grad()
    def _guided(self, x_t, t, labels, w):
        """(1 + w) F_c − w F_∅, an array; one look at the network where one of the two has no weight."""
        if labels is None or w == 0:
            return self.output(Tensor.wrap(x_t), t, labels).numpy()
        if w == -1:
            return self.output(Tensor.wrap(x_t), t, None).numpy()
        both = np.concatenate([labels, np.full_like(labels, self.spec.classes)])
        t = np.concatenate([t, t]) if len(t) > 1 else t
        told, untold = np.split(self.output(Tensor.wrap(np.concatenate([x_t, x_t])), t, both).numpy(), 2)
        return x_t.dtype.type(1 + w) * told - x_t.dtype.type(w) * untold

    # use

    def sample(self, n, rng, labels=None, sampler=None, steps=20, guidance=0.0, eta=0.0):
        """n new data (n, *shape): from noise to data in ``steps`` steps.

        Args:
            labels: of a conditional model; see `Model.sample`.
            sampler: a key of `SAMPLERS`; None: the path's habit, its first.
            steps: of the walk; `heun` looks at the network twice in each.
            guidance: w ≥ −1 of classifier-free guidance; 0 is the conditional model itself, −1 the unconditional one.
            eta: 0 … 1, ddim's share of fresh noise.
        """
        labels = self.labels_for(n, rng, labels)
        parts = []
        for _, walk in self._walks(n, rng, labels, sampler, steps, guidance, eta):
            ((x, _),) = deque(walk, maxlen=1)  # the last step alone
            parts.append(x)
        return self.scaling.inverse(np.concatenate(parts))

    def trajectory(self, n, rng, labels=None, sampler=None, steps=20, guidance=0.0, eta=0.0):
        """{"x_t", "x_0"}: the noisy data and the predicted ones at each time, each (steps + 1, n, *shape).

        x_t is shown over √(α² + σ²), so that noise fits beside data; the last frames of both are the samples.
        """
        labels = self.labels_for(n, rng, labels)
        times, noisy, clean = self.path.times(steps), [], []
        for rows, walk in self._walks(n, rng, labels, sampler, steps, guidance, eta):
            frames = [(self._noise(rows, rng), None), *walk]
            noisy.append([x / np.hypot(*self._coefficients(t)) for (x, _), t in zip(frames, times, strict=True)])
            clean.append([x_0 for _, x_0 in frames[1:]] + [frames[-1][0]])
        return {
            name: self.scaling.inverse(np.concatenate([np.stack(part) for part in parts], axis=1))
            for name, parts in (("x_t", noisy), ("x_0", clean))
        }

    def _coefficients(self, t):
        return self.dtype.type(self.path.alpha(t)), self.dtype.type(self.path.sigma(t))

    def _walks(self, n, rng, labels, sampler, steps, guidance, eta):
        """(rows, walk) for each piece of n that fits in memory: a slice, and the sampler's generator."""
        walk = sampler_for(self.path, sampler)
        options = {"eta": eta} if eta else {}
        if eta and walk.__name__ != "ddim":
            raise UserError(f"eta is {eta}, but only the sampler ddim takes it, not {walk.__name__}")
        if not 0 <= eta <= 1 or not -1 <= guidance < math.inf:
            raise UserError(f"eta is {eta} and guidance {guidance}; wanted eta in [0, 1] and guidance at least −1")
        times, size = self.path.times(steps), self._rows
        for a in range(0, max(n, 1), size):  # none at all are walked too: so their frames have a shape
            rows = slice(a, min(a + size, n))
            denoise = self.denoiser(None if labels is None else labels[rows], guidance)
            stream = rng.child(f"from {a}")
            yield rows, walk(denoise, self.path, self._noise(rows, rng), times, stream, **options)

    def _noise(self, rows, rng):
        """x_T of the data ``rows``: N(0, prior_std²)."""
        shape = (rows.stop - rows.start, *self.spec.shape)
        noise = rng.child("prior").normal(shape, self.dtype, start=rows.start * self.spec.size)
        return noise * self.dtype.type(self.path.prior_std)

    @property
    def _rows(self):
        """Data that go through the network at once."""
        return 128 * max(1, 784 // self.spec.size) if len(self.spec.shape) == 3 else 8192

    # likelihood

    def log_prob(self, x, rng, labels=None, samples=20, steps=32):
        """Images: the variational bound on P(integer x). Points: the ODE's density.

        Args:
            samples: images: terms of the bound drawn for each datum; None: all of them.
            steps: points: of the ODE's solver.
        """
        if self.spec.levels is None:
            return self.ode_log_prob(x, rng, labels, steps)
        return self.bound(x, rng, labels, samples)

    def bound(self, x, rng, labels=None, samples=20):
        """−(L_T + Σ L_t + L_0) of x (N, *shape), in nats, and its three parts; see `likelihood.bound`."""
        return bound(self, x, rng, labels, samples)

    def ode_log_prob(self, x, rng, labels=None, steps=32):
        """log p(x) of x (N, *shape) by the probability-flow ODE, in nats; see `likelihood.ode_log_prob`."""
        return ode_log_prob(self, x, rng, labels, steps)

    def velocity(self, labels):
        """For the ODE: a function (tensor x_t, t) to the tensor u = ε̂ − x̂_0; its terms in 1/σ meet in float64."""

        def velocity(x_t, t):
            alpha, sigma = float(self.path.alpha(t)), float(self.path.sigma(t))
            skip, out = (float(part) for part in self.prediction.coefficients(t))
            total = 1 + alpha / sigma
            return x_t * (1 / sigma - total * skip) - self.output(x_t, np.full(1, t), labels) * (total * out)

        return velocity

    @no_grad()
    def encode(self, x, labels=None, steps=32):
        """Data x (N, *shape) to the noise that the ODE leads to, (N, *shape): x_T in the path's own scale."""
        x, labels = self.checked(x), self.labels_of(x, labels)
        return transport(self.velocity(labels), self.path, self.scaling(x).numpy(), ode_cuts(self.path, steps))

    @no_grad()
    def decode(self, z, labels=None, steps=32):
        """What `encode` gave back to data (N, *shape)."""
        z = np.asarray(z, self.dtype)
        cuts = ode_cuts(self.path, steps)[::-1]
        return self.scaling.inverse(transport(self.velocity(self.labels_of(z, labels)), self.path, z, cuts))

    def pieces(self, n):
        """Slices of 0 … n that fit in memory."""
        return [slice(a, min(a + self._rows, n)) for a in range(0, n, self._rows)]
