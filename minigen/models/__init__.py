"""Generative models, one story each, under one contract (`base`)."""

from .base import DataSpec, LogProb, Model
from .vae import VAE, VAEConfig

FAMILIES = {"vae": VAE}

__all__ = ["FAMILIES", "VAE", "DataSpec", "LogProb", "Model", "VAEConfig"]
