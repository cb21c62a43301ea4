"""Cases of `core/ops/linalg.py`; the references sum products by `numpy.einsum`, which calls no BLAS here."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _matmul(d):
    m, k, n = d.side(), d.side(), d.side()
    batch_a, batch_b = d.broadcastable()
    a, b = d.choice((
        ((m, k), (k, n)),
        ((k,), (k,)),
        ((k,), (k, n)),
        ((m, k), (k,)),
        ((*batch_a, m, k), (k, n)),
        ((*batch_a, m, k), (*batch_b, k, n)),
        ((k,), (*batch_b, k, n)),
    ))  # fmt: skip
    return Sample((d.values(a), d.values(b)))


def _matmul_reference(a, b):
    left, right = a.ndim == 1, b.ndim == 1
    a, b = (a[None] if left else a), (b[:, None] if right else b)
    y = np.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2)
    return np.squeeze(y, axis=tuple(axis for axis, one in ((-2, left), (-1, right)) if one))


def _linear(d):
    k, n = d.side(), d.side()
    inputs = d.values((*d.shape(), k)), d.values((k, n))
    return Sample((*inputs, d.values((n,))) if d.boolean() else inputs)


def _linear_reference(x, weight, bias=0.0):
    return np.sum(x[..., :, None] * weight, axis=-2) + bias


def _linear_relu(d):
    """Positive x; each column of weight and bias of one sign: no result lies near 0, where ReLU has its kink."""
    x, *affine = _linear(d).inputs
    sign = np.where(d.mask(affine[0].shape[1:]), 1.0, -1.0)
    return Sample((abs(x) + 0.2, *(sign * (abs(part) + 0.2) for part in affine)))


def _relu_mlp(d):
    """Layers as `_linear_relu` draws them, each of positive inputs and with columns of one sign: no h lies near 0."""
    x, *parameters = _linear_relu(d).inputs[:2]
    inputs, size = [x, *parameters, d.values(parameters[0].shape[1:])], parameters[0].shape[1]
    inputs[2] = np.where(np.all(inputs[1] > 0, 0), 1.0, -1.0) * (abs(inputs[2]) + 0.2)
    for _ in range(d.integer(0, 2)):
        size, before = d.side(), size
        sign = np.where(d.mask((size,)), 1.0, -1.0)
        inputs += [sign * (abs(d.values((before, size))) + 0.2), sign * (abs(d.values((size,))) + 0.2)]
    return Sample(tuple(inputs))


def _tanh_mlp(d):
    """Up to three layers."""
    x, weight = _linear(d).inputs[:2]
    inputs = [x, weight, d.values(weight.shape[1:])]
    for _ in range(d.integer(0, 2)):
        size, before = d.side(), inputs[-1].size
        inputs += [d.values((before, size)), d.values((size,))]
    return Sample(tuple(inputs))


def _mlp_reference(activation):
    def network(x, *parameters):
        for i in range(0, len(parameters), 2):
            x = _linear_reference(activation(x) if i else x, *parameters[i : i + 2])
        return x

    return network


CASES = (
    Case("matmul", F.matmul, _matmul_reference, _matmul),
    Case("linear", F.linear, _linear_reference, _linear),
    Case("linear_relu", F.linear_relu, lambda *inputs: np.maximum(_linear_reference(*inputs), 0), _linear_relu),
    Case("linear_tanh", F.linear_tanh, lambda *inputs: np.tanh(_linear_reference(*inputs)), _linear),
    Case("relu_mlp", F.relu_mlp, _mlp_reference(lambda x: np.maximum(x, 0)), _relu_mlp),
    Case("tanh_mlp", F.tanh_mlp, _mlp_reference(np.tanh), _tanh_mlp),
    Case(
        "outer", F.outer, lambda a, b: a[:, None] * b, lambda d: Sample((d.values((d.side(),)), d.values((d.side(),))))
    ),
)
