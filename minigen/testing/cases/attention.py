"""Cases of `core/ops/attention.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _attention(d):
    batch, (queries, keys, features, values) = d.shape(most_axes=2), [d.integer(1, 4) for _ in range(4)]
    inputs = tuple(d.values((*batch, *last)) for last in ((queries, features), (keys, features), (keys, values)))
    kind = d.choice(("none", "causal", "boolean", "float"))
    if kind == "float":
        return Sample(inputs, {"bias": d.values((queries, keys))})
    if kind == "boolean":
        mask = d.mask((*batch, queries, keys))
        mask[..., d.integer(0, keys - 1)] = True  # a query that may look at nothing has no defined answer
        return Sample(inputs, {"attn_mask": mask})
    return Sample(inputs, {"is_causal": kind == "causal"})


def _op(query, key, value, attn_mask=None, is_causal=False, bias=None):
    mask = attn_mask if bias is None else bias.astype(query.dtype)
    return F.scaled_dot_product_attention(query, key, value, mask, is_causal)


def _reference(query, key, value, attn_mask=None, is_causal=False, bias=0.0):
    scores = np.einsum("...ld,...sd->...ls", query, key) / np.sqrt(query.shape[-1]) + bias
    look = np.ones(scores.shape, bool) if attn_mask is None else attn_mask
    if is_causal:
        look = np.arange(scores.shape[-2])[:, None] >= np.arange(scores.shape[-1])
    weights = np.exp(scores) * look
    return np.einsum("...ls,...se->...le", weights / weights.sum(-1, keepdims=True), value)


CASES = (Case("scaled_dot_product_attention", _op, _reference, _attention),)
