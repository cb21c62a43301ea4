"""The normalising flow.

The idea. Take noise z ~ N(0, 1) of as many dimensions as the data, and bend space by an invertible function until the
noise lies where the data are. Since nothing is lost on the way, the density of each datum is known exactly: that of
its noise, times how much the function stretches space there,

    log p(x) = log N(f(x); 0, 1) + log |det ∂f/∂x|,        f from data to noise,

and it is that which is trained. The art is in functions that bend much and whose inverse and determinant are cheap:
couplings, which change one half of x by an elementwise function that the other half chooses. See
`minigen.probability.bijectors`; a flow is a base distribution and a list of those.

Images are integers, so a density of real numbers says nothing about them until they are dequantised; then
log P(x) has a lower bound, see `dequantization`. Bits per dimension are nats / (D log 2), D the data's own values.

References:
    Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    Glow: Generative Flow with Invertible 1×1 Convolutions. Kingma, Dhariwal, 2018, https://arxiv.org/abs/1807.03039
    Neural Spline Flows. Durkan, Bekasov, Murray, Papamakarios, 2019, https://arxiv.org/abs/1906.04032
    Flow++. Ho, Chen, Srinivas, Duan, Abbeel, 2019, https://arxiv.org/abs/1902.00275
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np

from ..core import nn
from ..core.autograd import no_grad
from ..core.random import Stream
from ..core.tensor import tensor
from ..errors import UserError
from ..probability import standard_normal_log_prob
from ..probability.bijectors.logit import Logit
from .base import LogProb, Model, check_config
from .dequantization import UniformDequantizer, VariationalDequantizer, quantize
from .flow_check import check_flow
from .flow_layers import image_layers, point_layers
from .scaling import Scaling


@dataclass(frozen=True)
class FlowConfig:
    """Hyper-parameters of a `Flow`."""

    coupling: Literal["spline", "affine"] = "spline"
    """Couplings by monotonic rational-quadratic splines, or RealNVP's x e^s + t."""
    layers: int = 4
    """Couplings; of images at each scale."""
    mixing: Literal["auto", "swap", "linear"] = "auto"
    """Before each coupling halves swap roles; linear: also ActNorm and a 1×1 convolution; auto: linear for images."""
    hidden: tuple[int, ...] = (128, 128)
    """points: features of the conditioners' hidden layers."""
    channels: int = 32
    """images: channels of the conditioners' gated convolutions."""
    blocks: int = 1
    """images: gated residual blocks of each conditioner."""
    dropout: float = 0.0
    """images: the share of values that training drops in the couplings' blocks; against learning few data by heart."""
    scales: int = 2
    """images: how often the sides are halved after the checkerboard couplings."""
    bins: int = 8
    """spline: pieces of each function."""
    bound: float = 3.0
    """spline: beyond ± this the function is the identity."""
    dequantization: Literal["uniform", "variational"] = "uniform"
    """images: noise within a grey level, uniform or from a flow of its own."""
    alpha: float = 0.05
    """images: the logit sees alpha + (1 − 2 alpha) x."""
    embedding: int = 16
    """conditional: features that a label becomes."""
    conditional: bool = False
    """Train p(x | label)."""

    def __post_init__(self):
        check_config(self, layers=1, hidden=1, channels=1, blocks=0, scales=1, bins=2, bound=1e-6, embedding=1)
        if not self.hidden:
            raise UserError("hidden names no layer; a conditioner of points needs at least one")
        Logit(self.alpha)  # which says what is wrong with it
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout is {self.dropout}; it must be at least 0 and below 1")

    def settled(self, images):
        """This configuration with what "auto" means for images, or for points."""
        return replace(self, mixing="linear" if images else "swap") if self.mixing == "auto" else self


