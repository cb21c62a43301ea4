"""Embedding."""

import numpy as np

from .. import functional as F
from ..parameter import Parameter
from . import init
from .module import Module


class Embedding(Module):
    """A vector for each of V classes: integers (...) in [0, V) to (..., embedding_dim).

    ``weight`` (num_embeddings, embedding_dim) starts standard normal.

    Args:
        rng: a `numpy.random.Generator` for the initial weights.
    """

    def __init__(self, num_embeddings, embedding_dim, *, rng, dtype=np.float32):
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Parameter(init.normal((num_embeddings, embedding_dim), rng, dtype=dtype))

    def forward(self, index):
        return F.embedding(index, self.weight)

    def extra_repr(self):
        return f"{self.num_embeddings}, {self.embedding_dim}"
