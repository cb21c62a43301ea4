"""Attention."""

import math

import numpy as np

from ...errors import ShapeError
from .arithmetic import where
from .reduce import softmax


def scaled_dot_product_attention(query, key, value, attn_mask=None, is_causal=False):
    """softmax(Q Kᵀ / √D + mask) V.

    Args:
        query: (..., L, D); key: (..., S, D); value: (..., S, E).
        attn_mask: (..., L, S), boolean (True: look) or float (added); None for no mask.
        is_causal: position l looks at s ≤ l only.
    Returns:
        (..., L, E).
    Source: Attention Is All You Need. Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"attention got query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)};"
            " it needs (..., L, D), (..., S, D) and (..., S, E)"
        )
    scores = (query * (1.0 / math.sqrt(query.shape[-1]))) @ key.mT
    if is_causal:
        causal = np.tril(np.ones((query.shape[-2], key.shape[-2]), bool))
        scores = where(causal, scores, -math.inf)
    if attn_mask is not None:
        mask = attn_mask.numpy() if hasattr(attn_mask, "numpy") else attn_mask
        scores = where(mask, scores, -math.inf) if mask.dtype == bool else scores + attn_mask
    return softmax(scores, -1) @ value
