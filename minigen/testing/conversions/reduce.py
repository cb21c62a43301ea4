"""Reductions, scans and order along an axis."""

from ...core import functional as F
from .conversion import Conversion, direct, every, require_same_dtype


def _over(op):
    return lambda x, dim=None, keepdim=False: op(x, every(dim), keepdim)


def _moment(op):
    """torch counts degrees of freedom by ``unbiased``, also in dim's place, or by ``correction`` (None for 1)."""

    def moment(x, dim=None, unbiased=True, keepdim=False, correction=None):
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        return op(x, every(dim), int(unbiased) if correction is None else correction, keepdim)

    return moment


def _with_dtype(op):
    def converted(x, *args, dtype=None, **options):
        require_same_dtype(x, dtype)
        return op(x, *args, **options)

    return converted


def _norm(x, p="fro", dim=None, keepdim=False, dtype=None):
    require_same_dtype(x, dtype)
    return F.norm(x, p, every(dim), keepdim)


def _vector_norm(x, ord=2, dim=None, keepdim=False, dtype=None):
    return _norm(x, ord, dim, keepdim, dtype)


def _sort(x, dim=-1, descending=False, stable=True):
    return F.sort(x, dim, descending)


def _topk(x, k, dim=-1, largest=True, sorted=True):
    return F.topk(x, k, dim, largest)


def _searchsorted(sequence, values, out_int32=False, right=False, side=None, sorter=None):
    """Values are compared, not the width of the integers."""
    sequence = sequence if sorter is None else F.take_along_dim(sequence, sorter, -1)
    return F.searchsorted(sequence, values, right=right or side == "right")


CONVERSIONS = (
    *direct("argmax", "argmin", "logsumexp"),
    *(Conversion(name, name, _over(getattr(F, name))) for name in ("sum", "mean", "amax", "amin")),
    *(
        Conversion(name, name.partition("/")[0], _moment(getattr(F, name.partition("/")[0])))
        for name in ("var", "var/unbiased", "std", "std/unbiased")
    ),
    *(
        Conversion(name, name, _with_dtype(getattr(F, name)))
        for name in ("prod", "cumsum", "cumprod", "softmax", "log_softmax")
    ),
    *(
        Conversion(f"{name}/{variant}", name, getattr(F, name))
        for name in ("max", "min")
        for variant in ("reduction_with_dim", "reduction_no_dim")
    ),
    *(Conversion(name, "norm", _norm) for name in ("norm", "norm/fro", "norm/inf")),
    Conversion("linalg.vector_norm", "norm", _vector_norm),
    Conversion("sort", "sort", _sort),
    Conversion("topk", "topk", _topk),
    Conversion("searchsorted", "searchsorted", _searchsorted),
)
