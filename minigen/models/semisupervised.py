"""Learning from few labels: M2 and M1+M2, a VAE that knows classes.

M2. A datum is made of its class y and of what the class does not tell, z: p(x, y, z) = p(x | y, z) p(y) p(z), with
uniform p(y). A classifier q(y | x) and an encoder q(z | x, y) guess both. Where the label is known the bound is that of
a conditional VAE (Kingma et al. eq. 6),

    log p(x, y) ≥ −L(x, y) ,    L = −E_q[log p(x | y, z)] + KL(q(z | x, y) ‖ p(z)) − log p(y)

where it is not, the class is one more unseen cause, and the sum over classes is exact (eq. 7):

    log p(x) ≥ −U(x) ,    U = Σ_y q(y | x) (L(x, y) + log q(y | x))

So a datum without label teaches the classifier which class explains it best. In L nothing trains the classifier on the
labels themselves, therefore α · (−log q(y | x)) of the labelled data is added (eq. 9).

M1+M2. M1 is a plain `VAE`, trained without labels; M2 then explains M1's latents z₁ in the place of pixels. Classes lie
closer together there than among pixels, and M2 need not learn strokes.

Here the sums are means over a batch, and α weighs the mean over its labelled data. `minigen.data.few_labels` makes data
sets of this kind; labels are −1 where they are unknown.

Reference:
    Semi-supervised Learning with Deep Generative Models. Kingma, Rezende, Mohamed, Welling, 2014,
    https://arxiv.org/abs/1406.5298
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..core.autograd import no_grad
from ..core.functional import cross_entropy, log_softmax, logsumexp, softmax
from ..core.tensor import tensor
from ..errors import UserError
from .base import check_config
from .latent import LatentModel
from .networks import MLP
from .vae import VAE, VAEConfig


@dataclass(frozen=True)
class M2Config:
    """Hyper-parameters of `M2`."""

    latent: int = 10
    """Z, the number of latent variables beside the class."""
    hidden: tuple[int, ...] = (200,)
    """Features of the hidden layers of encoder, decoder (reversed) and classifier."""
    likelihood: Literal["bernoulli", "gaussian", "logistic"] = "bernoulli"
    """What a pixel is: binary, continuous, or one of the data's grey levels."""
    alpha: float = 2.0
    """α, the weight of −log q(y | x) of the labelled data."""

    def __post_init__(self):
        check_config(self, latent=1, hidden=1, alpha=0)


