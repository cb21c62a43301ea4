"""The layers whose weights torch keeps otherwise: embedding, attention and spectral normalisation.

`LAYER_CHECKS` are these and `minigen.testing.layers.LAYERS`: by name, functions of a seed to `Errors`.
"""

from functools import partial

import numpy as np
import torch

from ..core import functional as F
from ..core import nn
from ..core.tensor import Tensor
from .layers import F64, LAYERS, layer_parity
from .parity import Errors, Ours, Theirs, compare

MASK = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], bool)
_SAME = (lambda x: x, lambda x: x)
_TRANSPOSED = (np.transpose, np.transpose)  # of a vector, itself


def embedding_parity(seed=0):
    """Rows of a weight by index, some twice."""
    index, rng = np.array([[1, 1, 6], [0, 2, 1]]), np.random.default_rng(seed)
    layer, oracle = nn.Embedding(7, 3, rng=rng, dtype=F64), torch.nn.Embedding(7, 3).double()
    with torch.no_grad():
        oracle.weight.copy_(torch.tensor(layer.weight.numpy()))
    ours = Ours(lambda weight: layer(index), [layer.weight])
    return compare(ours, Theirs(lambda weight: oracle(torch.tensor(index)), [oracle.weight]), rng)


def attention_parity(seed=0, cross=False, hidden=None, **options):
    """Multi-head attention by the input, the memory and all weights; ``hidden``: torch's mask (True: do not look)."""
    rng = np.random.default_rng(seed)
    layer = nn.MultiheadAttention(6, 3, rng=rng, dtype=F64)
    oracle = torch.nn.MultiheadAttention(6, 3, batch_first=True).double()
    inputs = [rng.standard_normal((2, n, 6)) for n in ((4, 5) if cross else (4,))]
    parameters = [p for part in (layer.query, layer.key, layer.value, layer.output) for p in (part.weight, part.bias)]
    for p in parameters:
        p.copy_(p.numpy() + 0.3 * rng.standard_normal(p.shape))

    def ours(x, *rest):
        return layer(x, rest[0] if cross else None, **options)

    def theirs(x, *rest):
        memory, rest = (rest[0], rest[1:]) if cross else (x, rest)
        weights = {"in_proj_weight": torch.cat(rest[0:6:2]), "in_proj_bias": torch.cat(rest[1:6:2])}
        weights |= {"out_proj.weight": rest[6], "out_proj.bias": rest[7]}
        mask = None if hidden is None else torch.tensor(hidden)
        return torch.func.functional_call(oracle, weights, (x, memory, memory), {"attn_mask": mask})[0]

    turns = [_SAME] * len(inputs) + [_TRANSPOSED] * len(parameters)
    leaves = [torch.tensor(x) for x in inputs] + [torch.tensor(p.numpy().T.copy()) for p in parameters]
    return compare(Ours(ours, [*map(Tensor, inputs), *parameters], turns), Theirs(theirs, leaves), rng)


def spectral_norm_parity(name, seed=0):
    """Spectral normalisation of a layer of `LAYERS` with 4 input channels, from equal singular vectors."""
    case, rng = LAYERS[name], np.random.default_rng(seed)
    to_torch, _ = case.turn
    inner, oracle = case.layer(), case.oracle().double()
    with torch.no_grad():
        for p, q in zip(inner.parameters(), oracle.parameters(), strict=True):
            q.copy_(torch.tensor(to_torch(p.numpy())))
    layer = nn.SpectralNorm(inner, rng=rng)
    oracle = torch.nn.utils.parametrizations.spectral_norm(oracle)
    _start_equal(layer, oracle.parametrizations.weight[0], rng)
    worst = Errors(0.0, 0.0, 0.0)
    for training in (True, True, False):
        layer.train(training)
        oracle.train(training)
        x = np.ascontiguousarray(np.moveaxis(rng.standard_normal(case.shape), -1, 1 if case.channels_first else -1))
        ours = Ours(
            lambda x, *_: F.movedim(layer(F.movedim(x, 1, -1)), -1, 1) if case.channels_first else layer(x),
            [Tensor(x), inner.weight, inner.bias],
            [_SAME, case.turn, _SAME],
        )
        weights = [oracle.parametrizations.weight.original, oracle.bias]
        worst = Errors(
            *map(max, worst, compare(ours, Theirs(lambda x, *_: oracle(x), [torch.tensor(x), *weights]), rng))
        )
    return worst


def _start_equal(layer, parametrization, rng):
    """Give both sides one random v, which torch orders by input channel first, and the u that follows from it."""
    weight = layer.layer.weight.numpy()
    v = rng.standard_normal(layer.v.shape[0])
    v /= np.linalg.norm(v)
    u = v @ weight.reshape(len(v), -1)
    layer.v.copy_(v)
    layer.u.copy_(u / np.linalg.norm(u))
    theirs = np.moveaxis(v.reshape(weight.shape[:-1]), -1, 0).ravel()
    with torch.no_grad():
        parametrization._v.copy_(torch.tensor(theirs))
        parametrization._u.copy_(torch.tensor(layer.u.numpy().copy()))


LAYER_CHECKS = {name: partial(layer_parity, case) for name, case in LAYERS.items()} | {
    "Embedding": embedding_parity,
    "MultiheadAttention": attention_parity,
    "MultiheadAttention across": partial(attention_parity, cross=True),
    "MultiheadAttention causal": partial(attention_parity, is_causal=True, hidden=np.triu(np.ones((4, 4), bool), 1)),
    "MultiheadAttention masked": partial(attention_parity, attn_mask=MASK, hidden=~MASK),
    "SpectralNorm of Linear": partial(spectral_norm_parity, "Linear"),
    "SpectralNorm of Conv1d": partial(spectral_norm_parity, "Conv1d"),
    "SpectralNorm of ConvTranspose2d": partial(spectral_norm_parity, "ConvTranspose2d"),
}
