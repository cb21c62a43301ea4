"""The ``ddpm`` and ``ddpm-sample`` workloads in PyTorch: eager in both layouts, and compiled."""

import numpy as np
import torch
from torch.nn import functional as F

from ..ddpm import BATCH, LEARNING_RATE, STEPS, make_batch, make_noisy, make_unet
from .unet_torch import UNet
from .weights_torch import channels_first, copy_weights

BETA = np.linspace(1e-4, 0.02, STEPS)
ALPHA_BAR = np.cumprod(1 - BETA)


class Diffusion(torch.nn.Module):
    """DDPM's simple loss (eq. 14) around the U-Net."""

    def __init__(self):
        super().__init__()
        self.net = UNet()
        self.register_buffer("signal", torch.from_numpy(np.sqrt(ALPHA_BAR)))  # float64, rounded when they are used
        self.register_buffer("noise", torch.from_numpy(np.sqrt(1 - ALPHA_BAR)))

    def copy_from(self, state):
        """Take the U-Net's weights from a minigen state_dict."""
        copy_weights(self.net, state)
        return self

    def forward(self, x, t, eps):
        """The loss for x (N, 1, 32, 32) in [−1, 1], times t (N,) from 0 to 999, noise eps like x."""
        signal, noise = (table[t, None, None, None].to(x.dtype) for table in (self.signal, self.noise))
        noisy = signal * x + noise * eps
        return F.mse_loss(self.net(noisy, t), eps)


class Contender:
    """PyTorch's side of ``ddpm``: eager, default layout."""

    memory_format, compiled = torch.contiguous_format, False

    def __init__(self):
        torch.manual_seed(0)
        model = Diffusion().copy_from(make_unet().state_dict()).to(memory_format=self.memory_format)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
        self.model = torch.compile(model) if self.compiled else model
        self.batch = (2 * channels_first(make_batch()) - 1).contiguous(memory_format=self.memory_format)

    def step(self):
        """One training step."""
        return self.train(torch.randint(0, STEPS, (BATCH,)), torch.randn_like(self.batch))

    def train(self, t, eps):
        """One training step at times t (N,) with noise eps (N, 1, 32, 32)."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(self.batch, t, eps)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class ChannelsLastContender(Contender):
    """Eager, channels last."""

    memory_format = torch.channels_last


class CompiledContender(Contender):
    """Through torch.compile, channels first."""

    compiled = True


class SampleContender:
    """PyTorch's side of ``ddpm-sample``: eager, default layout."""

    memory_format, compiled = torch.contiguous_format, False

    def __init__(self):
        self.net = copy_weights(UNet(), make_unet().state_dict()).eval().to(memory_format=self.memory_format)
        if self.compiled:
            torch._inductor.config.freezing = True
            self.net = torch.compile(self.net)
        x, t = make_noisy()
        self.x, self.t = channels_first(x).contiguous(memory_format=self.memory_format), torch.from_numpy(t)

    def step(self):
        """One evaluation; returns the mean square of the answer."""
        with torch.no_grad():
            return self.net(self.x, self.t).square().mean().item()


class ChannelsLastSampleContender(SampleContender):
    """Eager, channels last."""

    memory_format = torch.channels_last


class CompiledSampleContender(SampleContender):
    """Through torch.compile with freezing."""

    compiled = True
