"""Random ops: torch's own mask is handed to minigen as the stream that dropout asks for."""

from dataclasses import dataclass

import numpy as np
import torch

from ...core import functional as F
from ...core.random import Stream
from .conversion import Conversion

SEED = 42  # OpInfo runs its random ops after torch.manual_seed(42)


@dataclass(frozen=True)
class _TorchMask(Stream):
    """A stream whose numbers are below p exactly where torch, from `SEED`, drops with probability p."""

    p: float = 0.5

    def uniform(self, shape, dtype=np.float32, start=0):
        """1 where torch keeps a value, 0 where it drops one."""
        source = torch.Generator().manual_seed(self.seed)
        kept = torch.empty(tuple(shape), dtype=torch.float64).bernoulli_(1 - self.p, generator=source)
        return kept.numpy().astype(dtype)


def _dropout(x, p=0.5, training=True, inplace=False):
    return F.dropout(x, p, training, rng=_TorchMask(SEED, p=p))


def _attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
    mask = _TorchMask(SEED, p=dropout_p)
    return F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale, rng=mask)


CONVERSIONS = (
    Conversion("nn.functional.dropout", "dropout", _dropout),
    Conversion("nn.functional.scaled_dot_product_attention", "scaled_dot_product_attention", _attention),
)
