"""The generative adversarial network.

The idea. A generator turns noise z into a candidate G(z). A discriminator D looks at data and at candidates and
says how real each looks. They play against each other,

    min_G max_D  E_data[log σ(D(x))] + E_z[log(1 − σ(D(G(z))))],          (Goodfellow et al. eq. 1, σ(D) for their D)

and take turns: the discriminator learns to tell the two apart, then the generator follows the slope of D, the only
thing that it is ever told about the data. Against the best D, σ(D) = p/(p + q), the generator's loss is a distance
between the data's density p and its own q, smallest where q = p and D can only guess. Nobody computes q: a GAN has
samples, and no likelihood. `gan_losses` holds other losses with the same end, and penalties on D's slope without
which the game circles round the end or runs away; `gan_health` tells from outside whether it goes well.

Three tools against a generator that finds only some of the modes of the data: `pack` data are judged together, so
that a lack of variety shows (PacGAN); noise on all that D sees fades as training goes on, so that the modes part
slowly and fairly; and `coins`, latents of ±1, since a continuous G can split normal noise into islands only by bridges.

References:
    Generative Adversarial Networks. Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661
    Conditional Generative Adversarial Nets. Mirza, Osindero, 2014, https://arxiv.org/abs/1411.1784
    Amortised MAP Inference for Image Super-resolution. Sønderby et al., 2017, https://arxiv.org/abs/1610.04490
    (instance noise)
    Spectral Normalization for Generative Adversarial Networks. Miyato et al., 2018, https://arxiv.org/abs/1802.05957
    PacGAN: The Power of Two Samples in Generative Adversarial Networks. Lin, Khetan, Fanti, Oh, 2018,
    https://arxiv.org/abs/1712.04086
    The GAN Is Dead; Long Live the GAN! A Modern GAN Baseline (R3GAN). Huang, Gokaslan, Kuleshov, Tompkin, 2024,
    https://arxiv.org/abs/2501.05441
"""

from contextlib import contextmanager
from functools import partial
from typing import ClassVar

import numpy as np

from ..core import nn
from ..core.autograd import no_grad
from ..core.tensor import Tensor, tensor
from ..errors import UserError
from .base import LogProb, Model
from .gan_config import GANConfig
from .gan_health import alarms, diagnose
from .gan_losses import LOSSES, between, one_centred, require_independent, zero_centred
from .networks import DCGANDiscriminator, DCGANGenerator, MLPDiscriminator, MLPGenerator
from .scaling import Scaling


