"""A convolutional encoder that halves the image twice, and the decoder that doubles it back."""

from ...core import nn
from ...errors import UserError


class ConvEncoder(nn.Module):
    """Images (N, H, W, C) to features (N, out): two 4×4 convolutions of stride 2, a linear layer.

    Args:
        shape: (H, W, C), H and W divisible by 4.
        channels: of the two convolutions.
        out: number of features.
    """

    def __init__(self, shape, channels, out, *, rng):
        super().__init__()
        h, w = quarter(shape)
        self.layers = nn.Sequential(
            nn.Conv2d(shape[2], channels[0], 4, stride=2, padding=1, rng=rng),  # (N, H/2, W/2, c0)
            nn.SiLU(),
            nn.Conv2d(channels[0], channels[1], 4, stride=2, padding=1, rng=rng),  # (N, H/4, W/4, c1)
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(h * w * channels[1], out, rng=rng),
        )

    def forward(self, x):
        return self.layers(x)


class ConvDecoder(nn.Module):
    """Latents (N, Z) to maps (N, H, W, C): a linear layer, two transposed 4×4 convolutions of stride 2.

    Args:
        shape: (H, W, C), H and W divisible by 4.
        channels: of the encoder's convolutions, taken in reverse.
        latent: Z.
    """

    def __init__(self, shape, channels, latent, *, rng):
        super().__init__()
        h, w = quarter(shape)
        self.layers = nn.Sequential(
            nn.Linear(latent, h * w * channels[1], rng=rng),
            nn.SiLU(),
            nn.Unflatten(-1, (h, w, channels[1])),  # (N, H/4, W/4, c1)
            nn.ConvTranspose2d(channels[1], channels[0], 4, stride=2, padding=1, rng=rng),  # (N, H/2, W/2, c0)
            nn.SiLU(),
            nn.ConvTranspose2d(channels[0], shape[2], 4, stride=2, padding=1, rng=rng),  # (N, H, W, C)
        )

    def forward(self, z):
        return self.layers(z)


def quarter(shape):
    """(H/4, W/4) of an image shape (H, W, C).

    Raises:
        UserError: the data are no images, or a side is not divisible by 4.
    """
    if len(shape) != 3:
        raise UserError(
            f"the convolutional network needs images (H, W, C); the data have shape {shape}: use --network mlp"
        )
    if shape[0] % 4 or shape[1] % 4:
        raise UserError(f"the convolutional network halves images twice: {shape[0]}×{shape[1]} is not divisible by 4")
    return shape[0] // 4, shape[1] // 4
