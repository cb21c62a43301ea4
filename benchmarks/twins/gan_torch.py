"""The ``gan`` workload in PyTorch: eager in both layouts, and compiled."""

import torch
from torch import nn
from torch.nn.functional import softplus

from ..gan import BETAS, CHANNELS, LATENT, LEARNING_RATE, make_batch, make_model
from .weights_torch import channels_first, copy_weights, pixels_first


class Generator(nn.Module):
    """z (N, 64) to images (N, 1, 32, 32); parts are named as in `minigen.models.networks.DCGANGenerator`."""

    def __init__(self):
        super().__init__()
        wide = CHANNELS[::-1]
        self.project = nn.Linear(LATENT, 4 * 4 * wide[0], bias=False)
        layers = [nn.Unflatten(1, (wide[0], 4, 4)), nn.BatchNorm2d(wide[0]), nn.ReLU()]
        for n_in, n_out in ((wide[0], wide[1]), (wide[1], wide[2])):
            layers += [nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(wide[2], 1, 4, 2, 1), nn.Tanh())

    def forward(self, z):
        return self.layers(self.project(z))


class Discriminator(nn.Module):
    """Images (N, 1, 32, 32) to logits (N,); parts are named as in `minigen.models.networks.DCGANDiscriminator`."""

    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(1, CHANNELS[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for n_in, n_out in ((CHANNELS[0], CHANNELS[1]), (CHANNELS[1], CHANNELS[2])):
            layers += [nn.Conv2d(n_in, n_out, 4, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.judge = nn.Linear(4 * 4 * CHANNELS[2], 1)

    def forward(self, x):
        return self.judge(self.layers(x))[:, 0]


class GAN(nn.Module):
    """Both players and their losses."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = Generator(), Discriminator()

    def copy_from(self, model):
        """Take the weights of a `minigen.models.GAN`."""
        copy_weights(self, model.state_dict())
        with torch.no_grad():
            weight = self.generator.project.weight
            weight.copy_(pixels_first(weight, 4, 4, axis=0))
            weight = self.discriminator.judge.weight
            weight.copy_(pixels_first(weight, 4, 4, axis=1))
        return self

    def discriminator_loss(self, real, z):
        """−log σ(D(x)) − log(1 − σ(D(G(z)))), no gradient into the generator."""
        with torch.no_grad():
            fake = self.generator(z)
        return softplus(-self.discriminator(real)).mean() + softplus(self.discriminator(fake)).mean()

    def generator_loss(self, z):
        """−log σ(D(G(z)))."""
        return softplus(-self.discriminator(self.generator(z))).mean()


class Contender:
    """PyTorch's side of the workload: eager, default layout."""

    memory_format, compiled = torch.contiguous_format, False

    def __init__(self):
        torch.manual_seed(0)
        self.model = GAN().copy_from(make_model()).to(memory_format=self.memory_format)
        self.losses = self.model.discriminator_loss, self.model.generator_loss
        if self.compiled:
            self.losses = tuple(map(torch.compile, self.losses))
        self.optimizers = [
            torch.optim.Adam(player.parameters(), lr=LEARNING_RATE, betas=BETAS, fused=True)
            for player in (self.model.discriminator, self.model.generator)
        ]
        self.batch = (2 * channels_first(make_batch()) - 1).contiguous(memory_format=self.memory_format)

    def step(self):
        """One training step; returns the generator's loss."""
        n = len(self.batch)
        return self.turns(torch.randn(n, LATENT), torch.randn(n, LATENT))[1]

    def turns(self, z_discriminator, z_generator):
        """Both turns, with the noise (N, 64) of each; returns both losses."""
        discriminator_loss, generator_loss = self.losses
        d = self._turn(0, lambda: discriminator_loss(self.batch, z_discriminator))
        self.model.discriminator.requires_grad_(False)
        g = self._turn(1, lambda: generator_loss(z_generator))
        self.model.discriminator.requires_grad_(True)
        return d, g

    def _turn(self, i, loss):
        self.optimizers[i].zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        self.optimizers[i].step()
        return value.item()


class ChannelsLastContender(Contender):
    """Eager, channels last."""

    memory_format = torch.channels_last


class CompiledContender(Contender):
    """Through torch.compile, channels first."""

    compiled = True
