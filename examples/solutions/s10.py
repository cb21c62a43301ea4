"""A solution of 10_four_families."""

import numpy as np


def captured(samples, centres, s):
    """How many centres (K, D) have at least 1 % of all samples (n, D) within 3 s and nearer than to any other."""
    distance = np.linalg.norm(samples[:, None] - centres, axis=-1)  # (n, K)
    nearest = distance.argmin(1)
    good = distance.min(1) < 3 * s
    return int((np.bincount(nearest[good], minlength=len(centres)) >= 0.01 * len(samples)).sum())
