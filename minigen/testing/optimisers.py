"""Optimisers and schedules beside PyTorch's, along 100 steps of given gradients; needs torch (extra ``oracle``)."""

import warnings

import numpy as np
import torch

from .. import backends
from ..core import optim
from ..core.parameter import Parameter
from .comparison import scaled_error
from .trajectories import gradients, initial, push

OPTIMISERS = {  # what torch.optim and minigen.optim call it, and its options
    "SGD": ("SGD", {}),
    "SGD with decay": ("SGD", {"weight_decay": 0.1}),
    "SGD with momentum": ("SGD", {"momentum": 0.9, "dampening": 0.2, "weight_decay": 0.01}),
    "SGD with Nesterov": ("SGD", {"momentum": 0.8, "nesterov": True}),
    "Adam": ("Adam", {}),
    "Adam with l2": ("Adam", {"weight_decay": 0.1, "betas": (0.5, 0.9)}),
    "Adam without momentum": ("Adam", {"betas": (0.0, 0.99), "eps": 1e-3}),
    "AdamW": ("AdamW", {"weight_decay": 0.1}),
    "AdamW by default": ("AdamW", {}),
}

SCHEDULES = {  # ours, and what makes torch's of an optimiser and torch.optim.lr_scheduler
    "Constant": (lambda: optim.Constant(0.1), lambda o, s: s.ConstantLR(o, 1.0)),
    "Cosine": (lambda: optim.Cosine(0.1, 100, 0.01), lambda o, s: s.CosineAnnealingLR(o, 100, 0.01)),
    "Step": (lambda: optim.Step(0.1, 7, 0.5), lambda o, s: s.StepLR(o, 7, 0.5)),
    "Exponential": (lambda: optim.Exponential(0.1, 0.9), lambda o, s: s.ExponentialLR(o, 0.9)),
    "LinearWarmup, then Cosine": (
        lambda: optim.LinearWarmup(5, optim.Cosine(0.1, 95)),
        lambda o, s: s.SequentialLR(o, [s.LinearLR(o, 1 / 5, 1.0, 4), s.CosineAnnealingLR(o, 95)], [5]),
    ),
}


def optimiser_error(name, dtype=np.float64, lr=0.01, steps=100, backend=None):
    """The scaled error between our parameters and torch's, the worst over ``steps`` steps.

    Args:
        name: of `OPTIMISERS`.
        backend: of our steps; the current one by default.
    """
    kind, options = OPTIMISERS[name]
    ps = [Parameter(w) for w in initial(dtype)]
    qs = [torch.nn.Parameter(torch.tensor(w)) for w in initial(dtype)]
    ours, theirs = getattr(optim, kind)(ps, lr=lr, **options), getattr(torch.optim, kind)(qs, lr=lr, **options)
    worst = 0.0
    for t in range(steps):
        with backends.backend(backend or backends.current().name):
            ours.zero_grad()
            push(ps, t)
            ours.step()
        for q, g in zip(qs, gradients(t, dtype), strict=True):
            q.grad = torch.tensor(g)
        theirs.step()
        pairs = zip(ps, qs, strict=True)
        worst = max(worst, *(scaled_error(p.numpy(), q.numpy(force=True)) for p, q in pairs))
    return worst


def schedule_error(name, steps=100):
    """The scaled error between our learning rates and torch's over ``steps`` steps, times 10: they start at 0.1."""
    build, oracle = SCHEDULES[name]
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about the epoch that its own SequentialLR passes
        scheduler = oracle(optimiser, torch.optim.lr_scheduler)
        for _ in range(steps):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            scheduler.step()
    schedule = build()
    return 10 * scaled_error(np.array([schedule(t) for t in range(steps)]), np.array(rates))
