"""Modules and layers, channels last: ``from minigen import nn``."""

from . import init
from .activation import ELU, GELU, Identity, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .attention import MultiheadAttention
from .container import ModuleList, Sequential
from .conv import Conv1d, Conv2d, ConvTranspose2d
from .dropout import Dropout
from .embedding import Embedding
from .linear import Linear
from .module import Module
from .norm import BatchNorm, BatchNormLeakyReLU, GroupNorm, GroupNormSiLU, InstanceNorm, LayerNorm, RMSNorm
from .shape import AvgPool2d, Flatten, MaxPool2d, Unflatten, Upsample
from .spectral_norm import SpectralNorm

__all__ = [
    "ELU", "GELU", "AvgPool2d", "BatchNorm", "BatchNormLeakyReLU", "Conv1d", "Conv2d", "ConvTranspose2d", "Dropout",
    "Embedding", "Flatten", "GroupNorm", "GroupNormSiLU", "Identity", "InstanceNorm", "LayerNorm", "LeakyReLU",
    "Linear", "MaxPool2d", "Module", "ModuleList", "MultiheadAttention", "RMSNorm", "ReLU", "Sequential", "SiLU",
    "Sigmoid", "Softmax", "Softplus", "SpectralNorm", "Tanh", "Unflatten", "Upsample", "init",
]  # fmt: skip
