"""Indexing. torch takes a number for a vector of one entry; here it is made one."""

from ...core import functional as F
from .conversion import Conversion, Refused


def _vector(x):
    return x if x.ndim else F.reshape(x, 1)


def _gather(x, dim, index):
    if not index.size and x.ndim and index.ndim != x.ndim:
        raise Refused("gather by an empty index with other axes than the tensor's")
    return F.reshape(F.gather(_vector(x), dim, index if index.ndim else index.reshape(1)), index.shape)


def _index_select(x, dim, index):
    return F.index_select(x, dim, index) if x.ndim else F.reshape(F.index_select(_vector(x), dim, index), ())


def _scatter_add(x, dim, index, src):
    index = index if index.ndim else index.reshape(1)
    return F.reshape(F.scatter_add(_vector(x), dim, index, _vector(src)), x.shape)


CONVERSIONS = (
    Conversion("__getitem__", "getitem", F.getitem),
    Conversion("gather", "gather", _gather),
    Conversion("take_along_dim", "take_along_dim", F.take_along_dim),
    Conversion("scatter_add", "scatter_add", _scatter_add),
    Conversion("index_select", "index_select", _index_select),
    Conversion("nn.functional.embedding", "embedding", lambda weight, index: F.embedding(index, weight)),
)