class Flow(Model):
    """A base distribution, N(0, 1), and a chain of bijectors; see the file's docstring for the story.

    Args:
        config: `FlowConfig`.
        spec: `DataSpec` of the data.
        rng: NumPy generator for the initial weights.
    Raises:
        UserError: points of one dimension, images whose sides cannot be halved so often, labels that are missing.
    """

    family = "flow"
    Config = FlowConfig
    habits: ClassVar = {
        "steps": 1000, "batch_size": 128, "learning_rate": 2e-3, "schedule": "cosine", "clip_norm": 100.0,
    }  # fmt: skip
    units: ClassVar = {
        "loss": "−log p(x), nats per datum, mean over the batch; of images an upper bound",
        "bits_per_dim": "loss / (D log 2), bits per value of a datum",
    }
    sample_options: ClassVar = ("temperature",)

    def __init__(self, config, spec, *, rng):
        super().__init__(config, spec)
        self.images = spec.levels is not None
        config = config.settled(self.images)
        context = config.embedding if config.conditional else 0
        self.label_features = nn.Embedding(spec.classes, context, rng=rng) if context else None
        if not self.images:
            self.scaling = Scaling(spec)
            self.bijector = point_layers(config, spec.size, context, rng)
            return
        if config.dequantization == "variational":
            self.dequantizer = VariationalDequantizer(spec, config.channels, config.blocks, rng=rng)
        else:
            self.dequantizer = UniformDequantizer(spec)
        self.bijector = image_layers(config, spec.shape, context, rng)

    # densities

    def log_density(self, y, context=None):
        """log N(f(y); 0, 1) + log |det ∂f/∂y| (N,) of a tensor y in the chain's units."""
        z, log_det = self.bijector(y, context)
        return standard_normal_log_prob(z, event_dims=1) + log_det

    def observe(self, x, rng):
        """x (N, *shape), from `tensor_of`, in the chain's units, and what a log-density there owes to one of x."""
        return self.dequantizer(x, rng) if self.images else (self.scaling(x), self.scaling.log_det)

    def log_likelihood(self, x, rng, context=None):
        """log p(x) of points, one draw of the bound on log P(x) of images, in nats (N,); x is from `tensor_of`."""
        y, correction = self.observe(x, rng)
        return self.log_density(y, context) + correction

    def tensor_of(self, x):
        """An array x (N, *shape) as a tensor, images on their grey levels."""
        x = self.dequantizer.on_levels(np.asarray(x, self.dtype)) if self.images else x
        return tensor(x, dtype=self.dtype)

    def context_of(self, labels):
        """What the conditioners are told of labels (N,): a tensor (N, E); None without labels."""
        return None if labels is None else self.label_features(labels)

    def loss(self, batch, rng, player="model"):
        """The negative log-likelihood of a batch; see `Model.loss`."""
        return self.terms(rng, *self.prepared(batch, rng))

    def prepared(self, batch, rng):
        """A batch (N, *shape), and of a conditional model its labels (N,)."""
        self.check_shape(batch.x)
        if self.config.dropout:
            self._begin_dropout(rng)
        x, labels = self.tensor_of(batch.x), self.labels_of(batch.x, batch.labels)
        return (x,) if labels is None else (x, labels)

    @cached_property
    def _dropouts(self):
        return [layer for layer in self.modules() if isinstance(layer, nn.Dropout)]

    def _begin_dropout(self, rng):
        """What the layers drop is a function of the step's stream, as all noise is."""
        begin = rng.child("dropout").generator().integers(2**62)
        for layer in self._dropouts:
            layer.begin(begin)

    def terms(self, rng, x, labels=None):
        """The negative log-likelihood; without labels it can be captured."""
        nats = -self.log_likelihood(x, rng, self.context_of(labels)).mean()
        if not self.images:
            return {"loss": nats}
        return {"loss": nats, "bits_per_dim": nats.detach() * self.bits}

    @property
    def bits(self):
        """1/(D log 2): nats of a datum to bits per value."""
        return 1 / (self.spec.size * math.log(2))

    @no_grad()
    def log_prob(self, x, rng, labels=None, samples=1):
        """`LogProb` of data x (N, *shape): exact of points; of images the bound with ``samples`` dequantisations.

        log 1/k Σ_i p(v_i) / (q(u_i | x) L^D): in expectation below log P(x), and closer with more draws.
        """
        x = self.tensor_of(self.checked(x))
        if samples < 1:
            raise UserError(f"log_prob got samples={samples}; it needs at least 1 draw of the dequantisation")
        labels, parts = self.labels_of(x, labels), []
        for a in range(0, len(x), self._rows):
            rows = slice(a, a + self._rows)
            context = self.context_of(None if labels is None else labels[rows])
            draws = [
                self.log_likelihood(x[rows], rng.child(f"from {a}, draw {i}"), context).numpy().astype(np.float64)
                for i in range(samples if self.images else 1)
            ]
            parts.append(np.logaddexp.reduce(draws) - math.log(len(draws)))
        values = np.concatenate(parts)
        if not self.images:
            return LogProb(values, "exact", "density of continuous x")
        facts = {"dequantization": self.config.dequantization, "alpha": self.config.alpha, "draws": samples}
        return LogProb(values, "bound", "P(integer x)", facts=facts)

    # use

    @no_grad()
    def sample(self, n, rng, labels=None, temperature=1.0):
        """n new data (n, *shape): f⁻¹(z), z ~ N(0, temperature²); images on the data's grey levels."""
        z, context = self._latent(n, rng, labels, temperature)
        return self._data(self.bijector.inverse(z, context)[0].numpy())

    @no_grad()
    def encode(self, x, labels=None):
        """Data x (N, *shape) to latents (N, D); an image by the middle of its grey levels' cells."""
        x = self.checked(x)
        levels = self.spec.levels
        y = tensor((x * (levels - 1) + 0.5) / levels, dtype=self.dtype) if self.images else self.scaling(tensor(x))
        return np.array(self.bijector(y, self.context_of(self.labels_of(x, labels)))[0].numpy())

    @no_grad()
    def decode(self, z, labels=None):
        """Latents (N, D) to data (N, *shape), the inverse of `encode`."""
        z = tensor(z, dtype=self.dtype)
        if z.shape[1:] != (self.spec.size,):
            raise UserError(f"decode got latents of shape {z.shape}; they must be (N, {self.spec.size})")
        return self._data(self.bijector.inverse(z, self.context_of(self.labels_of(z, labels)))[0].numpy())

    @no_grad()
    def trajectory(self, n, rng, labels=None, temperature=1.0):
        """Layer by layer from noise to what `sample` draws with the same arguments: {"layers": (frames, n, *shape)}."""
        return {"layers": self.warp(*self._latent(n, rng, labels, temperature))}

    @no_grad()
    def warp(self, z, context=None):
        """Points z (N, D) of the base as they are after 0, 1, … all layers, as data: an array (frames, N, *shape)."""
        return np.stack([self._data(y.numpy()) for y in self.bijector.path(tensor(z, dtype=self.dtype), context)])

    def look_at_data(self, batches):
        """Fit the scaling of points to all data, and the ActNorm layers to 1,000 of the first batch."""
        batches = iter(batches)
        first = next(batches)
        if not self.images:
            self.scaling.fit([first, *batches])
        self._fit(first)

    @no_grad()
    def _fit(self, batch):
        n = min(len(batch.x), 1000)
        labels = self.labels_of(batch.x[:n], None if batch.labels is None else batch.labels[:n])
        y, _ = self.observe(self.tensor_of(batch.x[:n]), Stream(0).child("fit"))
        self.bijector.fit(y, self.context_of(labels))

    def check(self, x=None, rng=None, labels=None):
        """Print a certificate and return its numbers; see `flow_check.check_flow`."""
        return check_flow(self, x, rng, labels)

    def _latent(self, n, rng, labels, temperature):
        """z (n, D), and the context of the labels, given or drawn."""
        if not 0 <= temperature < math.inf:
            raise UserError(f"temperature is {temperature}; it must be finite, at least 0 (1 samples the model itself)")
        context = self.context_of(self.labels_for(n, rng, labels))
        z = rng.child("latent").normal((n, self.spec.size), self.dtype)
        return tensor(z * self.dtype.type(temperature)), context

    def _data(self, y):
        """An array in the chain's units as data: points scaled back, images on their grey levels."""
        data = quantize(y, self.spec.levels) if self.images else self.scaling.inverse(y)
        return data.astype(self.dtype)

    @property
    def _rows(self):
        """Data at once, so that the widest array takes some 100 MB."""
        outputs = self.spec.size * (2 if self.config.coupling == "affine" else 3 * self.config.bins)
        widest = max(self.spec.size // 4 * self.config.channels if self.images else max(self.config.hidden), outputs)
        return max(1, 8_000_000 // widest)
