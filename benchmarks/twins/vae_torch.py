"""The ``vae`` workload in PyTorch: eager and compiled, Adam fused."""

import torch
from torch import nn
from torch.nn import functional as F

from ..vae import BATCH, LATENT, LEARNING_RATE, PIXELS, make_batch, make_model


class VAE(nn.Module):
    """Burda et al.'s network; ``copy_from`` takes minigen's weights, stored (in, out), turned to (out, in)."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(PIXELS, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 2 * LATENT)
        )
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, PIXELS)
        )

    def copy_from(self, model):
        """Take the weights of a `minigen.models.VAE`."""
        state = model.state_dict()
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                value = torch.from_numpy(state[name].copy())
                parameter.copy_(value.T if value.ndim == 2 else value)
        return self

    def elbo_terms(self, x, noise):
        """−log p(x | z) and KL for each datum of x (N, 784), noise (N, 50)."""
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        z = mu + torch.exp(0.5 * logvar) * noise
        logits = self.decoder(z)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
        kl = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(-1)
        return reconstruction, kl

    def forward(self, x, noise):
        """The loss: the negative ELBO, averaged over the batch."""
        logits_terms = self.elbo_terms(x, noise)
        return logits_terms[0].mean() + logits_terms[1].mean()


class Contender:
    """PyTorch's side of the workload."""

    compiled = False

    def __init__(self):
        torch.manual_seed(0)
        model = VAE().copy_from(make_model())
        self.optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
        self.model = torch.compile(model) if self.compiled else model
        self.batch = torch.from_numpy(make_batch()).reshape(BATCH, PIXELS)

    def step(self):
        """One training step."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(self.batch, torch.randn(BATCH, LATENT))
        loss.backward()
        self.optimizer.step()
        return loss.item()


class CompiledContender(Contender):
    """The same through torch.compile."""

    compiled = True
