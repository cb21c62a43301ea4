"""Flat buffers: the parameters of one dtype side by side in one array, and their gradients in another.

A model has hundreds of parameters, most of them small. Side by side, one kernel updates, clips or averages all
of them in one pass over memory. Each parameter keeps its shape: its values and its gradient become views.

    values     | weight 784·200 | bias 200 | pad | weight 200·50 | …
    gradients  | …              | …        |     | …             |        the same places

Every parameter starts on a cache line; the gaps hold zeros, which every update leaves zero.
"""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ... import backends
from ...errors import CheckpointError, DTypeError, GraphError, UserError
from ..parameter import Parameter

LINE = 64  # bytes of a cache line


class FlatBuffer:
    """Move ``parameters``, all of one dtype, into a new pair of flat arrays ``values`` and ``gradients``, both (size,).

    What the parameters and their gradients hold is kept. The buffer does not know its parameters; they know it.

    Raises:
        DTypeError: the parameters' dtypes differ.
    """

    __slots__ = ("__weakref__", "gradients", "values")

    def __init__(self, parameters):
        dtype = parameters[0].dtype
        if any(p.dtype != dtype for p in parameters):
            raise DTypeError(
                f"a flat buffer got parameters of {sorted({str(p.dtype) for p in parameters})}; make one for each"
            )
        per_line = max(LINE // dtype.itemsize, 1)
        stops = list(accumulate(-(-p.numel() // per_line) * per_line for p in parameters))
        self.values, self.gradients = _aligned_zeros(stops[-1], dtype), _aligned_zeros(stops[-1], dtype)
        for p, start, stop in zip(parameters, [0, *stops], stops, strict=False):
            inside = slice(start, start + p.numel())
            values, gradient = self.values[inside].reshape(p.shape), self.gradients[inside].reshape(p.shape)
            p.rebind(values, gradient, Span(self, start, stop))

    @property
    def size(self):
        """Number of elements, gaps included."""
        return self.values.size


@dataclass(frozen=True, eq=False, slots=True)
class Span:
    """Elements ``start`` … ``stop − 1`` of a flat buffer."""

    buffer: FlatBuffer
    start: int
    stop: int

    @property
    def values(self):
        """The parameters' values here, (stop − start,)."""
        return self.buffer.values[self.start : self.stop]

    @property
    def gradients(self):
        """The parameters' gradients here, (stop − start,)."""
        return self.buffer.gradients[self.start : self.stop]


class Pack:
    """Parameters, all in flat buffers, with the places that they were given.

    Those that lie in a buffer already stay there, so that optimisers and averages can share it; the others are
    packed, one new buffer for each dtype.

    Raises:
        UserError: no parameters, one given twice, or something that is no `Parameter`.
    """

    def __init__(self, parameters, owner):
        self.owner = owner
        self.parameters = _checked(parameters, owner)
        loose = {}
        for p in self.parameters:
            if not _is_packed(p):
                loose.setdefault(p.dtype, []).append(p)
        for members in loose.values():
            FlatBuffer(members)
        self.spans = [p._flat for p in self.parameters]

    def verify(self):
        """Raise GraphError if a parameter was moved elsewhere since."""
        for i, (p, span) in enumerate(zip(self.parameters, self.spans, strict=True)):
            if p._flat is not span:
                raise GraphError(
                    f"parameter {i}, of shape {p.shape}, was moved to other memory after this {self.owner} was made (by"
                    f" Module.to, perhaps): make the {self.owner} afterwards"
                )

    def stretches(self, keys=None):
        """Pairs (span, key), one for all parameters that lie side by side and share a key; key None leaves out."""
        joined, buffer, start, stop, last = [], None, 0, 0, None
        for span, key in zip(self.spans, keys or [True] * len(self.spans), strict=True):
            if key is None:
                continue
            if span.buffer is buffer and span.start == stop and key == last:
                stop = span.stop
                continue
            if buffer is not None:
                joined.append((Span(buffer, start, stop), last))
            buffer, start, stop, last = span.buffer, span.start, span.stop, key
        if buffer is not None:
            joined.append((Span(buffer, start, stop), last))
        return joined

    def settled(self):
        """The stretches of those parameters that require gradients, with true gradients (zeros where none arrived)."""
        for p in self.parameters:
            if p._fresh and p.requires_grad:
                p.settle()
        return [span for span, _ in self.stretches([True if p.requires_grad else None for p in self.parameters])]

    def gradients_changed(self):
        """Count one change in place of every gradient."""
        for p in self.parameters:
            p._gradient_version[0] += 1

    def changed(self):
        """Count one change in place of every parameter."""
        for p in self.parameters:
            p.version[0] += 1


class Companion:
    """One more array beside each flat buffer of a `Pack` (a moment, an average); zeros at first.

    It is as long as the buffer, so that spans mean the same places in it; pages never written cost no memory.
    """

    def __init__(self, spans):
        self._arrays = {}
        for span in spans:
            buffer = span.buffer
            if buffer not in self._arrays:
                self._arrays[buffer] = _aligned_zeros(buffer.size, buffer.values.dtype)

    def __getitem__(self, span):
        return self._arrays[span.buffer][span.start : span.stop]

    def collect(self, parameters, name):
        """Arrays for a checkpoint: ``{"name.float32": (numbers,)}`` and so on for each dtype.

        Each holds the elements beside all parameters of that dtype in their order, without gaps.
        """
        found = {}
        for p in parameters:
            found.setdefault(f"{name}.{p.dtype}", []).append(self[p._flat][: p.numel()])
        return {key: np.concatenate(parts) for key, parts in found.items()}

    def check(self, parameters, name, state):
        """Raise CheckpointError if `restore` could not read ``state``: an array is missing or has another length."""
        sizes = {}
        for p in parameters:
            sizes[f"{name}.{p.dtype}"] = sizes.get(f"{name}.{p.dtype}", 0) + p.numel()
        for key, size in sizes.items():
            got = np.shape(state[key]) if key in state else "nothing"
            if got != (size,):
                raise CheckpointError(
                    f"{key!r} must have shape ({size},), got {got}: the state is of another model or optimiser"
                )

    def restore(self, parameters, name, state):
        """Read back what `collect` gave."""
        read = {}
        for p in parameters:
            key = f"{name}.{p.dtype}"
            start = read.get(key, 0)
            read[key] = start + p.numel()
            self[p._flat][: p.numel()] = state[key][start : read[key]]


def _checked(parameters, owner):
    parameters = list(parameters)
    if not parameters:
        raise UserError(f"{owner} got no parameters; pass module.parameters() (an iterator is empty the second time)")
    for i, p in enumerate(parameters):
        if not isinstance(p, Parameter):
            raise UserError(f"{owner} got a {type(p).__name__} as parameter {i}; pass module.parameters()")
    if len(set(map(id, parameters))) != len(parameters):
        raise UserError(f"{owner} got a parameter twice; module.parameters() names tied ones once")
    return parameters


def _is_packed(p):
    """Whether p is a view of the buffer that it names; in a deep copy of a packed module both own their memory."""
    return p._flat is not None and p._array.base is not None and p._array.base is p._flat.buffer.values.base


def _aligned_zeros(size, dtype):
    per_line = max(LINE // dtype.itemsize, 1)
    owner = backends.current().zeros(size + per_line, dtype)
    start = -owner.ctypes.data % LINE // dtype.itemsize
    return owner[start : start + size]
