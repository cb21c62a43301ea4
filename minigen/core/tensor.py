"""Tensor: an array with a gradient: what it holds, its place in the graph, and changes in place.

Its operators and methods stand in ``core/ops/operators.py``, how it goes backward in ``core/autograd``.
"""

import numpy as np

from ..errors import DTypeError, GraphError, ShapeError
from . import autograd
from .autograd.modes import state
from .ops.operators import Operators


class Tensor(Operators, autograd.Variable):
    """An array that remembers how it was computed, if a gradient may be asked for.

    Args:
        data: nested lists, numbers, an array or a tensor; copied.
        requires_grad: ask for the gradient by this tensor; floating-point only.
        dtype: NumPy's name or type; by default the array's own, and float32 for Python floats.
    """

    __slots__ = ()
    __array_ufunc__ = None  # ndarray + Tensor asks Tensor.__radd__ instead of adding object by object

    def __init__(self, data, requires_grad=False, dtype=None):
        super().__init__(_array(data, dtype))
        self.requires_grad_(requires_grad)

    @staticmethod  # an op keeps this function, which must not keep a tensor alive
    def wrap(array, op=None, index=0, version=None):
        """A tensor around ``array`` without a copy, output ``index`` of ``op``."""
        if type(array) is not np.ndarray and isinstance(array, np.generic):
            array = np.asarray(array)  # NumPy returns scalars where an array without axes is meant
        if op is not None and array.dtype.kind not in "fc":
            op = None  # an op's integer outputs (positions, counts) have no gradient
        wrapped = Tensor.__new__(Tensor)
        autograd.Variable.__init__(wrapped, array, op is not None, op, index, version)
        return wrapped

    def constant(self, value):
        """``value`` beside this tensor: tensors and Python numbers as they are, arrays wrapped."""
        kind = type(value)
        if kind is float or kind is int or kind is bool or isinstance(value, Tensor):
            return value
        if isinstance(value, np.ndarray):
            copy = value.copy()  # its owner may change it, and no version would tell
            if state.tape is not None:
                state.tape.copied(value, copy, by_op=True)
            return self.wrap(copy)
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, int | float | complex):
            return value
        raise DTypeError(f"a {kind.__name__} cannot meet a tensor; wrap it with minigen.tensor(...)")

    # what it is

    @property
    def shape(self):
        """Sizes of the axes."""
        return self._array.shape

    @property
    def dtype(self):
        """NumPy's dtype."""
        return self._array.dtype

    @property
    def ndim(self):
        """The number of axes."""
        return self._array.ndim

    @property
    def device(self):
        """Where the values are: "cpu", or the array module's name."""
        module = type(self._array).__module__
        return "cpu" if module == "numpy" else module

    @property
    def is_leaf(self):
        """Whether no recorded op made it."""
        return self.op is None

    @property
    def grad(self):
        """The gradient that `backward` left here, a tensor of this shape; None before the first."""
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None and value.shape != self.shape:
            raise ShapeError(f"grad of shape {value.shape} for a tensor of shape {self.shape}; they must be equal")
        if state.tape is not None:
            state.tape.changed("the gradient of a tensor was set; call zero_grad()")
        self._grad = value

    def numel(self):
        """The number of elements."""
        return self._array.size

    def numpy(self):
        """The values as a read-only view; copy it to change it."""
        if state.tape is not None:
            state.tape.read(self)
        view = self._array.view()
        view.flags.writeable = False
        return view

    def item(self):
        """The only element as a Python number."""
        if self._array.size != 1:
            raise ShapeError(f"item() of a tensor of shape {self.shape}; it needs exactly one element")
        return self.numpy().item()

    def tolist(self):
        """The values as nested lists of Python numbers."""
        return self.numpy().tolist()

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __len__(self):
        if not self.ndim:
            raise ShapeError("len() of a tensor without axes")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __repr__(self):
        values = np.array2string(self._array, separator=", ", prefix="tensor(", precision=4, threshold=200)
        made = (
            f", made by {self.op.name}" if self.op is not None else ", requires_grad=True" if self.requires_grad else ""
        )
        return f"tensor({values}, dtype={self.dtype}{made})"

    # its place in the graph

    def requires_grad_(self, flag=True):
        """Ask (or stop asking) for the gradient by this leaf; returns it."""
        if flag and self.dtype.kind not in "fc":
            raise DTypeError(f"a tensor of {self.dtype} cannot require a gradient; make it float32 or float64")
        if self.op is not None and not flag:
            raise GraphError(f"a tensor made by {self.op.name} is no leaf; use detach()")
        self.requires_grad = bool(flag)
        return self

    def detach(self):
        """The same values (the same memory), cut off from the graph."""
        return self.wrap(self._array, version=self.version)

    def backward(self, gradient=None, retain_graph=False):
        """Add d self / d leaf to every leaf's ``grad``; see `minigen.core.autograd.backward`."""
        autograd.backward(self, gradient, retain_graph)

    # changes in place, which the graph's version counters see

    def copy_(self, values):
        """Overwrite the values with ``values``, which broadcast to this shape; returns self."""
        return self._write(..., values, "copy_")

    def zero_(self):
        """Overwrite the values with 0; returns self."""
        return self._write(..., 0, "zero_")

    def __setitem__(self, key, values):
        self._write(key, values, "x[...] = values")

    def _in_place(self, function, other):
        """``function(self, other)``, written here; a new tensor where a graph sees it.

        Raises:
            GraphError: self is a leaf that requires a gradient, and a graph is recorded.
        """
        result = function(self, other)
        if self.op is not None or (result.requires_grad and not self.requires_grad):
            return result
        name = function.__name__
        if result.requires_grad:
            raise GraphError(
                f"{name} in place of a leaf that requires a gradient: update it under minigen.no_grad(), or write"
                " x = x + y for a new tensor"
            )
        if result.shape != self.shape or result.dtype != self.dtype:
            wrong = DTypeError if result.shape == self.shape else ShapeError
            raise wrong(
                f"{name} in place gives {result.dtype} {result.shape}, the tensor is {self.dtype} {self.shape}; write"
                " x = x + y for a new tensor"
            )
        return self._write(..., result, name)

    def _write(self, key, values, name):
        if self.op is not None:
            raise GraphError(
                f"a tensor made by {self.op.name} cannot be changed in place; use where() or clone().detach()"
            )
        if not self._array.flags.writeable:
            raise ShapeError(
                f"{name}: this tensor of shape {self.shape} cannot be written to: expand() shows one value in many"
                " places, other views are read-only; change a clone()"
            )
        array = values._array if isinstance(values, Tensor) else values
        try:
            self._array[key] = array
        except (ValueError, IndexError) as error:
            raise ShapeError(
                f"{name} got values of shape {np.shape(array)} for a tensor of shape {self.shape}: {error}"
            ) from error
        self.changed()
        return self


