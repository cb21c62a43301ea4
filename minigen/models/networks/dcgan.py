"""DCGAN: a generator of transposed convolutions, and a discriminator that is its mirror image.

Each layer doubles (generator) or halves (discriminator) the image with a 4×4 convolution of stride 2; in between stand
batch normalisation and ReLU, leaky in the discriminator. At 32×32×1, with z of 64 numbers:

    z (N, 64) ─ linear ─ (N, 4, 4, 256) ─ (N, 8, 8, 128) ─ (N, 16, 16, 64) ─ tanh ─ x (N, 32, 32, 1) in [−1, 1]
    x (N, 32, 32, 1) ─ (N, 16, 16, 64) ─ (N, 8, 8, 128) ─ (N, 4, 4, 256) ─ linear ─ logit (N,)

Sides are halved once for each number of channels, as long as they are even and at least 2 remain: 28×28 ends at 7×7,
8×8 at 2×2, and then only the outermost channels are used. Weights start as N(0, 0.02²).

References:
    Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks. Radford, Metz,
    Chintala, 2015, https://arxiv.org/abs/1511.06434
    cGANs with Projection Discriminator. Miyato, Koyama, 2018, https://arxiv.org/abs/1802.05637
"""

from itertools import pairwise

from ...core import nn
from ...errors import UserError

STD = 0.02


class DCGANGenerator(nn.Module):
    """Latents z (N, latent), and labels (N,) where there are classes, to images (N, H, W, C) in [−1, 1].

    Args:
        shape: (H, W, C).
        latent: Z.
        channels: of the maps, the smallest map first; where the image cannot be doubled so often, the last ones.
        classes: K; a label adds a vector to the linear layer's output. None without labels.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, shape, latent, channels=(256, 128, 64), classes=None, *, rng):
        h, w, times = halved(shape, len(channels))
        channels = channels[len(channels) - times :]
        features = h * w * channels[0]
        self.project = normal(nn.Linear(latent, features, bias=False, rng=rng), rng)
        self.label = normal(nn.Embedding(classes, features, rng=rng), rng, STD * latent**0.5) if classes else None
        layers = [nn.Unflatten(-1, (h, w, channels[0])), *_standardised(channels[0], rng)]
        for n_in, n_out in pairwise(channels):
            layers += [_doubling(n_in, n_out, False, rng), *_standardised(n_out, rng)]
        self.layers = nn.Sequential(*layers, _doubling(channels[-1], shape[2], True, rng), nn.Tanh())

    def forward(self, z, labels=None):
        _check_labels(self, labels)
        h = self.project(z)  # (N, h·w·channels[0])
        return self.layers(h if labels is None else h + self.label(labels))


class DCGANDiscriminator(nn.Module):
    """Images x (N, H, W, C) in [−1, 1], and labels (N,) where there are classes, to logits (N,).

    Args:
        shape: (H, W, C).
        channels: of the maps, the largest map first; where the image cannot be halved so often, the first ones.
        classes: K; a label adds ⟨its vector, features⟩ to the logit (the projection). None without labels.
        norm: makes the normalisation after each convolution but the first, from its channels; None for none.
        wrap: given each convolution and linear layer, makes the module that stands in its place, such as
            ``partial(nn.SpectralNorm, rng=rng)``; None leaves them as they are.
        images_per_look: how many images are judged together, joined by channels: x is (N, H, W, images_per_look · C).
        rng: NumPy generator for the initial weights.
    """

    def __init__(
        self, shape, channels=(64, 128, 256), classes=None, norm=nn.BatchNorm, wrap=None, images_per_look=1, *, rng
    ):
        h, w, times = halved(shape, len(channels))
        channels = channels[:times]
        wrap = wrap or (lambda layer: layer)
        layers = []
        for i, (n_in, n_out) in enumerate(pairwise((shape[2] * images_per_look, *channels))):
            normalise = norm is not None and i > 0
            bias = not normalise  # a normalisation would take it away again
            layers.append(wrap(normal(nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=bias, rng=rng), rng)))
            layers += _activated(n_out, norm if normalise else None)
        self.layers = nn.Sequential(*layers, nn.Flatten())
        features = h * w * channels[-1]
        self.judge = wrap(normal(nn.Linear(features, 1, rng=rng), rng))
        self.label = normal(nn.Embedding(classes, features, rng=rng), rng) if classes else None

    def forward(self, x, labels=None):
        _check_labels(self, labels)
        h = self.layers(x)  # (N, h·w·channels[-1])
        logit = self.judge(h).reshape(h.shape[0])
        return logit if labels is None else logit + (self.label(labels) * h).sum(-1)


def halved(shape, times):
    """(h, w, k): the sides of images (H, W, C) after k halvings, k the most of ``times`` that leave whole sides ≥ 2.

    Raises:
        UserError: the data are no images, or cannot be halved even once.
    """
    if len(shape) != 3:
        raise UserError(f"DCGAN needs images (H, W, C); the data have shape {tuple(shape)}: use --network mlp")
    (h, w), k = shape[:2], 0
    while k < times and h % 2 == w % 2 == 0 and min(h, w) >= 4:
        h, w, k = h // 2, w // 2, k + 1
    if not k:
        raise UserError(
            f"DCGAN halves images for each of its {times} numbers of channels, at least once, and {h}×{w} cannot be"
            " halved: it needs even sides of at least 4; crop or pad the images, or use --network mlp"
        )
    return h, w, k


def normal(layer, rng, std=STD):
    """The layer with weights N(0, std²) and bias 0."""
    layer.weight.copy_(nn.init.normal(layer.weight.shape, rng, std=std))
    if getattr(layer, "bias", None) is not None:
        layer.bias.zero_()
    return layer


def _standardised(channels, rng):
    """Batch normalisation whose weight starts as N(1, 0.02²), and ReLU, in one; see `_activated` for the second."""
    norm = nn.BatchNormLeakyReLU(channels)
    norm.weight.copy_(nn.init.normal(channels, rng, mean=1.0, std=STD))
    return norm, nn.Identity()


def _activated(channels, norm):
    """A normalisation (or none) and a leaky ReLU; checkpoints know what follows by its place, so one layer for both is
    two with an idle one.
    """
    if norm is nn.BatchNorm:
        return nn.BatchNormLeakyReLU(channels, 0.2), nn.Identity()
    return (*([norm(channels)] if norm else []), nn.LeakyReLU(0.2))


def _doubling(n_in, n_out, bias, rng):
    return normal(nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=bias, rng=rng), rng)


def _check_labels(network, labels):
    if (labels is None) != (network.label is None):
        wants = "needs labels (N,)" if labels is None else "was made without classes, so it takes no labels"
        raise UserError(f"this {type(network).__name__} {wants}")
