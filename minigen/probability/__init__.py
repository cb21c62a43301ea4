"""Distributions and divergences, as functions of tensors: log-probabilities in nats, elementwise."""

from ..core.functional import standard_normal_log_prob
from .bernoulli import Bernoulli
from .logistic import DiscretizedLogistic
from .normal import Normal, kl_normal, kl_standard_normal

__all__ = ["Bernoulli", "DiscretizedLogistic", "Normal", "kl_normal", "kl_standard_normal", "standard_normal_log_prob"]
