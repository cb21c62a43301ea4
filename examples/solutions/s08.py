"""A solution of 08_flow."""

import numpy as np


def log_density(x, f, slope):
    """log p(x) = log N(f(x); 0, 1) + log |f′(x)|: an array x (...), functions f and f′ of it."""
    return -0.5 * f(x) ** 2 - 0.5 * np.log(2 * np.pi) + np.log(np.abs(slope(x)))
