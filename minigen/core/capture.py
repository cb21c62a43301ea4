"""Capture: a training step that is written down once and then repeated without its graph.

    @minigen.capture
    def step(x, rng):
        optimizer.zero_grad()
        loss = model.elbo(x, rng)["loss"]
        loss.backward()
        optimizer.step()
        return loss

    for i in range(1000):
        loss = step(batch, rng.at(i))

Small models spend most of a step in Python: modules are called, ops recorded, the graph is sorted and gone through.
Nothing of that depends on the numbers. So the first two calls run as always, and a `Tape` writes down the forward
function of every op (the backward pass is made of ops too), which arrays it reads, and which gradient reaches which
parameter. Later calls go through that list: the same functions, of the same arrays, in the same order; the same bits.

It takes two calls to know what is a constant: whatever differs between them, and is neither an argument, nor drawn from
a `Stream` that is one, nor made by ops from such, could only be repeated as it was. That is an error.
"""

from functools import partial

import numpy as np

from .autograd import Op
from .autograd.modes import state
from .autograd.variable import Variable
from .identity import IdentityMap
from .nested import arrays_in, same
from .random import Stream
from .repetition import Earlier, Repetition, given, mapped, refused
from .tensor import Tensor

_TENSOR = object()  # stands for a tensor among arguments


class capture:
    """A function of tensors and streams that repeats what it did in its first two calls; also a decorator.

    What it computes from its arguments may be anything that ops compute, ``backward()``, an optimiser's ``zero_grad``
    and ``step``, gradient clipping, `EMA.update` and dropout included. Python itself runs in the first two calls only:
    its branches, prints and counters are not repeated, and modes that are set later (``eval()``) are not seen.

    Args:
        function: takes arrays or tensors, which it is given as tensors, and `Stream` objects; returns a tensor, a tuple
            or a dict of tensors, or None. The results have no graph.
    Raises:
        GraphError: the function does what cannot be repeated: reads the values of a tensor, changes one in place
            (running statistics), or meets an array that is made anew in each call outside all ops; or its second call
            did not do what the first did.
        UserError: an argument of another type; in later calls also of another shape or dtype.
    """

    def __init__(self, function):
        self.function = function
        self._first = self._repetition = None

    def __call__(self, *args):
        if state.tape is not None or state.watch is not None:  # part of another; looked at by `anomaly`
            return self.function(*map(given, args))
        if self._repetition is not None:
            return self._repetition(args)
        tape = Tape(args)
        result = tape.run(self.function)
        if self._first is None:
            self._first = tape
        else:
            self._repetition, self._first = tape.settle(self._first), None
        return result