class M2(LatentModel):
    """A conditional `VAE` and a classifier, trained on data of which some have labels.

    Args:
        config: `M2Config`.
        spec: `DataSpec` of the data, with classes.
        rng: NumPy generator for the initial weights.
    """

    family = "m2"
    Config = M2Config
    conditional = True
    units: ClassVar = {
        "loss": "nats per datum, mean over the batch, plus α times the classification term",
        "labelled": "L(x, y), nats per datum, mean over the labelled data of the batch",
        "unlabelled": "U(x), nats per datum, mean over the unlabelled data of the batch",
        "classification": "−log q(y | x), nats per datum, mean over the labelled data of the batch",
    }

    def __init__(self, config, spec, *, rng):
        if not spec.classes:
            raise UserError("m2 needs data of which some have labels; these have none: train a vae on them")
        super().__init__(config, spec)
        self.vae = VAE(
            VAEConfig(latent=config.latent, hidden=config.hidden, likelihood=config.likelihood, conditional=True),
            spec,
            rng=rng,
        )
        self.classifier = MLP((spec.size, *config.hidden, spec.classes), rng=rng)

    # training

    def loss(self, batch, rng, player="model"):
        """The negative bound of a batch of which some data have labels (−1: none); see `Model.loss`."""
        self.check_shape(batch.x)
        if batch.labels is None:
            raise UserError("m2 needs a label beside each datum, −1 where it is unknown; this batch has none")
        x, labels = self.likelihood.observe(batch.x, rng), np.asarray(batch.labels)
        known, unknown = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
        terms, total = {}, 0.0
        if known.size:
            y = self.labels_for(known.size, None, labels[known])
            terms["labelled"] = self.labelled(x[known], y, rng.child("labelled")).mean()
            terms["classification"] = cross_entropy(self.logits(x[known]), y)
            total = terms["labelled"] * (known.size / len(labels)) + terms["classification"] * self.config.alpha
        if unknown.size:
            terms["unlabelled"] = self.unlabelled(x[unknown], rng.child("unlabelled")).mean()
            total = terms["unlabelled"] * (unknown.size / len(labels)) + total
        return {"loss": total, **terms}

    def labelled(self, x, labels, rng):
        """L(x, y) of an observed x (N, *shape) and integers y (N,), in nats: (N,)."""
        return self._joint(x, self.one_hot(labels), rng).squeeze(0)

    def unlabelled(self, x, rng):
        """U(x) of an observed x (N, *shape), in nats: (N,)."""
        log_q = log_softmax(self.logits(x), -1).transpose(0, 1)  # (K, N)
        return (log_q.exp() * (self._joint(x, self._every_label(), rng) + log_q)).sum(0)

    def _joint(self, x, y, rng):
        """L(x, y): (1, N) for y (N, K), (K, N) for y (K, 1, K). The noise is the same for all labels of a datum."""
        reconstruction, kl = self.vae.elbo_terms(x, rng, y)
        return reconstruction + kl + math.log(self.spec.classes)

    def _every_label(self):
        """One-hot (K, 1, K): each label, to meet all of a batch."""
        return self.one_hot(np.arange(self.spec.classes)).unsqueeze(1)

    def logits(self, x):
        """The classifier's log q(y | x) up to a constant, (N, K), of an observed x (N, *shape)."""
        return self.classifier(x.reshape(x.shape[0], self.spec.size))

    # use

    @no_grad()
    def classify(self, x):
        """q(y | x), an array (N, K), of data x (N, *shape); binary pixels are represented by their mean."""
        x = tensor(np.asarray(x, self.dtype))
        self.check_shape(x)
        return np.array(softmax(self.logits(x), -1).numpy())

    def labels_of(self, x, labels):
        """The labels (N,) where some are given: then `log_prob` is of x given them. None: it sums over all labels."""
        return None if labels is None else super().labels_of(x, labels)

    def guesses(self, x, y=None):
        """See `LatentModel.guesses`; without labels w = Σ_y p(x, y, z_y) / q(z_y | x, y), a bound of p(x)."""
        if y is not None:
            return self.vae.guesses(x, y)
        classes = self.spec.classes
        every = self.vae.guesses(x, self._every_label())
        return lambda noise: logsumexp(every(noise[:, None]), 1) - math.log(classes)  # (k, K, N) -> (k, N)

    def outputs(self, noise, y=None):
        return self.vae.outputs(noise, y)

    @property
    def likelihood(self):
        """That of the VAE inside."""
        return self.vae.likelihood

    @property
    def noise_size(self):
        return self.config.latent

    @property
    def output_bias(self):
        return self.vae.output_bias

    @property
    def widest(self):
        return self.vae.widest * self.spec.classes


class M1M2:
    """M2 on the latents of M1: classifies, and draws by class, through both.

    Args:
        m1: an unconditional `VAE` of the data.
        m2: an `M2` of points: of m1's latents (N, Z₁).
    Raises:
        UserError: m2 is of other data than m1's latents.
    """

    def __init__(self, m1, m2):
        if m1.conditional or m2.spec.shape != (m1.config.latent,) or m2.spec.levels is not None:
            raise UserError(
                f"M1+M2 needs an unconditional VAE and an M2 of its {m1.config.latent} latents; this M2 is of data of"
                f" shape {m2.spec.shape}: train it on encode_dataset(m1, …)"
            )
        self.m1, self.m2 = m1, m2

    def classify(self, x):
        """q(y | z₁), an array (N, K), at the mean z₁ of q(z₁ | x) for data x (N, *shape)."""
        return self.m2.classify(self.m1.encode(x)[0])

    def sample(self, n, rng, labels=None):
        """n new data (n, *shape): z₂ ~ p(z₂), z₁ ~ p(z₁ | y, z₂), then the mean of p(x | z₁)."""
        return self.m1.decode(self.m2.sample(n, rng.child("m2"), labels), rng.child("m1"))

    def decode(self, z2, labels):
        """Latents of M2 (N, Z₂) and labels (N,) to data (N, *shape), through the means of both decoders."""
        return self.m1.decode(self.m2.vae.decode(z2, labels=labels))
