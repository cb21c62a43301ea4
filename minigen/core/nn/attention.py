"""Attention."""

import numpy as np

from ...errors import ShapeError, UserError
from .. import functional as F
from . import init
from .linear import Linear
from .module import Module


class MultiheadAttention(Module):
    """softmax(Q Kᵀ/√D + mask) V in several heads, batch first: (N, L, E) to (N, L, E).

    Q, K, V and the output are `Linear` (E, E) layers; heads share E: D = E/num_heads. Projections start Xavier-uniform
    with bias 0, as in torch.

    Args:
        embed_dim: E, divisible by num_heads.
        rng: a `numpy.random.Generator` for the initial weights.
    Source: Attention Is All You Need. Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, embed_dim, num_heads, bias=True, *, rng, dtype=np.float32):
        if num_heads < 1 or embed_dim % num_heads:
            raise UserError(
                f"MultiheadAttention got embed_dim {embed_dim} and {num_heads} heads; they must divide evenly"
            )
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.query, self.key, self.value, self.output = (
            Linear(embed_dim, embed_dim, bias, rng=rng, dtype=dtype) for _ in range(4)
        )
        for projection in (self.query, self.key, self.value):
            projection.weight.copy_(init.xavier_uniform((embed_dim, embed_dim), rng, dtype=dtype))
        for projection in self.children() if bias else ():
            projection.bias.zero_()

    def forward(self, query, key=None, value=None, attn_mask=None, is_causal=False):
        """Let each position of ``query`` look at all positions of ``key`` and take from ``value``.

        Args:
            query: (N, L, E).
            key: (N, S, E); None: the query (self-attention).
            value: (N, S, E); None: the key.
            attn_mask: (L, S), or what broadcasts to (N, heads, L, S): boolean (True: look) or float (added).
            is_causal: position l looks at s ≤ l only.
        """
        key = query if key is None else key
        value = key if value is None else value
        for name, x in (("query", query), ("key", key), ("value", value)):
            if x.ndim != 3 or x.shape[-1] != self.embed_dim:
                raise ShapeError(
                    f"MultiheadAttention's {name} has shape {x.shape}; it must be (N, length, {self.embed_dim})"
                )
        q, k, v = self._heads(self.query(query)), self._heads(self.key(key)), self._heads(self.value(value))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask, is_causal=is_causal)  # (N, heads, L, D)
        return self.output(y.transpose(1, 2).reshape(query.shape))

    def _heads(self, x):
        """(N, L, E) to (N, heads, L, D)."""
        n, length, width = x.shape
        return x.reshape(n, length, self.num_heads, width // self.num_heads).transpose(1, 2)

    def extra_repr(self):
        return f"{self.embed_dim}, {self.num_heads}"
