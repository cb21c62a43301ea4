"""Cases of `core/ops/loss.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample

REDUCTIONS = ("mean", "sum", "none")


def _reduced(loss, reduction):
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](loss)


def _pairs(kinks=(), **options):
    """Input and target of one shape whose difference stays away from 0 and ±``kinks``."""

    def draw(d):
        chosen = {name: d.choice(values) for name, values in options.items()}
        shape = d.shape(least=1)
        target = d.values(shape)
        kinks_here = [s * chosen.get(k, k) for k in kinks for s in (-1, 1)]
        return Sample(
            (target + d.values(shape, avoid=(0, *kinks_here)), target), {**chosen, "reduction": d.choice(REDUCTIONS)}
        )

    return draw


def _huber(input, target, delta, reduction):
    e = np.abs(input - target)
    return _reduced(np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)), reduction)


def _smooth_l1(input, target, beta, reduction):
    e = np.abs(input - target)
    return _reduced(e if beta == 0 else np.where(e < beta, e**2 / (2 * beta), e - beta / 2), reduction)


def _bce(d):
    shape = d.shape(least_axes=1, least=1)
    inputs = d.values(shape, -4, 4), d.values(shape, 0.05, 0.95)
    options = {"reduction": d.choice(REDUCTIONS)}
    if d.boolean():
        options["pos_weight"] = d.choice((2.0, 0.5))
    if d.boolean():
        inputs = *inputs, d.values(shape[-1:], 0.1, 2)
    return Sample(inputs, options)


def _bce_reference(logits, target, weight=1.0, pos_weight=1.0, reduction="mean"):
    p = 1 / (1 + np.exp(-logits))
    return _reduced(-weight * (pos_weight * target * np.log(p) + (1 - target) * np.log(1 - p)), reduction)


def _bernoulli(d):
    shape = d.shape(least_axes=1, least=1)
    inputs = d.values(shape, -4, 4), d.values(shape, 0.05, 0.95)
    return Sample(inputs, {"event_dims": d.integer(1, len(shape))})


def _bernoulli_reference(logits, target, event_dims):
    p = 1 / (1 + np.exp(-logits))
    axes = tuple(range(-event_dims, 0))
    return (target * np.log(p) + (1 - target) * np.log(1 - p)).sum(axes)


def _classes(d):
    return d.shape(most_axes=2, least=1), d.integer(2, 4)


def _hard(d, low, high):
    shape, classes = _classes(d)
    target = d.generator().integers(0, classes, size=shape)
    weight = (d.values((classes,), 0.2, 2),) if d.boolean() else ()
    return Sample(
        (d.values((*shape, classes), low, high), *weight), {"target": target, "reduction": d.choice(REDUCTIONS)}
    )


def _nll_reference(input, weight=None, target=None, reduction="mean"):
    weight = np.ones(input.shape[-1]) if weight is None else weight
    loss = np.array(
        [-weight[t] * row[t] for row, t in zip(input.reshape(-1, len(weight)), target.ravel(), strict=True)]
    )
    if reduction == "mean":
        return loss.sum() / weight[target].sum()
    return _reduced(loss.reshape(target.shape), reduction)


def _cross_entropy(d):
    smoothing = {"label_smoothing": d.choice((0.0, 0.2))}
    if d.boolean():
        sample = _hard(d, -2, 2)
        return Sample(sample.inputs, {**sample.options, **smoothing})
    shape, classes = _classes(d)
    target = d.values((*shape, classes), 0.1, 1)
    inputs = d.values((*shape, classes)), target / target.sum(-1, keepdims=True)
    weight = (d.values((classes,), 0.2, 2),) if d.boolean() else ()
    return Sample((*inputs, *weight), {"soft": True, "reduction": d.choice(REDUCTIONS), **smoothing})


def _cross_entropy_op(input, *rest, target=None, soft=False, **options):
    if soft:
        target, *rest = rest
    return F.cross_entropy(input, target, *rest, **options)


def _cross_entropy_reference(input, *rest, target=None, soft=False, reduction="mean", label_smoothing=0.0):
    classes = input.shape[-1]
    if soft:
        target, *rest = rest
    weight = rest[0] if rest else np.ones(classes)
    log_p = input - np.log(np.exp(input).sum(-1, keepdims=True))
    spread = (target if soft else np.eye(classes)[target]) * (1 - label_smoothing) + label_smoothing / classes
    loss = -(spread * weight * log_p).sum(-1)
    if reduction == "mean":
        return loss.sum() / (loss.size if soft else weight[target].sum())
    return _reduced(loss, reduction)


def _kl(d):
    shape = d.shape(least=1)
    log_target = d.boolean()
    target = d.values(shape, -2, 0) if log_target else d.values(shape, 0.1, 1)
    reductions = (*REDUCTIONS, "batchmean") if shape else REDUCTIONS
    return Sample((d.values(shape, -3, 0), target), {"log_target": log_target, "reduction": d.choice(reductions)})


def _kl_reference(input, target, log_target, reduction):
    p = np.exp(target) if log_target else target
    loss = p * (np.log(p) - input)
    return loss.sum() / len(loss) if reduction == "batchmean" else _reduced(loss, reduction)


def _gaussian(d):
    shape = d.shape(least=1)
    var = d.values(d.choice((shape, (*shape[:-1], 1), shape[:-1])) if len(shape) > 1 else shape, 0.2, 2)
    return Sample((d.values(shape), d.values(shape), var), {"full": d.boolean(), "reduction": d.choice(REDUCTIONS)})


def _gaussian_reference(input, target, var, full, reduction):
    var = var[..., None] if var.ndim < input.ndim else var
    density = np.exp(-((input - target) ** 2) / (2 * var)) / np.sqrt(2 * np.pi * var)
    return _reduced(-np.log(density) - (0 if full else 0.5 * np.log(2 * np.pi)), reduction)


CASES = (
    Case("mse_loss", F.mse_loss, lambda input, target, reduction: _reduced((input - target) ** 2, reduction), _pairs()),
    Case("l1_loss", F.l1_loss, lambda input, target, reduction: _reduced(np.abs(input - target), reduction), _pairs()),
    Case("huber_loss", F.huber_loss, _huber, _pairs(("delta",), delta=(1.0, 0.5))),
    Case("smooth_l1_loss", F.smooth_l1_loss, _smooth_l1, _pairs(("beta",), beta=(1.0, 0.5, 0))),
    Case("bernoulli_log_prob", F.bernoulli_log_prob, _bernoulli_reference, _bernoulli),
    Case("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, _bce_reference, _bce),
    Case("nll_loss", lambda input, *w, target, reduction: F.nll_loss(input, target, *w, reduction=reduction),
         _nll_reference, lambda d: _hard(d, -4, 0)),
    Case("cross_entropy", _cross_entropy_op, _cross_entropy_reference, _cross_entropy),
    Case("kl_div", F.kl_div, _kl_reference, _kl),
    Case("gaussian_nll_loss", F.gaussian_nll_loss, _gaussian_reference, _gaussian),
)  # fmt: skip
