"""Diffusion models, by subject: the story and the model (`model`), Gaussian paths (`paths`), what they say about x_t
(`process`), what a network predicts (`prediction`), `samplers`, the variational `bound` and the `ode`.
"""

from .config import DiffusionConfig
from .model import Diffusion
from .path import Path
from .paths import PATHS, CosinePath, Discrete, EDMPath, FlowPath, LinearPath, VPPath
from .samplers import SAMPLERS

__all__ = [
    "PATHS", "SAMPLERS", "CosinePath", "Diffusion", "DiffusionConfig", "Discrete", "EDMPath", "FlowPath", "LinearPath",
    "Path", "VPPath",
]  # fmt: skip
