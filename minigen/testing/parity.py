"""minigen beside PyTorch on one sample: forward, gradient, gradient of gradient; needs torch (extra ``oracle``)."""

from collections import namedtuple

import numpy as np
import torch

from ..core.autograd import grad
from .comparison import scaled_error
from .law import outputs, tensors, weights
from .oracle import COUNTERPARTS, differentiated

Errors = namedtuple("Errors", "forward first second")


def parity(case, sample, rng):
    """The scaled errors (`scaled_error`) between minigen and torch in float64.

    Both compute y = f(x), g = vᵀ ∂y/∂x and ∂(wᵀ g)/∂(x, v) with the same random v and w.

    Args:
        case: a `minigen.testing.Case` whose name is in `minigen.testing.oracle.COUNTERPARTS`.
        sample: a `Sample` of it.
        rng: a NumPy generator for v and w.
    Returns:
        ``Errors(forward, first, second)``; 0 for derivatives that neither has.
    """
    ours, theirs = _Minigen(case), _Torch(case)
    values = ours.forward(sample), theirs.forward(sample)
    forward = _error(*values)
    if not case.differentiable or np.isinf(forward):
        return Errors(forward, 0.0, 0.0)
    vs = weights(rng, [y.shape for y in values[0] if y.dtype.kind == "f"])
    ws = weights(rng, [x.shape for x in ours.xs])
    first = _error(ours.first(vs), theirs.first(vs))
    return Errors(forward, first, _error(ours.second(ws), theirs.second(ws)))


def _error(ours, theirs):
    if len(ours) != len(theirs):
        return np.inf
    return max((scaled_error(a, b) for a, b in zip(ours, theirs, strict=True)), default=0.0)


class _Minigen:
    """The three steps in minigen; each returns arrays."""

    def __init__(self, case):
        self.case = case

    def forward(self, sample):
        inputs = tensors([np.array(x) for x in sample.inputs])
        self.xs = [x.requires_grad_() for x in inputs[: differentiated(self.case, sample)]]
        result = self.case.op(*inputs, **sample.options)
        results = result if isinstance(result, tuple) else (result,)
        self.ys = outputs(results)
        return [y.numpy() for y in results]

    def first(self, vs):
        self.vs = [v.requires_grad_() for v in tensors(vs)]
        self.gs = self.gradient(self.ys, self.xs, self.vs, create_graph=True)
        return [g.numpy() for g in self.gs]

    def second(self, ws):
        return [g.numpy() for g in self.gradient(self.gs, [*self.xs, *self.vs], tensors(ws), create_graph=False)]

    @staticmethod
    def gradient(ys, xs, vs, create_graph):
        pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
        found = [None] * len(xs)
        if pairs:
            found = grad([y for y, _ in pairs], xs, [v for _, v in pairs], create_graph=create_graph)
        return [x.detach() * 0.0 if g is None else g for x, g in zip(xs, found, strict=True)]


class _Torch:
    """The three steps in torch; each returns arrays."""

    def __init__(self, case):
        self.case = case

    def forward(self, sample):
        inputs = [torch.tensor(np.array(x)) for x in sample.inputs]
        self.xs = [x.requires_grad_() for x in inputs[: differentiated(self.case, sample)]]
        result = COUNTERPARTS[self.case.name](*inputs, **sample.options)
        results = result if isinstance(result, tuple | list) else (result,)
        self.ys = [y for y in results if y.is_floating_point()]
        return [y.numpy(force=True) for y in results]

    def first(self, vs):
        self.vs = [torch.tensor(v, requires_grad=True) for v in vs]
        self.gs = self.gradient(self.ys, self.xs, self.vs, create_graph=True)
        return [g.numpy(force=True) for g in self.gs]

    def second(self, ws):
        ws = [torch.tensor(w) for w in ws]
        return [g.numpy(force=True) for g in self.gradient(self.gs, [*self.xs, *self.vs], ws, create_graph=False)]

    @staticmethod
    def gradient(ys, xs, vs, create_graph):
        pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
        found = [None] * len(xs)
        if pairs:
            ys, vs = zip(*pairs, strict=True)
            found = torch.autograd.grad(ys, xs, vs, create_graph=create_graph, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for x, g in zip(xs, found, strict=True)]