class Tape:
    """What one call of a captured function did.

    Every array, and every number that an op was given, has a place in one list. Arguments, draws, constants and leaves
    (parameters, buffers) fill theirs before the first entry, each entry fills those of its results.
    """

    def __init__(self, args):
        self._count, self._places = 0, IdentityMap()  # places so far; array -> its place
        self._constants, self._leaves = {}, {}  # place -> number, place -> leaf tensor
        self._entries = []  # [function, places of its inputs, of its output(s), what describes it, attributes to set]
        self._draws = []  # (place, argument, name below it, kind, shape, dtype, start)
        self._copies = IdentityMap()  # op -> its copy that is to run again, and the number of that one's entry
        self._args = [_Draws(x, self, i) if isinstance(x, Stream) else _apart(x) for i, x in enumerate(args)]
        self._arguments = [None if isinstance(x, Stream) else self._new(x._array) for x in self._args]

    def run(self, function):
        """Call the function and take down what it does; its result without a graph."""
        state.tape = self
        try:
            result = function(*self._args)
        finally:
            state.tape = None
        self._result = mapped(self._place_of, result, Variable)
        return mapped(Tensor.detach, result, Variable)

    # what ops, the engine, tensors and streams report

    def record(self, op, hyper_parameters, inputs, outputs, several):
        """An op ran."""
        again, links = type(op)(**hyper_parameters), []  # a second op: the first forgets all once it went backward
        again.kernels = op.kernels
        self._copies[op] = again, len(self._entries)
        described = type(op), dict(hyper_parameters)
        for key, value in hyper_parameters.items():
            if isinstance(value, Op):  # the op forward, which remembers what the one backward needs
                if value not in self._copies:
                    raise refused(f"{op.name} goes back over an op that ran before the step")
                copy, number = self._copies[value]
                described[1][key] = Earlier(number)
                setattr(again, key, copy)
            elif isinstance(value, np.ndarray) and value in self._places:  # the condition of `where`
                links.append((again, key, self._places[value]))
                setattr(again, key, None)
                del described[1][key]
            elif key != "rooms" and any(part in self._places for part in arrays_in(value)):
                raise refused(f"{op.name} was given positions that are not the same in each call")
        function, dtype = again.forward, outputs[0]._array.dtype
        if any(isinstance(x, Variable) and x._array.dtype.kind in "biu" for x in inputs) and dtype == np.float32:
            function = partial(_cast, function, dtype)
        places = [self._place_of(x) for x in inputs]
        made = [self._new(output._array) for output in outputs]
        self._entries.append([function, places, made if several else made[0], described, links])

    def accumulate(self, leaf, gradient):
        """Give a leaf its gradient, now and again."""
        state.tape = None
        try:
            leaf.accumulate(gradient)
        finally:
            state.tape = self
        place = self._places.get(leaf._array)
        if place is None or place in self._leaves:  # one that was made in the step is forgotten with it
            function = partial(_accumulate, leaf)
            self._entries.append([function, [self._place_of(gradient)], None, (leaf.accumulate,), ()])

    def again(self, function, args, kwargs):
        """A change of state is made now and, by its own tensors, at every repetition; it may give an array."""
        state.tape = None
        try:
            result = function(*args, **kwargs)
        finally:
            state.tape = self
        place = self._new(result) if isinstance(result, np.ndarray) else None
        inputs = [self._place_of(x) for x in args if isinstance(x, Variable)]
        given = [_TENSOR if isinstance(x, Variable) else x for x in args]
        again = partial(_call, function, given, kwargs) if inputs else partial(function, *args, **kwargs)
        self._entries.append([again, inputs, place, (function, given, kwargs), ()])
        return result

    def copied(self, source, copy, by_op):
        """An array was copied into a tensor, or (``by_op``) met one in an op."""
        place = self._places.get(source)
        if place is None:
            if by_op:
                raise refused("an array that is neither an argument nor made by an op met a tensor")
        elif copy.shape != source.shape:
            raise refused("positions that are not the same in each call were brought to another shape")
        elif copy.dtype == source.dtype:
            self._places[copy] = place
        else:
            described = (np.ndarray.astype, copy.dtype)
            self._entries.append([partial(_as_type, copy.dtype), [place], self._new(copy), described, ()])

    def read(self, tensor):
        """Somebody looks at the values of a tensor."""
        if tensor._array in self._places and self._places[tensor._array] not in self._leaves:
            raise refused("the values of a tensor were read; return it instead, and read it outside")

    def changed(self, what):
        """A tensor changes, but not by an op."""
        raise refused(what)

    def drawn(self, array, *how):
        """Random numbers came from a stream that is an argument."""
        self._draws.append((self._new(array), *how))

    def _new(self, array=None):
        """A new place, for an array if one stands there."""
        self._count += 1
        if array is not None:
            self._places[array] = self._count - 1
        return self._count - 1

    def _place_of(self, x):
        if not isinstance(x, Variable):
            place = self._new()
            self._constants[place] = x
            return place
        place = self._places.get(x._array)
        if place is None:
            place = self._new(x._array)
            self._leaves[place] = x
        return place

    def settle(self, other):
        """The `Repetition`, if the call before, ``other``, was the same in all but its numbers."""
        for mine, theirs in zip(self._entries, other._entries, strict=False):
            if not same(mine[1:4], theirs[1:4]):
                raise refused(f"{_name(mine)} stands where {_name(theirs)}, or one with other options, stood before")
        if len(self._entries) != len(other._entries) or self._draws != other._draws:
            raise refused("the second call did more, or less, than the first")
        constants, kept = dict(self._constants), {}
        before = other._constants | {place: leaf._array for place, leaf in other._leaves.items()}
        for place, leaf in list(self._leaves.items()):
            if leaf is not other._leaves.get(place):  # a tensor made in the call: a constant, if it is one
                array, theirs = self._leaves.pop(place)._array, before.get(place)
                lasting = isinstance(theirs, np.ndarray) and np.may_share_memory(array, theirs)
                (kept if lasting else constants)[place] = array
        for place, value in constants.items():
            if not same(value, before.get(place)):
                user = next((_name(entry) for entry in self._entries if place in entry[1]), "the result")
                raise refused(f"{user} got {_described(value)} that was another in the call before")
        shapes = [None if isinstance(x, Stream) else (x._array.shape, x._array.dtype) for x in self._args]
        arguments = list(zip(self._arguments, shapes, strict=True))
        fixed = constants, kept, self._leaves
        return Repetition(self._entries, self._count, *fixed, self._draws, arguments, self._result)


class _Draws(Stream):
    """A stream that is an argument of a captured function: it tells the tape what is drawn from it."""

    def __init__(self, stream, tape, argument, below=""):
        super().__init__(stream.seed, stream.name, stream.step)
        vars(self).update(_tape=tape, _argument=argument, _below=below)

    def child(self, name):
        child = super().child(name)
        return _Draws(child, self._tape, self._argument, self._below + child.name[len(self.name) :])

    def at(self, step):
        raise refused("a Stream was set to a step; do so outside, and pass it as an argument")

    def generator(self):
        raise refused("a Stream was asked for NumPy's generator; use its normal() or uniform()")

    def _draw(self, *how):
        array = super()._draw(*how)
        self._tape.drawn(array, self._argument, self._below, *how)
        return array


def _apart(x):
    """An argument as an array of its own, even if another is the same."""
    return Tensor.wrap(given(x)._array.view())


def _accumulate(leaf, array):
    leaf.accumulate(leaf.wrap(array))


def _call(function, args, kwargs, *arrays):
    """The function with ``arrays`` where ``args`` says that a tensor stood."""
    tensors = map(Tensor.wrap, arrays)
    return function(*[next(tensors) if x is _TENSOR else x for x in args], **kwargs)


def _as_type(dtype, array):
    return array.astype(dtype)


def _cast(function, dtype, *arrays):
    return np.asarray(function(*arrays)).astype(dtype)


def _name(entry):
    return getattr(entry[3][0], "__name__", "an op")


def _described(value):
    return f"an array {value.shape}" if isinstance(value, np.ndarray) else f"the number {value}"
