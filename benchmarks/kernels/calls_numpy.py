"""NumPy's side: products by its OpenBLAS."""

import numpy as np

from .shapes import Convolution

SETTLE = 0.03  # seconds that OpenBLAS's threads spin after a product, which would disturb who comes next


def prepare(shape, operands):
    """As `calls_minigen.prepare`; NumPy has no convolution."""
    return {} if isinstance(shape, Convolution) else {"NumPy": lambda: np.matmul(*operands)}


def to_numpy(shape, result):
    """As it is."""
    return result
