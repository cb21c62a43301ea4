"""How probable a `Diffusion` finds data: its variational bound, and the density that its ODE defines."""

import math

import numpy as np

from ...errors import UserError
from ..base import LogProb
from .bound import bound_cuts, variational_bound
from .ode import log_density


def bound(model, x, rng, labels=None, samples=20):
    """−(L_T + Σ L_t + L_0) of data x (N, *shape), a `LogProb` with the three as its parts, in nats.

    Args:
        model: a `Diffusion`.
        rng: a `Stream`.
        labels: (N,) of a conditional model.
        samples: terms of L_t drawn for each datum; None: all of them.
    """
    x, labels, levels = model.checked(x), model.labels_of(x, labels), model.spec.levels
    terms, found = len(bound_cuts(model.path, levels, model.config.timesteps)) - 1, []
    told = f"all {terms}" if samples is None or samples >= terms else f"{samples} drawn of {terms}"
    facts = {**model.path.facts(levels), "terms of L_t": told}
    for rows in model.pieces(len(x)):
        denoise = model.denoiser(None if labels is None else labels[rows])
        scaled, stream = model.scaling(x[rows]).numpy(), rng.child(f"from {rows.start}")
        parts = variational_bound(denoise, model.path, scaled, stream, levels, model.config.timesteps, samples)
        if levels is None:  # a density in the network's units is not yet one of the data
            parts["L_0"] = parts["L_0"] - model.scaling.log_det
        found.append(LogProb(-sum(parts.values()), "bound", _of(levels), parts, facts))
    return LogProb.concatenate(found)


def ode_log_prob(model, x, rng, labels=None, steps=32):
    """log p(x) of data x (N, *shape) by the probability-flow ODE, in nats.

    It is an estimate, as the solver takes finite steps.

    Points: with the exact trace; the facts tell what half as many steps would change.
    Images: uniform noise of one grey level is added (in expectation a bound), and the trace is Hutchinson's, one probe.
    """
    x, labels, levels = model.checked(x), model.labels_of(x, labels), model.spec.levels
    if steps < 2:
        raise UserError(f"the ODE's solver got steps={steps}; it needs at least 2")
    if levels is not None:
        noise = rng.child("dequantise").uniform(x.shape, x.dtype)
        x = x + (noise - x.dtype.type(0.5)) / x.dtype.type(levels - 1)
    values = np.concatenate([_values(model, x, rng, labels, rows, steps) for rows in model.pieces(len(x))])
    facts = {**model.path.facts(), "solver": f"Runge-Kutta 4, {steps} steps"}
    if levels is None:
        few = slice(0, min(1000, len(x)))
        coarse = _values(model, x, rng, labels, few, steps // 2)
        facts["mean change from half as many steps"] = float((values[few] - coarse).mean())
    else:  # a density of x times the width of a grey level is a probability
        values = values - model.spec.size * math.log(levels - 1)
    return LogProb(values, "estimate", _of(levels), {}, facts)


def _values(model, x, rng, labels, rows, steps):
    """log p of the data ``rows``, float64."""
    scaled, probe = model.scaling(x[rows]).numpy(), None
    if model.spec.levels is not None:
        signs = rng.child("probe").uniform(scaled.shape, scaled.dtype, start=rows.start * model.spec.size) < 0.5
        probe = np.where(signs, -1, 1).astype(scaled.dtype)
    velocity = model.velocity(None if labels is None else labels[rows])
    with model.network.frozen():
        return log_density(velocity, model.path, scaled, steps, probe) + model.scaling.log_det


def _of(levels):
    return "density of continuous x" if levels is None else "P(integer x)"
