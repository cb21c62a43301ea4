"""PyTorch's ops spelled in minigen: ``CONVERSIONS[name]`` are the OpInfos that prove an op of `minigen.functional`.

A conversion is a function of minigen tensors in torch's axes (integer and boolean tensors arrive as arrays), with
torch's names and order of arguments. It turns axes by our own ops on the way in and out, so that values and gradients
can be held against torch's without another word. What minigen has no counterpart for it refuses, and says why.
"""

from . import arithmetic, convolution, index, linalg, loss, norm, random, reduce, resample, shape
from .conversion import Conversion, Refused

_FAMILIES = (arithmetic, convolution, index, linalg, loss, norm, random, reduce, resample, shape)

_ALL = [conversion for family in _FAMILIES for conversion in family.CONVERSIONS]

CONVERSIONS = {name: [c for c in _ALL if c.name == name] for name in sorted({c.name for c in _ALL})}

__all__ = ["CONVERSIONS", "Conversion", "Refused"]
