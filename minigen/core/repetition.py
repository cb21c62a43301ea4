"""A step that was taken down, ready to be done again: the second half of `capture`.

What the tape saw is a list of entries, each a function, the places of what it is given and of what it gives. Entries
that depend on constants alone, such as the gradient of a mean in its terms, are computed once and for all; the others
are gone through at each call, and what no later one needs is dropped on the way.

An array that both calls met in the same memory is no constant: it outlives the calls, and others may write to it (a
parameter or its gradient, say, or what was detached from one).
"""

import numpy as np

from ..errors import GraphError, UserError
from .autograd import Op
from .autograd.variable import Variable
from .random import Stream
from .tensor import Tensor


class Earlier(int):
    """The number of an entry whose op another goes back over, and reads what it remembers."""


class Repetition:
    """Does a step again, with other arguments.

    Args:
        entries: [function, places of its inputs, of its output(s), what describes it, attributes to set], in order.
        count: of places.
        constants: {place: number or array that is the same in each call}.
        kept: {place: array that is there for longer than a call}.
        leaves: {place: tensor whose array stands there}.
        draws: (place, argument, name below it, kind, shape, dtype, start) of random numbers.
        arguments: (place, (shape, dtype)) of each argument, (None, None) of a stream.
        result: the places of the result, in tuples and dicts as they were returned.
    """

    def __init__(self, entries, count, constants, kept, leaves, draws, arguments, result):
        self._leaves, self._draws, self._arguments, self._result = leaves, draws, arguments, result
        once, others, self._constant = _parted(entries, set(constants))
        values = [constants.get(place, kept.get(place)) for place in range(count)]
        _go_through([(*entry[:3], (), ()) for entry in once], values)
        needed = {*_flat(result), *(place for entry in others for place in _read(entry))}
        self._start = [value if place in needed else None for place, value in enumerate(values)]
        drops = _last_uses(others, {*self._constant, *kept, *leaves, *_flat(result)})
        self._entries = [(*entry[:3], drop, entry[4]) for entry, drop in zip(others, drops, strict=True)]

    def __call__(self, args):
        values = self._start.copy()
        self._fill(values, args)
        _go_through(self._entries, values)

        def given_away(place):  # whoever gets a constant may change it
            return Tensor.wrap(values[place].copy() if place in self._constant else values[place])

        return mapped(given_away, self._result, int)

    def _fill(self, values, args):
        if len(args) != len(self._arguments):
            raise UserError(
                f"a captured function got {len(args)} arguments; it was captured with {len(self._arguments)}"
            )
        for x, (place, expected) in zip(args, self._arguments, strict=True):
            if (expected is None) != isinstance(x, Stream):
                raise UserError("a captured function got a Stream for a tensor, or a tensor for a Stream")
            if expected is not None:
                values[place] = array = given(x)._array
                if (array.shape, array.dtype) != expected:
                    raise UserError(
                        f"a captured function got {array.dtype} {array.shape}; it was captured with {expected[1]}"
                        f" {expected[0]}: capture it anew for other shapes"
                    )
        for place, leaf in self._leaves.items():
            values[place] = leaf._array
        for place, argument, name, *how in self._draws:
            stream = args[argument]
            values[place] = Stream(stream.seed, stream.name + name, stream.step)._draw(*how)


def given(x):
    """An argument as the function gets it."""
    if isinstance(x, Stream):
        return x
    if isinstance(x, Variable) and not x.requires_grad:
        return x.detach()
    if isinstance(x, np.ndarray):
        return Tensor.wrap(x)
    kind = "a tensor that requires a gradient" if isinstance(x, Variable) else f"a {type(x).__name__}"
    raise UserError(f"a captured function got {kind}; its arguments are arrays, tensors without gradient, and Streams")


def refused(what):
    """The error of a step that cannot be repeated."""
    return GraphError(f"this step cannot be captured: {what}")


def mapped(f, result, kind):
    """f of each part of a result: of each tensor, or of each place, as ``kind`` says."""
    if result is None or isinstance(result, kind):
        return None if result is None else f(result)
    if isinstance(result, dict):
        return {key: mapped(f, part, kind) for key, part in result.items()}
    if isinstance(result, tuple):
        return tuple(mapped(f, part, kind) for part in result)
    raise refused(f"it returned a {type(result).__name__}; return a tensor, or a tuple or dict of them, or None")


def _go_through(entries, values):
    """Call each function on what stands at its places."""
    for function, inputs, output, drops, links in entries:
        for op, key, place in links:
            setattr(op, key, values[place])
        result = function(*[values[place] for place in inputs])
        if type(output) is list:
            for place, part in zip(output, result, strict=True):
                values[place] = part
        elif output is not None:  # NumPy returns scalars where an array without axes is meant
            values[output] = result if type(result) is np.ndarray else np.asarray(result)
        for place in drops:
            values[place] = None


def _parted(entries, constant):
    """The entries that give the same at each call, since places ``constant`` do; the others; and all such places."""
    once, others, constant = [], [], set(constant)
    for entry in entries:
        if constant.issuperset(entry[1]) and _is_function(entry):
            once.append(entry)
            constant.update(_made(entry))
        else:
            others.append(entry)
    return once, others, constant


def _is_function(entry):
    """Whether it is an op that depends on its inputs alone, and writes to no array that it was told of."""
    _, _, _, (kind, *rest), links = entry
    if links or not (isinstance(kind, type) and issubclass(kind, Op)):
        return False
    (options,) = rest
    return "rooms" not in options and not any(isinstance(value, Earlier) for value in options.values())


def _read(entry):
    """The places that an entry reads."""
    return [*entry[1], *(place for _, _, place in entry[4])]


def _made(entry):
    """The places of what an entry gives."""
    output = entry[2]
    return output if type(output) is list else [] if output is None else [output]


def _flat(result):
    found = []
    mapped(found.append, result, int)
    return found


def _last_uses(entries, kept):
    """For each entry the places that nobody needs after it."""
    seen, drops = set(kept), []
    for entry in reversed(entries):
        used = {*_read(entry), *_made(entry)} - seen
        seen |= used
        drops.append(tuple(sorted(used)))
    return drops[::-1]
