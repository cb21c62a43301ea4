"""A step that was taken down, ready to be done again: the second half of `capture`.

What the tape saw is a list of entries, each a function, the places of what it is given and of what it gives. Entries
that depend on constants alone, such as the gradient of a mean in its terms, are computed once and for all; the others
are gone through at each call, and what no later one needs is dropped on the way.
"""

import numpy as np

from ..errors import GraphError, UserError
from .autograd import Op
from .autograd.variable import Variable
from .random import Stream
from .tensor import Tensor


class Earlier(int):
    """The number of the entry whose op another goes back over, and reads what it remembers."""


class Repetition:
    """Does a step again, with other arguments.

    Args:
        entries: [function, places of its inputs, of its output(s), what describes it, attributes to set], in order.
        count: of places.
        fixed: {place: constant}.
        leaves: {place: tensor whose array stands there}.
        draws: (place, argument, name below it, kind, shape, dtype, start) of random numbers.
        arguments: (place, (shape, dtype)) of each argument, (None, None) of a stream.
        result: the places of the result, in tuples and dicts as they were returned.
    """

    def __init__(self, entries, count, fixed, leaves, draws, arguments, result):
        self._leaves, self._draws, self._arguments, self._result = leaves, draws, arguments, result
        self._start = [fixed.get(place) for place in range(count)]
        constant, others = _parted(entries, set(fixed), _flat(result))
        _go_through([(*entry[:3], (), ()) for entry in constant], self._start)
        kept = {*fixed, *leaves, *(place for entry in constant for place in _made(entry)), *_flat(result)}
        drops = _last_uses(others, kept)
        self._entries = [(*entry[:3], drop, entry[4]) for entry, drop in zip(others, drops, strict=True)]

    def __call__(self, args):
        values = self._start.copy()
        self._fill(values, args)
        _go_through(self._entries, values)
        return mapped(lambda place: Tensor.wrap(values[place]), self._result, int)

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


def _parted(entries, constant, results):
    """The entries that give the same at each call, since places ``constant`` do, and the others.

    Results are made anew, since whoever gets them may change them; so is what another op goes back over.
    """
    read = {value for entry in entries for value in (_options(entry) or {}).values() if isinstance(value, Earlier)}
    same, others = [], []
    for number, entry in enumerate(entries):
        made = _made(entry)
        needed_anew = number in read or any(place in results for place in made)
        if constant.issuperset(entry[1]) and _is_function(entry) and not needed_anew:
            same.append(entry)
            constant = constant.union(made)
        else:
            others.append(entry)
    return same, others


def _is_function(entry):
    """Whether it is an op that depends on its inputs alone, and writes to no array that it was told of."""
    options, links = _options(entry), entry[4]
    if options is None or links or "rooms" in options:
        return False
    return not any(isinstance(value, Earlier) for value in options.values())


def _options(entry):
    """The hyper-parameters of an entry that is an op; None of another."""
    kind, *rest = entry[3]
    return rest[0] if isinstance(kind, type) and issubclass(kind, Op) else None


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
        used = {*entry[1], *_made(entry), *(place for _, _, place in entry[4])} - seen
        seen |= used
        drops.append(tuple(sorted(used)))
    return drops[::-1]
