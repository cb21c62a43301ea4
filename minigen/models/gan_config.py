"""The options of a GAN, and what of them fades as its training goes on."""

from dataclasses import dataclass
from typing import Literal

from ..errors import UserError
from .base import check_config
from .gan_losses import PENALTIES


@dataclass(frozen=True)
class GANConfig:
    """Hyper-parameters of a `GAN`; the defaults are R3GAN's loss and penalties on small networks."""

    network: Literal["mlp", "dcgan"] = "mlp"
    """Linear layers, or 4×4 convolutions of stride 2 for images from 8×8 up."""
    latent: int = 64
    """Z, the numbers of noise that the generator starts from."""
    coins: int = 0
    """How many of the latents are ±1 instead of normal: separate clusters then need no bridges between them."""
    hidden: tuple[int, ...] = (256, 256, 256)
    """mlp: features of the hidden layers of both players."""
    channels: tuple[int, ...] = (64, 128, 256)
    """dcgan: channels of the discriminator's convolutions; the generator takes them in reverse."""
    frequencies: int = 0
    """mlp: octaves of Fourier features that the discriminator sees beside x."""
    norm: Literal["none", "batch", "spectral"] = "none"
    """The discriminator's: none, batch normalisation (no penalties then), or weights of spectral norm 1."""
    loss: Literal["minimax", "nonsaturating", "least-squares", "hinge", "wasserstein", "relativistic"] = "relativistic"
    """What the players minimise."""
    penalties: tuple[Literal["r1", "r2", "gp"], ...] = ("r1", "r2")
    """On the discriminator's slope: at real data (r1), at fakes (r2), between them (gp, of WGAN-GP); or none."""
    penalty_weight: float = 0.1
    """Weight of the penalties (γ of r1 and r2, λ of gp; WGAN-GP's authors take 10)."""
    penalty_end: float | None = None
    """What that weight falls to, by equal factors, in the first fade_steps; by default it stays."""
    instance_noise: float = 0.0
    """Deviation, at first, of the noise on all that the discriminator sees, in the network's units."""
    fade_steps: int = 1
    """Steps in which the instance noise fades to nothing and the penalties' weight to its end."""
    pack: int = 1
    """How many data the discriminator judges together."""
    d_steps: int = 1
    """Turns of the discriminator for each of the generator."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Adam's decay rates of both players."""
    conditional: bool = False
    """Train p(x | label)."""

    def __post_init__(self):
        check_config(
            self, latent=1, coins=0, hidden=1, channels=1, frequencies=0, penalty_weight=0, instance_noise=0,
            fade_steps=1, pack=1, d_steps=1, betas=0,
        )  # fmt: skip
        for penalty in self.penalties:
            if penalty not in PENALTIES:
                raise UserError(f"penalties holds {penalty!r}; each must be one of: {', '.join(PENALTIES)}")
        if not self.hidden or not self.channels:
            raise UserError("hidden and channels must each name at least one layer")
        if max(self.betas) >= 1:
            raise UserError(f"betas are {self.betas}; each must be below 1")
        if self.coins > self.latent:
            raise UserError(f"coins is {self.coins}; it counts among the latents, of which there are {self.latent}")
        if self.penalty_end is not None and not 0 < self.penalty_end <= self.penalty_weight:
            raise UserError(
                f"penalty_end is {self.penalty_end}; the weight falls to it from penalty_weight, {self.penalty_weight},"
                " so it must be positive and no larger"
            )
        if self.pack > 1 and self.conditional:
            raise UserError(
                f"pack is {self.pack} for a conditional GAN, whose discriminator judges one datum given its label: use"
                " --pack 1"
            )
        bounded = self.norm == "spectral" and not self.conditional  # vectors of labels are not normalised
        if self.loss == "wasserstein" and not self.penalties and not bounded:
            raise UserError(
                "the wasserstein loss needs a bound on the discriminator's slope, without which it falls for ever:"
                " use --penalties gp, or --norm spectral without --conditional"
            )

    def noise_at(self, step):
        """The deviation of the instance noise: instance_noise · (1 − step/fade_steps)^1.5, then 0.

        It leaves more steps than a line would to the weak noise under which modes part and sharpen, and reaches 0,
        which a geometric path would not. Masses can move between modes only while the noise bridges them: begin above.
        """
        return self.instance_noise * max(0.0, 1 - step / self.fade_steps) ** 1.5

    def penalty_at(self, step):
        """The penalties' weight: penalty_weight · (penalty_end/penalty_weight)^(step/fade_steps), then penalty_end."""
        if self.penalty_end is None:
            return self.penalty_weight
        return self.penalty_weight * (self.penalty_end / self.penalty_weight) ** min(1.0, step / self.fade_steps)
