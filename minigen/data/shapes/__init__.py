"""Procedural geometry: closed outlines from parameters, as points and as pictures, with a check of validity."""

from .families import FAMILIES, NAMES, Family
from .generate import generate
from .raster import rasterise
from .validity import Validity, check

__all__ = ["FAMILIES", "NAMES", "Family", "Validity", "check", "generate", "rasterise"]
