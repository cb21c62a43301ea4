"""A solution of 03_likelihood_and_kl."""

import numpy as np


def kl(log_p, log_q, dx):
    """KL(p ‖ q) = ∫ p (log p − log q) dx of log-densities on an even grid, in nats."""
    return (np.exp(log_p) * (log_p - log_q)).sum() * dx
