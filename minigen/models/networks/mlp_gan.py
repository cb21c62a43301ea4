"""The generator and the discriminator of a GAN as multi-layer perceptrons: for points, outlines and small images.

References:
    cGANs with Projection Discriminator. Miyato, Koyama, 2018, https://arxiv.org/abs/1802.05637
    Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains. Tancik et al., 2020,
    https://arxiv.org/abs/2006.10739
"""

import math
from itertools import pairwise

from ...core import nn
from ...core.functional import cat, cos, sin

SLOPE = 0.2
GAIN = math.sqrt(2)


class MLPGenerator(nn.Module):
    """Latents z (N, latent), and labels (N,) where there are classes, to data (N, *shape).

    Linear layers with LeakyReLU between them, and tanh at the end where ``bounded``: images lie in [−1, 1].

    Args:
        shape: of one datum.
        latent: Z.
        hidden: features of the hidden layers.
        bounded: whether data lie in [−1, 1].
        classes: K; a label adds its vector to the first layer's output. None without labels.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, shape, latent, hidden, bounded=False, classes=None, *, rng):
        self.shape = tuple(shape)
        self.first = he_linear(latent, hidden[0], rng)
        self.label = nn.Embedding(classes, hidden[0], rng=rng) if classes else None
        layers = [nn.LeakyReLU(SLOPE)]
        for n_in, n_out in pairwise(hidden):
            layers += [he_linear(n_in, n_out, rng), nn.LeakyReLU(SLOPE)]
        layers += [he_linear(hidden[-1], math.prod(shape), rng, gain=1.0), nn.Tanh() if bounded else nn.Identity()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z, labels=None):
        h = self.first(z)
        return self.layers(h if labels is None else h + self.label(labels)).reshape(z.shape[0], *self.shape)


class MLPDiscriminator(nn.Module):
    """Data x (N, ...), and labels (N,) where there are classes, to logits (N,).

    Linear layers with LeakyReLU between them. ``frequencies`` lets it see fine detail at once, where a plain network
    learns coarse functions first: beside x it gets sin(2ᵏ π x) and cos(2ᵏ π x), k = 0 … frequencies − 1.

    Args:
        size: the number of values of x.
        hidden: features of the hidden layers.
        frequencies: how many octaves of Fourier features stand beside x.
        classes: K; a label adds ⟨its vector, last features⟩ to the logit (the projection). None without labels.
        norm: makes the normalisation after each hidden layer but the first, from its features; None for none.
        wrap: given each linear layer, makes the module in its place; None leaves them as they are.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, size, hidden, frequencies=0, classes=None, norm=None, wrap=None, *, rng):
        self.size, self.frequencies = size, frequencies
        wrap = wrap or (lambda layer: layer)
        layers = []
        for i, (n_in, n_out) in enumerate(pairwise((size * (1 + 2 * frequencies), *hidden))):
            layers.append(wrap(he_linear(n_in, n_out, rng)))
            layers += [norm(n_out)] if norm is not None and i else []
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers)
        self.judge = wrap(he_linear(hidden[-1], 1, rng, gain=1.0))
        self.label = nn.Embedding(classes, hidden[-1], rng=rng) if classes else None
        if classes:
            self.label.weight.copy_(self.label.weight.numpy() / math.sqrt(hidden[-1]))

    def forward(self, x, labels=None):
        x = x.reshape(x.shape[0], self.size)
        octaves = [x * (math.pi * 2**k) for k in range(self.frequencies)]
        h = self.layers(cat([x, *map(sin, octaves), *map(cos, octaves)], -1) if octaves else x)
        logit = self.judge(h).reshape(h.shape[0])
        return logit if labels is None else logit + (self.label(labels) * h).sum(-1)


def he_linear(n_in, n_out, rng, gain=GAIN):
    """A linear layer with weights N(0, gain²/n_in) and bias 0: a gain of √2 keeps variances through (leaky) ReLUs.

    Source: Delving Deep into Rectifiers. He, Zhang, Ren, Sun, 2015, https://arxiv.org/abs/1502.01852
    """
    layer = nn.Linear(n_in, n_out, rng=rng)
    layer.weight.copy_(nn.init.normal((n_in, n_out), rng, std=gain / math.sqrt(n_in)))
    layer.bias.zero_()
    return layer
