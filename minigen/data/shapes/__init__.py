"""Procedural geometry: closed outlines from parameters, as points and as pictures, with a check of validity."""

from minigen.data.shapes.families import FAMILIES, NAMES, Family
from minigen.data.shapes.generate import generate
from minigen.data.shapes.raster import rasterise
from minigen.data.shapes.validity import Validity, check

__all__ = ["FAMILIES", "NAMES", "Family", "Validity", "check", "generate", "rasterise"]
