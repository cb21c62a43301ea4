"""Losses: torch's classes are the second axis, minigen's the last."""

from ...core import functional as F
from .conversion import Conversion, Refused, direct


def _last_classes(x):
    return F.movedim(x, 1, -1) if x.ndim > 1 else x


def _by_class(op):
    def converted(input, target, weight=None, ignore_index=-100, reduction="mean", **options):
        soft = target.dtype.kind == "f"
        if not soft and (target == ignore_index).any():
            raise Refused("ignore_index: minigen has none, such entries are left out before")
        return op(_last_classes(input), _last_classes(target) if soft else target, weight, reduction, **options)

    return converted


def _gaussian_nll(input, target, var, full=False, eps=1e-6, reduction="mean"):
    return F.gaussian_nll_loss(input, target, var, full, eps, reduction)


CONVERSIONS = (
    *direct(
        "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "binary_cross_entropy_with_logits",
        prefix="nn.functional.",
    ),
    Conversion("nn.functional.nll_loss", "nll_loss", _by_class(F.nll_loss)),
    Conversion("nn.functional.cross_entropy", "cross_entropy", _by_class(F.cross_entropy)),
    Conversion("nn.functional.gaussian_nll_loss", "gaussian_nll_loss", _gaussian_nll),
)  # fmt: skip
