"""Networks that more than one model uses."""

from .convolutional import ConvDecoder, ConvEncoder
from .mlp import MLP

__all__ = ["MLP", "ConvDecoder", "ConvEncoder"]
