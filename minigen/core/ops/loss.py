"""Losses. ``reduction`` is "mean" (over all elements, torch's default), "sum" or "none"."""

import math

import numpy as np

from ...errors import ShapeError, UserError
from ..autograd import Op, Variable
from .arithmetic import abs, clamp, where
from .elementwise import exp, log, sigmoid, square
from .event import beside_values, check_event, rows_of
from .index import count_from_zero, take_along_dim
from .reduce import log_softmax


class BCEWithLogits(Op):
    """y = softplus(l) − l t = −t log σ(l) − (1 − t) log(1 − σ(l));  dy/dl = σ(l) − t, dy/dt = −l."""

    saves = (0, 1)

    def forward(self, logits, target):
        return self.kernels.bce_with_logits(logits, target)

    def backward(self, g):
        logits, target = self.saved
        return lambda: g * (sigmoid(logits) - target), lambda: -(g * logits)


class BernoulliLogProb(Op):
    """y = Σ l t − softplus(l) over the last axes, in one pass;  dy/dl = t − σ(l), dy/dt = l."""

    saves = (0, 1)

    def forward(self, logits, target):
        lead, rows = rows_of(logits.shape, self.event_dims)
        return self.kernels.bernoulli_log_prob(logits.reshape(rows), target.reshape(rows)).reshape(lead)

    def backward(self, g):
        logits, target = self.saved
        return (
            lambda: BernoulliLogProbGrad.apply(g, logits, target, event_dims=self.event_dims),
            lambda: beside_values(g, logits) * logits,
        )


class BernoulliLogProbGrad(Op):
    """z = g (t − σ(l)), a fused backward;  dz/dg = Σ t − σ(l), dz/dl = −g σ (1 − σ), dz/dt = g."""

    saves = (0, 1, 2)

    def forward(self, g, logits, target):
        _, rows = rows_of(logits.shape, self.event_dims)
        z = self.kernels.bernoulli_log_prob_grad(g.reshape(-1), logits.reshape(rows), target.reshape(rows))
        return z.reshape(logits.shape)

    def backward(self, h):
        g, logits, target = self.saved
        sigma = sigmoid(logits)
        axes = tuple(range(-self.event_dims, 0))
        return (
            lambda: (h * (target - sigma)).sum(axes),
            lambda: -(beside_values(g, logits) * h * (sigma * (1.0 - sigma))),
            lambda: beside_values(g, logits) * h,
        )


def _reduce(loss, reduction):
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise UserError(f"reduction is {reduction!r}; it must be 'mean', 'sum' or 'none'")


def _same_shape(x, target, name):
    if isinstance(target, Variable | np.ndarray) and tuple(x.shape) != tuple(target.shape):
        raise ShapeError(f"{name} got input {tuple(x.shape)} and target {tuple(target.shape)}; they must be equal")


def mse_loss(input, target, reduction="mean"):
    """(x − t)²; input and target of one shape (...)."""
    _same_shape(input, target, "mse_loss")
    return _reduce(square(input - target), reduction)


def l1_loss(input, target, reduction="mean"):
    """|x − t|; input and target of one shape (...)."""
    _same_shape(input, target, "l1_loss")
    return _reduce(abs(input - target), reduction)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """½ e² for |e| ≤ δ, else δ (|e| − ½ δ), e = x − t; input and target of one shape (...)."""
    _same_shape(input, target, "huber_loss")
    error = abs(input - target)
    q = clamp(error, max=delta)  # ½ e², or δ (e − ½ δ), and no square that overflows
    return _reduce(q * (error - q * 0.5), reduction)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """½ e²/β for |e| < β, else |e| − ½ β, e = x − t (β = 0: |e|); input and target of one shape (...)."""
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) * (1.0 / beta)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """−t log σ(l) − (1 − t) log(1 − σ(l)) of logits l, in nats; without overflow.

    Args:
        input, target: one shape (...); targets in [0, 1].
        weight: multiplies each element's loss; broadcasts.
        pos_weight: multiplies the first term; broadcasts.
    """
    _same_shape(input, target, "binary_cross_entropy_with_logits")
    loss = BCEWithLogits.apply(input, target)
    if pos_weight is not None:  # softplus(−l) = softplus(l) − l is the first term's factor
        target = input.constant(target)
        loss = loss + target * BCEWithLogits.apply(input, target * 0.0 + 1.0) * (pos_weight - 1.0)
    return _reduce(loss if weight is None else loss * weight, reduction)


def bernoulli_log_prob(logits, target, event_dims=1):
    """log P(t) of independent Bernoulli(σ(l)) values, summed over the last ``event_dims`` axes, in nats.

    Args:
        logits, target: one shape (..., *event); targets in [0, 1].
    Returns:
        (...).
    """
    _same_shape(logits, target, "bernoulli_log_prob")
    check_event(logits, event_dims, "bernoulli_log_prob")
    return BernoulliLogProb.apply(logits, target, event_dims=event_dims)


