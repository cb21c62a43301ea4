"""Attention."""

import math

import numpy as np

from ...errors import ShapeError
from ..autograd import Variable
from .arithmetic import where
from .noise import dropout
from .reduce import softmax


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, *, rng=None
):
    """softmax(scale · Q Kᵀ + mask) V.

    Args:
        query: (..., L, D); key: (..., S, D); value: (..., S, E).
        attn_mask: (..., L, S), boolean (True: look) or float (added); None for no mask.
        dropout_p: the share of weights set to 0, the others multiplied by 1/(1 − p); needs ``rng``, a `minigen.Stream`.
        is_causal: position l looks at s ≤ l only.
        scale: of the scores; None for 1/√D.
    Returns:
        (..., L, E); 0 for a query that may look at nothing (by a boolean mask, or −∞ everywhere in a float one), as
        in torch.

    What may not be seen gets a finite score, −0.7 times the largest number, whose exponential is 0 beside any other:
    with −∞, `minigen.anomaly` could not tell a mask from a fault.
    Source: Attention Is All You Need. Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"attention got query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)};"
            " it needs (..., L, D), (..., S, D) and (..., S, E)"
        )
    scale = 1.0 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    scores = (query * scale) @ key.mT
    visible, bias = _mask(attn_mask)
    if is_causal:
        visible = visible & np.tril(np.ones(scores.shape[-2:], bool))
    if bias is not None:
        scores = scores + bias
    if visible is True:
        return dropout(softmax(scores, -1), dropout_p, rng=rng) @ value
    weights = softmax(where(visible, scores, -0.7 * float(np.finfo(scores.dtype).max)), -1)
    if not visible.any(-1).all():
        weights = where(visible, weights, 0.0)
    return dropout(weights, dropout_p, rng=rng) @ value


def _mask(attn_mask):
    """Which positions may be seen (booleans, or True for all), and the finite number to add to each score (or None)."""
    if attn_mask is None:
        return True, None
    tensor = isinstance(attn_mask, Variable)
    values = attn_mask.numpy() if tensor else np.asarray(attn_mask)
    if values.dtype == bool:
        return values, None
    hidden = np.isneginf(values)
    if not hidden.any():
        return True, attn_mask if tensor else values
    return ~hidden, where(hidden, 0.0, attn_mask) if tensor else np.where(hidden, np.zeros_like(values), values)
