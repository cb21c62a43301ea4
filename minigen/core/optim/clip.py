"""Gradient clipping, in place, between ``backward()`` and ``step()``."""

import math

import numpy as np

from ... import backends
from ...errors import NonFiniteError, UserError
from ..autograd.modes import repeated
from .flat import Pack


def get_total_norm(parameters):
    """‖g‖ = √Σ g², the Euclidean norm of all gradients together, a float; they stay as they are.

    Args:
        parameters: Parameters; frozen ones are left out.
    """
    return _norm(Pack(parameters, "get_total_norm").settled())


@repeated
def clip_grad_norm_(parameters, max_norm, error_if_nonfinite=False):
    """Scale all gradients by max_norm / (‖g‖ + 10⁻⁶) where that is below 1, ‖g‖ the norm of all of them together.

    Args:
        parameters: Parameters; frozen ones are left out.
        max_norm: the largest norm to leave as it is.
        error_if_nonfinite: raise instead of scaling by 0 or NaN.
    Returns:
        ‖g‖ before clipping, a float.
    Raises:
        NonFiniteError: the norm is NaN or infinite and ``error_if_nonfinite``; nothing was changed.
    Source: On the difficulty of training recurrent neural networks. Pascanu, Mikolov, Bengio, 2013,
    https://arxiv.org/abs/1211.5063
    """
    if not max_norm >= 0:
        raise UserError(f"clip_grad_norm_'s max_norm is {max_norm!r}; it must be at least 0")
    kernels, pack = backends.current(), Pack(parameters, "clip_grad_norm_")
    spans = pack.settled()
    norm = _norm(spans)
    if error_if_nonfinite and not math.isfinite(norm):
        bad = [f"{i} {p.shape}" for i, p in enumerate(pack.parameters) if p.requires_grad and not _finite(kernels, p)]
        raise NonFiniteError(
            f"the norm of the gradients is {norm}; those of these parameters are not finite:"
            f" {', '.join(bad) or 'none, their squares overflow'};"
            " run the step inside minigen.anomaly() to see where it began"
        )
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:
        with np.errstate(invalid="ignore"):  # 0 · ∞ where the norm is infinite: NaN, which the caller chose to keep
            for span in spans:
                kernels.scale_(span.gradients, factor)
        pack.gradients_changed()
    return norm


@repeated
def clip_grad_value_(parameters, clip_value):
    """g ← min(max(g, −clip_value), clip_value) for each element of all gradients; NaN stays NaN.

    Args:
        parameters: Parameters; frozen ones are left out.
        clip_value: at least 0.
    """
    if not clip_value >= 0:
        raise UserError(f"clip_grad_value_'s clip_value is {clip_value!r}; it must be at least 0")
    kernels, pack = backends.current(), Pack(parameters, "clip_grad_value_")
    for span in pack.settled():
        kernels.clamp_(span.gradients, clip_value)
    pack.gradients_changed()


def _norm(spans):
    return math.sqrt(sum(backends.current().squared_norm(span.gradients) for span in spans))


def _finite(kernels, p):
    return kernels.all_finite(p.grad._array)
