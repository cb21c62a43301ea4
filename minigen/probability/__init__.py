"""Distributions and divergences, as functions of tensors: log-probabilities in nats, elementwise."""

from .bernoulli import Bernoulli
from .logistic import DiscretizedLogistic
from .normal import Normal, kl_normal, kl_standard_normal, standard_normal_log_prob

__all__ = ["Bernoulli", "DiscretizedLogistic", "Normal", "kl_normal", "kl_standard_normal", "standard_normal_log_prob"]
