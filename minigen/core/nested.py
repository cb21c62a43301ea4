"""Constants and hyper-parameters: numbers, arrays, and nested tuples, lists and dicts of them."""

import numpy as np


def arrays_in(value):
    """The arrays in a hyper-parameter."""
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays_in(part)]
    return [value] if isinstance(value, np.ndarray) else []


def same(a, b):
    """Whether two constants, or nested tuples, lists and dicts of them, are the same, arrays bit for bit."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return bool(a == b) or bool(a != a and b != b)
