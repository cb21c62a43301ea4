"""Networks that more than one model uses."""

from .conditioner import GatedConvConditioner, MLPConditioner
from .convolutional import ConvDecoder, ConvEncoder
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .labelled import Labelled
from .made import MADE
from .mlp import MLP
from .mlp_gan import MLPDiscriminator, MLPGenerator
from .point_denoiser import PointDenoiser
from .time_embedding import TimeEmbedding
from .unet import UNet

__all__ = [
    "MADE",
    "MLP",
    "ConvDecoder",
    "ConvEncoder",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "GatedConvConditioner",
    "Labelled",
    "MLPConditioner",
    "MLPDiscriminator",
    "MLPGenerator",
    "PointDenoiser",
    "TimeEmbedding",
    "UNet",
]