def nll_loss(input, target, weight=None, reduction="mean"):
    """−log p[target] from log-probabilities; "mean" divides by the targets' total weight.

    Args:
        input: (..., C) log-probabilities, classes last; target: (...) integers in [0, C), no ``ignore_index``.
        weight: (C,) or None.
    """
    return _nll(input, target, weight, reduction, "nll_loss")


def _nll(input, target, weight, reduction, name):
    target = np.asarray(target.numpy() if isinstance(target, Variable) else target)
    if target.dtype.kind not in "iu" or target.shape != tuple(input.shape[:-1]):
        raise ShapeError(
            f"{name} got input {tuple(input.shape)} and target {target.shape} of {target.dtype};"
            " it needs (..., C) and integers (...)"
        )
    count_from_zero(target, input.shape[-1], name)
    loss = -take_along_dim(input, target[..., None], -1).squeeze(-1)
    if weight is None:
        return _reduce(loss, reduction)
    chosen = input.constant(weight)[target]
    return _weighted_mean(loss * chosen, chosen) if reduction == "mean" else _reduce(loss * chosen, reduction)


def _weighted_mean(loss, weight):
    """Σ loss / Σ weight; NaN for an empty batch, as a mean."""
    return loss.sum() / weight.sum() if loss.numel() else loss.mean()


def cross_entropy(input, target, weight=None, reduction="mean", label_smoothing=0.0):
    """−log softmax(l)[target] of logits l, in nats; classes are the last axis.

    Args:
        input: (..., C) logits.
        target: (...) integers in [0, C), no ``ignore_index``; or (..., C) probabilities.
        weight: (C,) or None; label_smoothing: share in [0, 1] spread evenly over the classes.
    Source: label smoothing: Rethinking the Inception Architecture. Szegedy et al., 2015, https://arxiv.org/abs/1512.00567
    """
    if not 0 <= label_smoothing <= 1:
        raise UserError(f"label_smoothing is {label_smoothing}; it must lie in [0, 1]")
    if not input.ndim:
        raise ShapeError("cross_entropy got input (); it needs logits (..., C)")
    log_p, classes = log_softmax(input, -1), input.shape[-1]
    target = target if isinstance(target, Variable) else np.asarray(target)
    if target.dtype.kind == "f":
        _same_shape(input, target, "cross_entropy")
        soft = input.constant(target) * (1.0 - label_smoothing) + label_smoothing / classes
        weighted = log_p if weight is None else log_p * weight
        loss = -(soft * weighted).sum(-1)
        return _reduce(loss, reduction)
    hard = _nll(log_p, target, weight, reduction, "cross_entropy")
    if label_smoothing == 0:
        return hard
    smooth = -(log_p if weight is None else log_p * weight).sum(-1)
    if weight is not None and reduction == "mean":
        smooth = _weighted_mean(smooth, input.constant(weight)[target])
    else:
        smooth = _reduce(smooth, reduction)
    return hard * (1.0 - label_smoothing) + smooth * (label_smoothing / classes)


def kl_div(input, target, reduction="mean", log_target=False):
    """t (log t − x), x and (with ``log_target``) t log-probabilities; 0 where t = 0; one shape (...).

    ``reduction="batchmean"``: the sum over all elements divided by N, the size of the first axis; the mean KL
    divergence of N distributions, which "mean" (over all elements) is not.
    """
    _same_shape(input, target, "kl_div")
    target = input.constant(target)
    log_t = target if log_target else log(where(target > 0, target, 1.0))
    loss = (exp(target) if log_target else target) * (log_t - input)
    if reduction != "batchmean":
        return _reduce(loss, reduction)
    if not loss.ndim:
        raise ShapeError("kl_div got input () and reduction='batchmean'; it needs (N, ...)")
    return loss.sum() / (loss.shape[0] or math.nan)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """½ (log v + (x − t)²/v) + (full) ½ log 2π, v = max(var, eps), in nats; input and target broadcast.

    Args:
        var: of input's shape (..., D), or one for each row, (..., 1) or (...); or a number. The limit ``eps`` is not
            seen by its gradient, so that a variance below may grow again.
    """
    v = input.constant(var) if isinstance(var, Variable | np.ndarray) else input.detach() * 0.0 + var
    if v.ndim and v.shape == tuple(input.shape[:-1]) and v.shape != tuple(input.shape):
        v = v.reshape((*v.shape, 1))
    v = v + where(v < eps, eps - v.detach(), 0.0)
    loss = (log(v) + square(input - target) / v) * 0.5
    return _reduce(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)
