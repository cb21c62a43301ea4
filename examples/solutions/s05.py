"""A solution of 05_ppca_elbo."""

import numpy as np


def elbo(x, w, sigma, m, s):
    """E_q[log N(x; w z, σ²)] − KL(N(m, s²) ‖ N(0, 1)), numbers, in nats: E_q[(x − w z)²] = (x − w m)² + w² s²."""
    expected = -0.5 * ((x - w * m) ** 2 + w**2 * s**2) / sigma**2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)
    return expected - 0.5 * (m**2 + s**2 - 1 - np.log(s**2))