def tensor(data, requires_grad=False, dtype=None):
    """A `Tensor` with a copy of ``data``: nested lists, numbers, an array or a tensor.

    Arrays keep their dtype (``dtype`` converts), Python floats become float32, ints int64.
    """
    return Tensor(data, requires_grad, dtype)


def _array(data, dtype):
    if isinstance(data, Tensor):
        data = data._array
    if isinstance(data, list | tuple) and _has_graph(data):
        raise GraphError("tensor() of a list of tensors that require gradients would cut them off; use F.stack(list)")
    try:
        array = np.array(data, dtype=dtype)
    except ValueError as error:
        raise ShapeError(f"tensor() needs rows of equal lengths and numbers: {error}") from error
    if array.dtype.kind not in "biufc":
        raise DTypeError(f"a tensor holds numbers, not {array.dtype}: got {type(data).__name__}")
    if state.tape is not None and isinstance(data, np.ndarray):
        state.tape.copied(data, array, by_op=False)
    if dtype is None and array.dtype == np.float64 and not isinstance(data, np.ndarray | np.generic):
        return array.astype(np.float32)
    return array


def _has_graph(data):
    """Whether a tensor that requires a gradient lies in nested lists."""
    return any(
        x.requires_grad if isinstance(x, Tensor) else isinstance(x, list | tuple) and _has_graph(x) for x in data
    )
