"""Cases of `core/ops/attention.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _attention(d):
    batch, (queries, keys, features, values) = d.shape(most_axes=2), [d.integer(1, 4) for _ in range(4)]
    inputs = tuple(d.values((*batch, *last)) for last in ((queries, features), (keys, features), (keys, values)))
    kind = d.choice(("none", "causal", "boolean", "float"))
    if kind == "float":
        bias = d.values((queries, keys))
        return Sample(inputs, {"bias": np.where(d.mask(bias.shape), -np.inf, bias) if d.boolean() else bias})
    if kind == "boolean":
        return Sample(inputs, {"attn_mask": d.mask((*batch, queries, keys))})
    return Sample(inputs, {"is_causal": kind == "causal", "scale": d.choice((None, 0.7))})


def _op(query, key, value, attn_mask=None, is_causal=False, bias=None, scale=None):
    mask = attn_mask if bias is None else bias.astype(query.dtype)
    return F.scaled_dot_product_attention(query, key, value, mask, is_causal=is_causal, scale=scale)


def _reference(query, key, value, attn_mask=None, is_causal=False, bias=0.0, scale=None):
    scores = np.einsum("...ld,...sd->...ls", query, key) * (1 / np.sqrt(query.shape[-1]) if scale is None else scale)
    scores = scores + bias
    look = np.ones(scores.shape, bool) if attn_mask is None else attn_mask
    if is_causal:
        look = np.arange(scores.shape[-2])[:, None] >= np.arange(scores.shape[-1])
    weights = np.exp(scores) * look
    total = weights.sum(-1, keepdims=True)  # 0 for a query that may look at nothing: it gets 0
    return np.einsum("...ls,...se->...le", weights / np.where(total == 0, 1, total), value)


CASES = (Case("scaled_dot_product_attention", _op, _reference, _attention),)