class GAN(Model):
    """Generator and discriminator; see the file's docstring for the story.

    Args:
        config: `GANConfig`.
        spec: `DataSpec` of the data.
        rng: NumPy generator for the initial weights.
    Raises:
        UserError: a penalty with batch normalisation in the discriminator; dcgan for data that are no images, or
            whose sides cannot be halved.
    """

    family = "gan"
    Config = GANConfig
    players = ("discriminator", "generator")
    averaged = "generator"
    comparable = False
    habits: ClassVar = {"batch_size": 64, "learning_rate": 5e-4, "schedule": "cosine", "ema": 0.999}
    units: ClassVar = {
        "loss": "of the player, mean over the batch; with logits in nats where the loss is a cross-entropy",
        "adversarial": "the discriminator's loss without its penalties, mean over the batch",
        "penalty": "sum of the penalties on the discriminator's slope, unweighted, mean over the batch",
        "accuracy_real": "share of the real data that the discriminator takes for real",
        "accuracy_fake": "share of the fakes that it takes for fakes",
    }

    def __init__(self, config, spec, *, rng):
        super().__init__(config, spec)
        self.rule = LOSSES[config.loss]
        self.scaling = Scaling(spec)
        classes = spec.classes if config.conditional else None
        norm = nn.BatchNorm if config.norm == "batch" else None
        wrap = partial(nn.SpectralNorm, rng=rng) if config.norm == "spectral" else None
        if config.network == "dcgan":
            self.generator = DCGANGenerator(spec.shape, config.latent, config.channels[::-1], classes, rng=rng)
            self.discriminator = DCGANDiscriminator(
                spec.shape, config.channels, classes, norm, wrap, images_per_look=config.pack, rng=rng
            )
        else:
            images = spec.levels is not None
            self.generator = MLPGenerator(spec.shape, config.latent, config.hidden, images, classes, rng=rng)
            self.discriminator = MLPDiscriminator(
                spec.size * config.pack, config.hidden, config.frequencies, classes, norm, wrap, rng=rng
            )
        if config.penalties:
            require_independent(self.discriminator)

    # training

    @property
    def turns(self):
        """``d_steps`` times the discriminator, once the generator."""
        return ("discriminator",) * self.config.d_steps + ("generator",)

    def adam_options(self, player):
        """Both players' ``betas``: with momentum the two swing round each other."""
        return {"betas": self.config.betas}

    def parameters_of(self, player):
        """The weights of the one network that ``player`` is."""
        return getattr(self, player).parameters()

    def look_at_data(self, batches):
        """Learn the scale of points."""
        self.scaling.fit(batches)

    def loss(self, batch, rng, player="generator"):
        """What ``player`` minimises, on a batch of data and as many fakes; see `Model.loss`."""
        if player not in self.players:
            raise UserError(f"a GAN has no player {player!r}; it has: {', '.join(self.players)}")
        return self._turn(player)(rng, *self.prepared(batch, rng))

    def halves(self, player="generator"):
        """See `Model.halves`; labels pick rows, and a spectral norm follows its weight, as no captured step can."""
        if self.config.conditional or self.config.norm == "spectral" or not self.cuts_loss("halves"):
            return None
        return self.prepared, self._turn(player)

    def _turn(self, player):
        return self._discriminator_turn if player == "discriminator" else self._generator_turn

    def prepared(self, batch, rng):
        """Data (N, *shape) in the network's units, latents (N, Z), this step's deviation of the instance noise and
        weight of the penalties, (); of a conditional model also the labels (N,).
        """
        self.check_shape(batch.x)
        n = len(batch.x) // self.config.pack * self.config.pack
        if not n:
            raise UserError(f"a batch of {len(batch.x)} is less than one pack of {self.config.pack}: enlarge it")
        real = self.scaling(np.asarray(batch.x[:n], self.dtype))
        at_step = self.config.noise_at(rng.step), self.config.penalty_at(rng.step)
        found = real, tensor(self.latents(n, rng)), *(tensor(number, dtype=self.dtype) for number in at_step)
        labels = self.labels_of(batch.x, batch.labels)
        return found if labels is None else (*found, labels[:n])

    def _discriminator_turn(self, rng, real, z, sigma, weight, labels=None):
        """The loss of telling ``real`` from as many fakes."""
        penalties = self.config.penalties
        with no_grad():
            fake = self._blurred(self.generator(z, labels), sigma, rng.child("blur fake"))
            real = self._blurred(real, sigma, rng.child("blur real"))
        real = real.detach().requires_grad_("r1" in penalties)
        fake = fake.detach().requires_grad_("r2" in penalties)
        logits, fake_logits = self.judge(real, labels), self.judge(fake, labels)
        adversarial = self.rule.discriminator(logits, fake_logits)
        terms = {"loss": adversarial, "adversarial": adversarial}
        if penalties:
            found = [zero_centred(logits, real)] if "r1" in penalties else []
            found += [zero_centred(fake_logits, fake)] if "r2" in penalties else []
            found += [self._gradient_penalty(real, fake, labels, rng)] if "gp" in penalties else []
            terms["penalty"] = sum(found[1:], found[0])
            terms["loss"] = adversarial + terms["penalty"] * weight
        return {**terms, **self._accuracies(logits, fake_logits)}

    def _gradient_penalty(self, real, fake, labels, rng):
        u = Tensor.wrap(rng.child("between").uniform((real.shape[0],), self.dtype))
        x = between(real.detach(), fake.detach(), u).requires_grad_()
        return one_centred(self.judge(x, labels), x)

    @no_grad()
    def _accuracies(self, real, fake):
        """The share of logits on their own side of the loss's threshold; without one, of the middle between them."""
        threshold = self.rule.threshold
        threshold = (real.mean() + fake.mean()) / 2 if threshold is None else threshold
        sides = {"accuracy_real": real > threshold, "accuracy_fake": fake < threshold}
        return {name: side.to(self.dtype).mean() for name, side in sides.items()}

    def _generator_turn(self, rng, real, z, sigma, weight, labels=None):
        """The loss of fooling the discriminator, whose own weights get no gradient."""
        fake = self.generator(z, labels)
        with self.discriminator.frozen():
            fake_logits = self.judge(self._blurred(fake, sigma, rng.child("blur fake")), labels)
            logits = None
            if self.rule.pairs:
                with no_grad():
                    logits = self.judge(self._blurred(real, sigma, rng.child("blur real")), labels)
        return {"loss": self.rule.generator(logits, fake_logits)}

    def _blurred(self, x, sigma, rng):
        """A tensor x (N, *shape) with instance noise of deviation sigma ()."""
        if not self.config.instance_noise:
            return x
        return x + Tensor.wrap(rng.normal(x.shape, self.dtype)) * sigma

    def latents(self, n, rng):
        """n draws of z, an array (n, Z): standard normal numbers, the first ``coins`` of them only their signs."""
        z, coins = rng.child("latent").normal((n, self.config.latent), self.dtype), self.config.coins
        z[:, :coins] = np.where(z[:, :coins] < 0, -1, 1)
        return z

    def judge(self, x, labels=None):
        """The discriminator's logits of a tensor x (N, *shape) in the network's units: (N / pack,)."""
        m = self.config.pack
        if m > 1:
            n, last = x.shape[0] // m, len(self.spec.shape)
            x = x.reshape(n, m, *self.spec.shape).movedim(1, last)  # (N/m, H, W, m, C)
            x = x.reshape(n, *self.spec.shape[:-1], m * self.spec.shape[-1])
        return self.discriminator(x, labels)

    # use

    @no_grad()
    def sample(self, n, rng, labels=None):
        """n new data (n, *shape): `latents` through the generator; see `Model.sample`."""
        return self.decode(self.latents(n, rng), self.labels_for(n, rng, labels))

    @no_grad()
    def decode(self, z, labels=None):
        """Latents (N, Z), and a conditional model's labels (N,), to data (N, *shape)."""
        z = np.asarray(z, self.dtype)
        if z.ndim != 2 or z.shape[1] != self.config.latent:
            raise UserError(f"decode got latents of shape {z.shape}; this model's are (N, {self.config.latent})")
        labels = self.labels_of(z, labels)
        made = []
        with _evaluating(self.generator):
            for a in range(0, len(z), ROWS):
                part = slice(a, a + ROWS)
                made.append(self.generator(tensor(z[part]), None if labels is None else labels[part]).numpy())
        return self.scaling.inverse(np.concatenate(made)) if made else np.empty((0, *self.spec.shape), self.dtype)

    @no_grad()
    def probability_real(self, x, labels=None):
        """p/(p + q) as the discriminator believes: the probability (N,) that each of x (N, *shape) is a real one.

        Of data half of which are real; labels (N,) where the model is conditional.

        Raises:
            UserError: the loss's best discriminator does not tell this probability, or it judges packs of data.
        """
        if self.rule.probability is None:
            able = ", ".join(name for name, rule in LOSSES.items() if rule.probability)
            raise UserError(
                f"under the loss {self.config.loss!r} a logit does not tell the probability of being real; it does"
                f" under: {able}"
            )
        if self.config.pack > 1:
            raise UserError(
                f"this discriminator judges {self.config.pack} data together, so no single one has a probability"
            )
        x = self.checked(x)
        labels = self.labels_of(x, labels)
        with _evaluating(self.discriminator):
            parts = [
                self.judge(self.scaling(x[a : a + ROWS]), None if labels is None else labels[a : a + ROWS]).numpy()
                for a in range(0, len(x), ROWS)
            ]
        return self.rule.probability(np.concatenate(parts))

    def log_prob(self, x, rng, labels=None):
        """NaN for each of x (N, *shape), with the kind "undefined": a GAN has no density that can be computed."""
        self.check_shape(np.asarray(x))
        reason = "a GAN draws samples and gives no probabilities: judge its samples, or train another family"
        return LogProb(np.full(len(x), np.nan), "undefined", "density of continuous x", facts={"reason": reason})

    def trajectory(self, n, rng, labels=None, steps=16):
        """A walk in latent space: {"walk": (steps, n, *shape)}, each on a quarter circle between two draws of z.

        It ends at what `sample` draws from the same ``rng``.
        """
        if steps < 2:
            raise UserError(f"a walk of {steps} frames leads nowhere; it takes at least 2")
        z0, z1 = self.latents(n, rng.child("from")), self.latents(n, rng)
        labels = self.labels_for(n, rng, labels)
        angles = np.linspace(0, np.pi / 2, steps, dtype=self.dtype)  # a quarter circle keeps the prior's norm
        return {"walk": np.stack([self.decode(np.cos(t) * z0 + np.sin(t) * z1, labels) for t in angles])}

    def diagnose(self, samples, dataset):
        """Diversity, and the modes where they are known; see `gan_health.diagnose`."""
        return diagnose(samples, dataset)

    def alarms(self, history):
        """What is going wrong, in words; see `gan_health.alarms`."""
        return alarms(history)


ROWS = 1000  # data that go through a network at once


@contextmanager
def _evaluating(module):
    """Inside, ``module`` is in evaluation mode."""
    was = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was)
