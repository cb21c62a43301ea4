"""Cases of `core/ops/shape.py`: values move, none changes, so NumPy's own are exact references."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _reshape(d):
    shape = d.shape()
    axes = [n for n in shape if n != 1]
    target = [int(np.prod(axes)), 1] if d.boolean() else [*axes[::-1], *([1] if d.boolean() else [])]
    if target and np.prod(shape) > 0 and d.boolean():
        target[d.integer(0, len(target) - 1)] = -1
    return Sample((d.values(shape),), {"shape": tuple(target)})


def _flatten(d):
    shape = d.shape()
    if not shape:
        return Sample((d.values(shape),), {})
    start = d.integer(0, len(shape) - 1)
    end = d.integer(start, len(shape) - 1)
    return Sample((d.values(shape),), {"start_dim": start, "end_dim": end - (len(shape) if d.boolean() else 0)})


def _flatten_reference(x, start_dim=0, end_dim=-1):
    end = end_dim % max(x.ndim, 1)
    return x.reshape(*x.shape[:start_dim], int(np.prod(x.shape[start_dim : end + 1])), *x.shape[end + 1 :])


def _permute(d):
    shape = d.shape()
    order = d.generator().permutation(len(shape))
    return Sample((d.values(shape),), {"dims": tuple(int(i) - (len(shape) if d.boolean() else 0) for i in order)})


def _two_axes(first, second):
    def draw(d):
        shape = d.shape(least_axes=1)
        return Sample((d.values(shape),), {first: d.axis(len(shape)), second: d.axis(len(shape))})

    return draw


def _movedim(d):
    shape = d.shape(least_axes=1)
    if d.boolean():
        return Sample((d.values(shape),), {"source": d.axis(len(shape)), "destination": d.axis(len(shape))})
    count = d.integer(0, len(shape))
    source, destination = (tuple(map(int, d.generator().permutation(len(shape))[:count])) for _ in range(2))
    return Sample((d.values(shape),), {"source": source, "destination": destination})


def _expand(d):
    shape, other = d.broadcastable()
    return Sample((d.values(shape),), {"shape": np.broadcast_shapes(shape, other)})


def _squeeze(d):
    shape = tuple(d.choice((1, 3, 2)) for _ in range(d.integer(0, 3)))
    return Sample((d.values(shape),), {"dim": d.axis(len(shape)) if shape and d.boolean() else None})


def _squeeze_reference(x, dim):
    return np.squeeze(x, None if dim is None else dim) if dim is None or x.shape[dim] == 1 else x


def _unsqueeze(d):
    shape = d.shape()
    return Sample((d.values(shape),), {"dim": d.integer(-len(shape) - 1, len(shape))})


def _cat(d):
    shape = list(d.shape(least_axes=1))
    dim, inputs = d.axis(len(shape)), []
    for _ in range(d.integer(1, 3)):
        shape[dim] = d.side()
        inputs.append(d.values(tuple(shape)))
    return Sample(tuple(inputs), {"dim": dim})


def _stack(d):
    shape = d.shape()
    count = d.integer(1, 3)
    return Sample(tuple(d.values(shape) for _ in range(count)), {"dim": d.integer(-len(shape) - 1, len(shape))})


def _narrow(d):
    shape = d.shape(least_axes=1)
    dim = d.axis(len(shape))
    n = shape[dim]
    start = d.integer(0, n)
    length = d.integer(0, n - start)
    return Sample(
        (d.values(shape),), {"dim": dim, "start": start - n if start < n and d.boolean() else start, "length": length}
    )


def _narrow_reference(x, dim, start, length):
    first = start % x.shape[dim] if start < 0 else start
    return np.take(x, np.arange(first, first + length), axis=dim)


def _split(d):
    shape = d.shape(least_axes=1, least=1)
    dim = d.axis(len(shape))
    first = d.integer(0, shape[dim])
    sizes = d.choice((d.integer(1, 4), [first, shape[dim] - first]))
    return Sample((d.values(shape),), {"split_size_or_sections": sizes, "dim": dim})


def _split_reference(x, split_size_or_sections, dim):
    sizes, n = split_size_or_sections, x.shape[dim]
    cuts = range(sizes, n, sizes) if isinstance(sizes, int) else np.cumsum(sizes)[:-1]
    return tuple(np.split(x, list(cuts), axis=dim))


def _chunk(d):
    shape = d.shape(least_axes=1, least=1)
    return Sample((d.values(shape),), {"chunks": d.integer(1, 4), "dim": d.axis(len(shape))})


def _chunk_reference(x, chunks, dim):
    return _split_reference(x, -(-x.shape[dim] // chunks), dim)


def _flip(d):
    shape = d.shape(least_axes=1)
    dims = d.axes(len(shape))
    return Sample((d.values(shape),), {"dims": tuple(range(len(shape))) if dims is None else dims})


def _pad(d):
    mode = d.choice(("constant", "replicate", "reflect"))
    shape = d.shape(least_axes=1, least={"constant": 0, "replicate": 1, "reflect": 2}[mode])
    padded = d.integer(0, len(shape))
    low = -1 if min(shape) >= (2 if mode == "constant" else 3) else 0  # torch reflects into no empty result
    most = min(shape) - 1 if mode == "reflect" else 2
    widths = tuple(d.integer(low, most) for _ in range(2 * padded))
    value = {"value": d.choice((0.0, 1.5))} if mode == "constant" else {}
    return Sample((d.values(shape),), {"pad": widths, "mode": mode, **value})


def _pad_reference(x, pad, mode, value=0.0):
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [pad[i : i + 2] for i in range(0, len(pad), 2)][::-1]
    wider = [(max(b, 0), max(a, 0)) for b, a in pairs]
    if mode == "constant":
        y = np.pad(x, wider, constant_values=value)
    else:
        y = np.pad(x, wider, mode={"replicate": "edge"}.get(mode, mode))
    return y[tuple(slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(pairs, y.shape, strict=True))]


CASES = (
    Case("reshape", lambda x, shape: F.reshape(x, shape), lambda x, shape: x.reshape(shape), _reshape),
    Case("flatten", F.flatten, _flatten_reference, _flatten),
    Case("permute", lambda x, dims: F.permute(x, *dims), lambda x, dims: np.transpose(x, dims), _permute),
    Case("transpose", F.transpose, lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1), _two_axes("dim0", "dim1")),
    Case(
        "movedim",
        F.movedim,
        lambda x, source, destination: np.moveaxis(x, source, destination),
        _movedim,
    ),
    Case("expand", lambda x, shape: F.expand(x, shape), lambda x, shape: np.broadcast_to(x, shape), _expand),
    Case("squeeze", F.squeeze, _squeeze_reference, _squeeze),
    Case("unsqueeze", F.unsqueeze, lambda x, dim: np.expand_dims(x, dim), _unsqueeze),
    Case("cat", lambda *xs, dim: F.cat(xs, dim), lambda *xs, dim: np.concatenate(xs, axis=dim), _cat),
    Case("stack", lambda *xs, dim: F.stack(xs, dim), lambda *xs, dim: np.stack(xs, axis=dim), _stack),
    Case("narrow", F.narrow, _narrow_reference, _narrow),
    Case("split", F.split, _split_reference, _split),
    Case("chunk", F.chunk, _chunk_reference, _chunk),
    Case("flip", F.flip, lambda x, dims: np.flip(x, dims), _flip),
    Case("pad", F.pad, _pad_reference, _pad),
)
