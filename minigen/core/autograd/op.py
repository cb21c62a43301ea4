"""Op: one step of a computation, and how to go back through it.

To add an op, write its two directions::

    class Tanh(Op):
        \"""y = tanh x;  dy/dx = 1 − y².\"""

        saves_outputs = (0,)

        def forward(self, x):                # arrays in, array out: a kernel of the backend
            return self.kernels.tanh(x)

        def backward(self, g):               # tensors in, tensors out: made of ops, so it can be
            (y,) = self.outputs              # differentiated again, to any order
            return g * (1 - y * y)

    def tanh(x):
        return Tanh.apply(x)

An op with several inputs returns a tuple from ``backward``; a member may be a function without arguments,
which is called only if that input's gradient is wanted. An op with several outputs receives None for an
output that no gradient reached.
"""

import itertools
from abc import ABC, abstractmethod

import numpy as np

from ... import backends
from ...errors import DTypeError, GraphError, MinigenError, ShapeError
from .modes import state
from .variable import Variable

_clock = itertools.count()  # an op's number is above those of all the ops that made its inputs


class Op(ABC):
    """A differentiable step. Subclasses state what ``backward`` reads and write the two directions.

    ``saves``: positions of the inputs that ``backward`` reads from ``self.saved``;
    ``saves_outputs``: positions of the outputs that it reads from ``self.outputs``;
    ``broadcasts``: whether gradients are to be summed to the shape of their input;
    ``is_view``: whether the output shares the first input's memory;
    ``differentiable``: False for comparisons and the like, which are never recorded.
    Keyword-only hyper-parameters become attributes.
    """

    saves = ()
    saves_outputs = ()
    broadcasts = False
    is_view = False
    differentiable = True
    edges = None  # set when recorded, gone again after backward
    shapes = ()  # of the inputs; None for a number
    output_count = 1
    path = None  # of the module that called it; known where anomaly() watched

    def __init__(self, **hyper_parameters):
        self.__dict__.update(hyper_parameters)

    @abstractmethod
    def forward(self, *arrays):
        """Arrays (or Python numbers) to an array, or to a tuple of arrays."""

    def backward(self, *gradients):
        """Gradients of the outputs to gradients of the inputs (None where there is none)."""
        raise GraphError(f"{self.name} has no derivative; detach() its inputs")

    @classmethod
    def apply(cls, *inputs, **hyper_parameters):
        """Run the op on ``inputs``, record it if a gradient may be asked for, and wrap the result.

        Args:
            inputs: tensors, arrays (taken as constants) and Python numbers; at least one tensor.
        Raises:
            DTypeError: the inputs' dtypes, or their devices, differ; or the op cannot take them.
            ShapeError: the inputs' shapes do not fit this op.
        """
        op = cls(**hyper_parameters)
        op.kernels = backends.current()
        inputs, arrays, first, differentiable = op._admit(inputs)
        try:
            result = op.forward(*arrays)
        except MinigenError:
            raise
        except (ValueError, IndexError) as error:
            raise ShapeError(f"{op.describe(arrays)} cannot be computed: {error}") from error
        except (TypeError, OverflowError) as error:  # −(x > 0), a uint8 + 300
            raise DTypeError(f"{op.describe(arrays)} cannot be computed in {first._array.dtype}: {error}") from error
        if first._array.dtype.kind in "biu" and getattr(result, "dtype", None) == np.float64:
            result = result.astype(np.float32)  # as in torch, so that a count can meet float32; .to("float64") first
        recorded = differentiable and cls.differentiable and state.recording
        if recorded:
            op._record(inputs, first)
        maker, version = op if recorded else None, first.version if cls.is_view else None
        if type(result) is tuple:
            outputs = tuple(first.wrap(array, maker, i, version) for i, array in enumerate(result))
            op.output_count = len(outputs)
        else:
            outputs = (first.wrap(result, maker, 0, version),)
        if recorded and cls.saves_outputs:
            op._remember(outputs)
        if state.watch is not None:
            op.path = state.path
            state.watch.check(op, "forward", arrays, [output._array for output in outputs])
        if state.tape is not None:
            state.tape.record(op, hyper_parameters, inputs, outputs, type(result) is tuple)
        return outputs if type(result) is tuple else outputs[0]

    def _admit(self, inputs):
        """Unpack the inputs; one dtype and one kind of array for all."""
        for first in inputs:
            if isinstance(first, Variable):
                break
        else:
            kinds = ", ".join(type(x).__name__ for x in inputs)
            raise DTypeError(f"{self.name} needs at least one Tensor, got {kinds}; wrap one with minigen.tensor(...)")
        kind, dtype, differentiable = type(first._array), first._array.dtype, False
        admitted, arrays = [], []
        for x in inputs:
            if not isinstance(x, Variable):
                x = first.constant(x)
                if not isinstance(x, Variable):  # a Python number: it takes the tensors' dtype
                    admitted.append(x)
                    arrays.append(x)
                    continue
            array = x._array
            if array.dtype != dtype or type(array) is not kind:
                self._refuse(first._array, array)
            if x.requires_grad:
                differentiable = True
            admitted.append(x)
            arrays.append(array)
        return admitted, arrays, first, differentiable

    def _refuse(self, a, b):
        if a.dtype != b.dtype:
            raise DTypeError(
                f"{self.name} got dtypes {a.dtype} and {b.dtype}; tensors must agree: convert one with .to(dtype)"
            )
        modules = type(a).__module__, type(b).__module__
        raise DTypeError(f"{self.name} got arrays of {modules[0]} and {modules[1]}; tensors must be on one device")

    def _record(self, inputs, first):
        """Keep what going back needs of the inputs."""
        self.number = next(_clock)
        self.edges, self.shapes = edges, shapes = [], []
        for x in inputs:
            if isinstance(x, Variable):
                edges.append(x.edge)
                shapes.append(x._array.shape)
            else:
                edges.append(None)
                shapes.append(None)
        self.dtype = first._array.dtype
        self.wrap = first.wrap
        if self.saves:
            self._saved = saved = []
            for i in self.saves:
                x = inputs[i]
                saved.append((x, x.version[0] if isinstance(x, Variable) else None))

    def _remember(self, outputs):
        """Keep what going back needs of the outputs: arrays, never the Variables, which would close a cycle."""
        self._outputs = [(i, outputs[i]._array, outputs[i].version, outputs[i].version[0]) for i in self.saves_outputs]

    @property
    def saved(self):
        """The inputs that ``saves`` names, as they were given."""
        for x, count in self._saved:
            if count is not None and x.version[0] != count:
                self._refuse_changed(x.version[0] - count)
        return [x for x, _ in self._saved]

    @property
    def outputs(self):
        """The outputs that ``saves_outputs`` names, as tensors at this op's place in the graph."""
        for _, _, version, count in self._outputs:
            if version[0] != count:
                self._refuse_changed(version[0] - count)
        return [self.wrap(array, self, i, version) for i, array, version, _ in self._outputs]

    def room(self, i):
        """Where the gradient of input ``i`` may be computed at once: the array that holds a parameter's gradient, if
        no other gradient can reach it before; else None."""
        edge = self.edges[i]
        if edge is None or not state.filling or not isinstance(edge[0], Variable):
            return None
        arrivals = sum(other is not None and other[0] is edge[0] for other in self.edges)
        return edge[0].room() if arrivals == 1 else None

    def _refuse_changed(self, times):
        raise GraphError(
            f"{self.describe()} saved an array for its gradient that was changed in place {times} time(s) since;"
            " call backward() before changing it, or change a copy (x.detach().clone())"
        )

    def release(self):
        """Let go of everything that the backward pass needed; a second pass is an error from here on."""
        shapes, path = self.shapes, self.path
        self.__dict__.clear()
        self.shapes, self.path = shapes, path

    @property
    def name(self):
        """The class's name, for messages."""
        return type(self).__name__

    def describe(self, arrays=None):
        """The op and the shapes of its inputs, for messages: ``MatMul of (3, 4), (5, 6)``."""
        shapes = self.shapes if arrays is None else [getattr(a, "shape", None) for a in arrays]
        described = ", ".join("a number" if shape is None else str(shape) for shape in shapes)
        return f"{self.name} of {described}" if shapes else self.name
