"""Bijector: an invertible function of data, and what it does to volumes."""

import math
from abc import abstractmethod

import numpy as np

from ...core import nn


class Bijector(nn.Module):
    """y = f(x), invertible, from data towards latents; a density transforms by |det ∂y/∂x|.

    log p_x(x) = log p_y(f(x)) + log |det ∂f/∂x|

    Calling it gives y and that ``log_det``; ``inverse`` gives x and log |det ∂x/∂y|, the negative of the other.
    Log-determinants are tensors (N,). ``context`` is what a conditional bijector is given beside x: (N, E), or for
    images also a map (N, H, W, E).
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """

    @abstractmethod
    def forward(self, x, context=None):
        """x (N, …) to y and log |det ∂y/∂x| (N,)."""

    @abstractmethod
    def inverse(self, y, context=None):
        """y to x (N, …) and log |det ∂x/∂y| (N,)."""

    def fit(self, x, context=None):
        """Set what depends on data, once, before training; here nothing."""

    def arrange(self, y):
        """y where `inverse` would place its values, without changing what they are; here y itself."""
        return y

    def path(self, y, context=None):
        """What `inverse` passes through, each arranged as x is: a list of tensors, y first and x last."""
        return [self.arrange(y), self.inverse(y, context)[0]]


def same_for_all(value, x):
    """A log-determinant that no datum of x (N, …) changes, a number or a tensor (), as (N,)."""
    if isinstance(value, int | float):
        return x.wrap(np.full(x.shape[0], value, x.dtype))
    return value.expand(x.shape[0])


def places(x):
    """The number of places of a datum of x (N, …, C) at each of which a map of channels acts: 1 of points, H·W."""
    return math.prod(x.shape[1:-1])


def sum_datum(x):
    """The sum over all values of each datum: (N, …) to (N,)."""
    return x.sum(tuple(range(1, x.ndim)))
