"""From stored integers to the numbers that models train on, and back.

Every function is elementwise on arrays of any shape; randomness `u` is given by the caller, uniform in [0, 1).
"""

import numpy as np


def to_unit(x: np.ndarray, levels: int) -> np.ndarray:
    """Integers 0 … levels − 1 to float32 in [0, 1]:  x / (levels − 1).  Any shape, unchanged."""
    return x.astype(np.float32) / np.float32(levels - 1)


def from_unit(x01: np.ndarray, levels: int) -> np.ndarray:
    """The nearest stored value of a grey value in [0, 1]:  round(clip(x, 0, 1) · (levels − 1)), uint8.

    The inverse of ``to_unit``; any shape, unchanged.
    """
    return np.rint(np.clip(x01, 0.0, 1.0) * (levels - 1)).astype(np.uint8)


def on_grid(x01: np.ndarray, levels: int) -> np.ndarray:
    """Samples as the data could have held them:  round(clip(x, 0, 1) · (levels − 1))/(levels − 1),  float32.

    Any shape, unchanged. Without it a comparison tells samples from data by the values between the data's grey levels.
    """
    return to_unit(from_unit(x01, levels), levels)


def binarize(x01: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Dynamic binarisation: a fresh Bernoulli draw with mean x,  b = 1[u < x],  float32 in {0, 1}.

    x01 in [0, 1] and u uniform in [0, 1) have the same shape. A pixel of 0 is never on, a pixel of 1 always.

    Reference: "Importance Weighted Autoencoders", Burda, Grosse, Salakhutdinov, 2015, section 5.1,
    https://arxiv.org/abs/1509.00519. Static or thresholded binarisation gives likelihoods that do not compare.
    """
    return (u < x01).astype(np.float32)


def dequantize(x: np.ndarray, levels: int, u: np.ndarray) -> np.ndarray:
    """Uniform dequantisation:  v = (x + u) / levels,  float32 in [0, 1).

    E_u[log p(v)] − log(levels) · D is a lower bound on the log-probability of the integers x, D their number.
    x holds integers 0 … levels − 1; u has the shape of x. Where float32 would round v into a neighbour's cell it
    is held one step inside its own, so that ``quantize`` returns x exactly.

    >>> v = dequantize(np.array([0, 8, 16], np.uint8), levels=17, u=np.array([0.0, 0.5, 0.99]))
    >>> quantize(v, levels=17)
    array([ 0,  8, 16], dtype=uint8)

    Reference: "A note on the evaluation of generative models", Theis, van den Oord, Bethge, 2016, section 3.1,
    https://arxiv.org/abs/1511.01844.
    """
    edges = np.arange(levels + 1) / levels
    rounded = edges.astype(np.float32)
    lowest = np.where(rounded < edges, np.nextafter(rounded, np.float32(1)), rounded)[:-1]
    highest = np.where(rounded >= edges, np.nextafter(rounded, np.float32(0)), rounded)[1:]
    v = (x + u) / levels
    return np.clip(v.astype(np.float32), lowest[x], highest[x])


def quantize(v: np.ndarray, levels: int) -> np.ndarray:
    """The cell that a dequantised value lies in:  clip(floor(v · levels), 0, levels − 1),  uint8.

    The inverse of ``dequantize`` for every u; any shape, unchanged.
    """
    return np.clip(np.floor(v.astype(np.float64) * levels), 0, levels - 1).astype(np.uint8)
