"""Log-densities and divergences in torch's own distributions, for `oracle`."""

import torch
from torch.nn import functional as TF


def gaussian_bottleneck(statistics, epsilon):
    """See `minigen.functional.gaussian_bottleneck`."""
    mu, logvar = statistics.tensor_split(2, -1)
    q, standard = torch.distributions.Normal(mu, torch.exp(0.5 * logvar)), torch.distributions.Normal(0.0, 1.0)
    return mu + q.scale * epsilon, torch.distributions.kl_divergence(q, standard).sum(-1)


def standard_normal_log_prob(z, event_dims):
    """See `minigen.functional.standard_normal_log_prob`."""
    log_prob = torch.distributions.Normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z)
    return log_prob.sum(tuple(range(z.ndim - event_dims, z.ndim))) if event_dims else log_prob


def bernoulli_log_prob(logits, target, event_dims):
    """See `minigen.functional.bernoulli_log_prob`."""
    return -TF.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(tuple(range(-event_dims, 0)))
