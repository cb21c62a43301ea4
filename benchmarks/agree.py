"""Do minigen and PyTorch compute the same? The same weights, data and noise; loss by loss, before anything is timed."""

import numpy as np
import torch

from . import ddpm, flow2d, follow, gan
from .twins import ddpm_torch, flow2d_torch, gan_torch
from .twins.weights_torch import channels_first


class GANPair:
    """Both sides of ``gan``; ``step()`` takes both turns on both sides."""

    def __init__(self):
        self.ours, self.theirs = gan.Contender(), gan_torch.Contender()

    def start(self):
        """((discriminator's, generator's loss) of minigen, the same of PyTorch) of the first weights."""
        model, (z_d, z_g) = self.ours.model, self._noise()
        ours = [model(self.ours.batch, self.ours.noise(player), player)["loss"].item() for player in model.players]
        discriminator_loss, generator_loss = self.theirs.losses
        return ours, [discriminator_loss(self.theirs.batch, z_d).item(), generator_loss(z_g).item()]

    def step(self):
        """The same as both players train: the generator meets a discriminator that has just learnt."""
        noise = self._noise()
        return self.ours.losses(), self.theirs.turns(*noise)

    def _noise(self):
        model = self.ours.model
        latents = (model.latents(ddpm.BATCH, self.ours.noise(player)) for player in model.players)
        return [torch.from_numpy(z) for z in latents]


class _OneLoss:
    """A pair whose first step tells the loss of the first weights."""

    def start(self):
        """(minigen's loss, PyTorch's) of the first weights, each as a list of one."""
        return self.step()


class FlowPair(_OneLoss):
    """Both sides of ``flow2d``."""

    def __init__(self):
        self.ours, self.theirs = flow2d.Contender(), flow2d_torch.Contender()

    def step(self):
        """(minigen's loss, PyTorch's), each as a list of one."""
        return self.ours.losses(), [self.theirs.step()]


class DiffusionPair(_OneLoss):
    """Both sides of ``ddpm``."""

    def __init__(self):
        self.ours, self.theirs = ddpm.Contender(), ddpm_torch.Contender()

    def step(self):
        """(minigen's loss, PyTorch's), each as a list of one."""
        t, eps = ddpm.noise_of(self.ours.model, self.ours.noise("model"))
        theirs = self.theirs.train(torch.from_numpy(t), channels_first(eps))
        return self.ours.losses(), [theirs]


class EvaluationPair(_OneLoss):
    """Both sides of ``ddpm-sample``."""

    def __init__(self):
        self.ours, self.theirs = ddpm.SampleContender(), ddpm_torch.SampleContender()

    def step(self):
        """(the mean square of minigen's answer, of PyTorch's), each as a list of one."""
        return [self.ours.step()], [self.theirs.step()]


PAIRS = {"gan": GANPair, "flow2d": FlowPair, "ddpm": DiffusionPair, "ddpm-sample": EvaluationPair}


def agree(workload):
    """Raise unless the losses of ``workload`` agree to 1e-5, relative, on the same weights and noise."""
    if workload == "vae":
        return follow.agree()
    return np.testing.assert_allclose(*PAIRS[workload]().start(), rtol=1e-5)


def differences(workload, steps):
    """The largest relative difference of the losses at each of ``steps`` steps of training in float64, (steps,).

    In float32 nobody can follow a GAN: Adam's first steps divide gradients by their own size, rounding errors too.
    """
    pair = PAIRS[workload]()
    pair.ours.to("float64")
    pair.theirs.model.double()
    pair.theirs.batch = pair.theirs.batch.double()
    found = []
    for _ in range(steps):
        ours, theirs = map(np.array, pair.step())
        found.append(np.max(np.abs(ours - theirs) / np.abs(theirs)))
    return np.array(found)
