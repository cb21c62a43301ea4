"""Generative models, one story each, under one contract (`base`)."""

from .base import DataSpec, LogProb, Model
from .diffusion import Diffusion, DiffusionConfig
from .flow import Flow, FlowConfig
from .gan import GAN
from .gan_config import GANConfig
from .ladder import LadderConfig, LadderVAE
from .semisupervised import M1M2, M2, M2Config
from .vae import VAE, VAEConfig

FAMILIES = {"vae": VAE, "gan": GAN, "flow": Flow, "diffusion": Diffusion, "ladder": LadderVAE, "m2": M2}

__all__ = [
    "FAMILIES",
    "GAN",
    "M1M2",
    "M2",
    "VAE",
    "DataSpec",
    "Diffusion",
    "DiffusionConfig",
    "Flow",
    "FlowConfig",
    "GANConfig",
    "LadderConfig",
    "LadderVAE",
    "LogProb",
    "M2Config",
    "Model",
    "VAEConfig",
]
