"""Kernels of likelihoods: one number for each row of logits."""

import numpy as np

from .elementwise import bce_with_logits, sigmoid


def bernoulli_log_prob(logits, target, out=None):
    """y[m] = Σ_d t log σ(l) + (1 − t) log(1 − σ(l)); logits l and target t (M, D), y (M,)."""
    return np.negative(bce_with_logits(logits, target).sum(axis=1), out=out)


def bernoulli_log_prob_grad(g, logits, target, out=None):
    """z[m, d] = g[m] (t − σ(l)), the gradient that passes to the logits; g (M,), the others (M, D)."""
    return np.multiply(g[:, None], target - sigmoid(logits), out=out)
