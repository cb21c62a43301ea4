"""Bijectors: invertible functions with their log-determinants, the building blocks of flows."""

from .actnorm import ActNorm
from .base import Bijector
from .certificate import CertificateError, certify_density, certify_inverse, certify_log_det
from .chain import Chain, Inverse
from .coupling import AffineCoupling, Coupling, SplineCoupling
from .linear import InvertibleConv1x1
from .logit import Logit
from .masks import Checkerboard, Halves, Mask, Swapped
from .spline import parameters_of, spline, spline_inverse
from .split import Flatten, Split
from .squeeze import Squeeze

__all__ = [
    "ActNorm",
    "AffineCoupling",
    "Bijector",
    "CertificateError",
    "Chain",
    "Checkerboard",
    "Coupling",
    "Flatten",
    "Halves",
    "Inverse",
    "InvertibleConv1x1",
    "Logit",
    "Mask",
    "SplineCoupling",
    "Split",
    "Squeeze",
    "Swapped",
    "certify_density",
    "certify_inverse",
    "certify_log_det",
    "parameters_of",
    "spline",
    "spline_inverse",
]  # fmt: skip
