"""minigen beside PyTorch: forward, gradient, gradient of gradient; needs torch (extra ``oracle``).

Both compute y = f(x), g = vᵀ ∂y/∂x and ∂(wᵀ g)/∂(x, v) with the same random v and w; `compare` holds them together.
"""

from collections import namedtuple

import numpy as np
import torch

from ..core.autograd import grad
from .comparison import scaled_error
from .law import outputs, tensors, weights
from .oracle import COUNTERPARTS

Errors = namedtuple("Errors", "forward first second")


def parity(case, sample, rng):
    """The scaled errors (`scaled_error`) between minigen and torch on one sample of a case, in float64.

    Args:
        case: a `minigen.testing.Case` whose name is in `minigen.testing.oracle.COUNTERPARTS`.
        sample: a `Sample` of it.
        rng: a NumPy generator for v and w.
    Returns:
        ``Errors(forward, first, second)``; 0 for derivatives that neither has.
    """
    n = differentiated(case, sample)
    ours, theirs = tensors(list(map(np.array, sample.inputs))), [torch.tensor(np.array(x)) for x in sample.inputs]
    op, counterpart = case.op, COUNTERPARTS[case.name]
    return compare(
        Ours(lambda *xs: op(*xs, *ours[n:], **sample.options), ours[:n]),
        Theirs(lambda *xs: counterpart(*xs, *theirs[n:], **sample.options), theirs[:n]),
        rng,
        order=2 if case.differentiable else 0,
    )


def compare(ours, theirs, rng, order=2):
    """`Errors` between two sides, an `Ours` and a `Theirs` of the same numbers, with derivatives up to ``order``."""
    values = ours.forward(), theirs.forward()
    forward = _error(*values)
    if order < 1 or np.isinf(forward):
        return Errors(forward, 0.0, 0.0)
    vs = weights(rng, [y.shape for y in values[1] if y.dtype.kind == "f"])
    ws = weights(rng, [x.shape for x in theirs.xs])
    first = _error(ours.first(vs), theirs.first(vs))
    if order < 2 or np.isinf(first):
        return Errors(forward, first, 0.0)
    return Errors(forward, first, _error(ours.second(ws), theirs.second(ws)))


def differentiated(case, sample):
    """How many of the sample's inputs torch differentiates by: not the weights of a loss, which come last."""
    if case.name == "binary_cross_entropy_with_logits":
        return 2
    if case.name in ("nll_loss", "cross_entropy"):
        return 2 if sample.options.get("soft") else 1
    return len(sample.inputs)


def _error(ours, theirs):
    if len(ours) != len(theirs):
        return np.inf
    return max((scaled_error(a, b) for a, b in zip(ours, theirs, strict=True)), default=0.0)


class Ours:
    """A function in minigen, step by step; each step returns arrays.

    Args:
        f: tensors to a tensor, or to a tuple or list of them.
        xs: the tensors by which it is differentiated.
        turns: for each of ``xs``, two functions of arrays, from our axes to torch's and back; none for equal axes.
    """

    def __init__(self, f, xs, turns=None):
        self.f, self.xs, self.turns = f, [x.requires_grad_() for x in xs], turns or [(_same, _same)] * len(xs)

    def forward(self):
        """f(x)."""
        result = self.f(*self.xs)
        results = result if isinstance(result, tuple | list) else (result,)
        self.ys = outputs(results)
        return [y.numpy() for y in results]

    def first(self, vs):
        """g = vᵀ ∂f/∂x."""
        self.vs = [v.requires_grad_() for v in tensors(vs)]
        self.gs = self._gradient(self.ys, self.xs, self.vs, create_graph=True)
        return [to_torch(g.numpy()) for g, (to_torch, _) in zip(self.gs, self.turns, strict=True)]

    def second(self, ws):
        """∂(wᵀ g)/∂(x, v)."""
        ws = tensors([back(w) for w, (_, back) in zip(ws, self.turns, strict=True)])
        found = self._gradient(self.gs, [*self.xs, *self.vs], ws, create_graph=False)
        turns = [*self.turns, *[(_same, _same)] * len(self.vs)]
        return [to_torch(g.numpy()) for g, (to_torch, _) in zip(found, turns, strict=True)]

    @staticmethod
    def _gradient(ys, xs, vs, create_graph):
        pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
        found = [None] * len(xs)
        if pairs:
            found = grad([y for y, _ in pairs], xs, [v for _, v in pairs], create_graph=create_graph)
        return [x.constant(np.zeros(x.shape)) if g is None else g for x, g in zip(xs, found, strict=True)]


class Theirs:
    """The same function in torch: f of torch's tensors ``xs``; each step returns arrays."""

    def __init__(self, f, xs):
        self.f, self.xs = f, [x.requires_grad_() for x in xs]

    def forward(self):
        """f(x)."""
        result = self.f(*self.xs)
        results = result if isinstance(result, tuple | list) else (result,)
        self.ys = [y for y in results if y.is_floating_point()]
        return [y.numpy(force=True) for y in results]

    def first(self, vs):
        """g = vᵀ ∂f/∂x."""
        self.vs = [torch.tensor(v, requires_grad=True) for v in vs]
        self.gs = self._gradient(self.ys, self.xs, self.vs, create_graph=True)
        return [g.numpy(force=True) for g in self.gs]

    def second(self, ws):
        """∂(wᵀ g)/∂(x, v)."""
        ws = [torch.tensor(w) for w in ws]
        return [g.numpy(force=True) for g in self._gradient(self.gs, [*self.xs, *self.vs], ws, create_graph=False)]

    @staticmethod
    def _gradient(ys, xs, vs, create_graph):
        pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
        found = [None] * len(xs)
        if pairs:
            ys, vs = zip(*pairs, strict=True)
            found = torch.autograd.grad(ys, xs, vs, create_graph=create_graph, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for x, g in zip(xs, found, strict=True)]


def _same(x):
    return x
