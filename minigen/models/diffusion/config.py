"""The hyper-parameters of a diffusion model, and what they build."""

from dataclasses import dataclass
from typing import Literal

from ...core import nn
from ...errors import UserError
from ..base import check_config
from ..networks.point_denoiser import PointDenoiser
from ..networks.unet import UNet
from .paths import CosinePath, EDMPath, FlowPath, LinearPath, VPPath
from .prediction import PREDICTIONS


@dataclass(frozen=True)
class DiffusionConfig:
    """Hyper-parameters of a `Diffusion`; images get a U-Net, points a perceptron."""

    path: Literal["linear", "cosine", "vp", "edm", "flow"] = "edm"
    """How data turn to noise: DDPM's schedules, the variance-preserving SDE, EDM, rectified flow."""
    timesteps: int = 1000
    """T, the steps of linear and cosine paths, and of the variational bound."""
    betas: tuple[float, float] = (1e-4, 0.02)
    """linear, vp: the noise of one of 1,000 steps, at the first and at the last."""
    sigmas: tuple[float, float] = (0.002, 80.0)
    """edm: the least and the largest noise."""
    log_sigma: tuple[float, float] = (-1.2, 1.2)
    """edm: mean and deviation of ln σ in training."""
    prediction: Literal["eps", "x0", "v", "u", "edm"] | None = None
    """What the network predicts; by default what the path's authors chose."""
    weighting: Literal["simple", "min-snr", "bound"] = "simple"
    """How errors at different times weigh: all alike, at most gamma signal-to-noise ratios, or as in the bound."""
    gamma: float = 5.0
    """min-snr: where the weight of x0's error stops to grow."""
    base: int = 32
    """U-Net: channels of the first level."""
    multipliers: tuple[int, ...] = (1, 2)
    """U-Net: channels of each level, as multiples of base; each level halves the image."""
    blocks: int = 1
    """U-Net: residual blocks of a level; one more on the way up."""
    attention_below: int = 8
    """U-Net: maps of at most this height attend to all their pixels."""
    patch: int | None = None
    """U-Net: squares of so many pixels enter as one; by default 2 for images from 16 pixels on, else 1."""
    width: int = 128
    """Points: features of the perceptron."""
    depth: int = 3
    """Points: its residual blocks."""
    waves: int = 4
    """Points: sines and cosines of each coordinate that enter beside it."""
    conditional: bool = False
    """Train p(x | label), with guidance in sampling."""
    label_dropout: float = 0.1
    """conditional: the share of labels hidden in training, which guidance needs."""

    def __post_init__(self):
        check_config(
            self, timesteps=2, gamma=0, base=1, multipliers=1, blocks=1, attention_below=0, width=1, depth=1, waves=0,
            label_dropout=0,
        )  # fmt: skip
        if self.prediction not in (None, *PREDICTIONS):
            raise UserError(f"prediction is {self.prediction!r}; it must be one of: {', '.join(PREDICTIONS)}")
        if not self.multipliers:
            raise UserError("multipliers names no level; a U-Net needs at least one, such as 1")
        if self.label_dropout > 1 or (self.patch is not None and self.patch < 1):
            raise UserError(
                f"label_dropout is {self.label_dropout} and patch {self.patch}; wanted a share of at most 1 and a side"
                " of at least 1 pixel"
            )
        if self.prediction == "eps" and self.path == "flow":
            raise UserError("prediction 'eps' cannot start the flow path, whose first x_t is noise alone: take 'u'")
        self.make_path()

    def make_path(self):
        """The `Path` that this names.

        Raises:
            UserError: its log-SNR is not monotone.
        """
        if self.path == "linear":
            return LinearPath(self.timesteps, self.betas).check()
        if self.path == "cosine":
            return CosinePath(self.timesteps).check()
        if self.path == "vp":
            return VPPath(tuple(1000 * beta for beta in self.betas)).check()
        return EDMPath(self.sigmas, self.log_sigma).check() if self.path == "edm" else FlowPath().check()

    def make_network(self, spec, rng):
        """The denoiser for data of ``spec``."""
        classes = spec.classes if self.conditional else None
        if len(spec.shape) != 3:
            return PointDenoiser(spec.size, self.width, self.depth, self.waves, classes, rng=rng)
        height, width, channels = spec.shape
        p = self.patch or (2 if min(height, width) >= 16 and not (height % 2 or width % 2) else 1)
        if height % p or width % p:
            raise UserError(f"patch is {p}; images of {height}×{width} pixels cannot be cut into such squares")
        unet = UNet(
            (height // p, width // p, channels * p * p), self.base, self.multipliers, self.blocks,
            self.attention_below, classes=classes, rng=rng,
        )  # fmt: skip
        return unet if p == 1 else Patched(unet, p)


class Patched(nn.Module):
    """A network that sees p × p pixels as one of p² times the channels: a quarter of the work for p = 2.

    x (N, H, W, C) to (N, H, W, C), through network (N, H/p, W/p, p² C).
    """

    def __init__(self, network, p):
        self.network, self.p = network, p

    @property
    def time(self):
        """How the network is told the time, a `TimeEmbedding`."""
        return self.network.time

    def forward(self, x, t, labels=None):
        n, h, w, c = x.shape
        p = self.p
        x = x.reshape(n, h // p, p, w // p, p, c).permute(0, 1, 3, 2, 4, 5)  # (N, H/p, W/p, p, p, C)
        y = self.network(x.reshape(n, h // p, w // p, p * p * c), t, labels)
        return y.reshape(n, h // p, w // p, p, p, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
