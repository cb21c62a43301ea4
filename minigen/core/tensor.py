"""Tensor: an array with a gradient, and operators that call the ops.

Everything here is one line; what an operator does stands in ``core/ops``, how it goes backward in
``core/autograd``.
"""

import numpy as np

from ..errors import DTypeError, GraphError, ShapeError
from . import autograd
from .ops import activation, arithmetic, elementwise, index, linalg, reduce
from .ops import shape as layout


class Tensor(autograd.Variable):
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
            return self.wrap(value.copy())  # its owner may change it, and no version would tell
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
        self._grad = value

    def numel(self):
        """The number of elements."""
        return self._array.size

    def numpy(self):
        """The values as a read-only view; copy it to change it."""
        view = self._array.view()
        view.flags.writeable = False
        return view

    def item(self):
        """The only element as a Python number."""
        if self._array.size != 1:
            raise ShapeError(f"item() of a tensor of shape {self.shape}; it needs exactly one element")
        return self._array.item()

    def tolist(self):
        """The values as nested lists of Python numbers."""
        return self._array.tolist()

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

    __hash__ = object.__hash__

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

    def clone(self):
        """A copy with a memory of its own; gradients pass through."""
        return self + 0 if self.requires_grad and self.dtype.kind in "fc" else self.wrap(self._array.copy())

    def backward(self, gradient=None, retain_graph=False):
        """Add d self / d leaf to every leaf's ``grad``; see `minigen.core.autograd.backward`."""
        autograd.backward(self, gradient, retain_graph)

    def to(self, dtype):
        """Another dtype; a copy outside the graph (float32 and float64 do not mix in one graph)."""
        if np.dtype(dtype) == self.dtype:
            return self
        if self.op is not None:
            raise GraphError(
                f"to({np.dtype(dtype)}) of a tensor made by {self.op.name}: convert the leaves, or detach() first"
            )
        return Tensor(self._array.astype(dtype), requires_grad=self.requires_grad and np.dtype(dtype).kind == "f")

    # changes in place, which the graph's version counters see

    def copy_(self, values):
        """Overwrite the values with ``values``, which broadcast to this shape; returns self."""
        return self._write(..., values)

    def zero_(self):
        """Overwrite the values with 0; returns self."""
        return self._write(..., 0)

    def __setitem__(self, key, values):
        self._write(key, values)

    def _write(self, key, values):
        if self.op is not None:
            raise GraphError(
                f"a tensor made by {self.op.name} cannot be changed in place; use where() or clone().detach()"
            )
        self._array[key] = values._array if isinstance(values, Tensor) else values
        self.changed()
        return self

    # operators

    def __add__(self, other):
        return arithmetic.add(self, other)

    def __radd__(self, other):
        return arithmetic.add(other, self)

    def __sub__(self, other):
        return arithmetic.sub(self, other)

    def __rsub__(self, other):
        return arithmetic.sub(other, self)

    def __mul__(self, other):
        return arithmetic.mul(self, other)

    def __rmul__(self, other):
        return arithmetic.mul(other, self)

    def __truediv__(self, other):
        return arithmetic.div(self, other)

    def __rtruediv__(self, other):
        return arithmetic.div(other, self)

    def __pow__(self, other):
        return arithmetic.pow(self, other)

    def __rpow__(self, other):
        return arithmetic.pow(other, self)

    def __matmul__(self, other):
        return linalg.matmul(self, self.constant(other))

    def __rmatmul__(self, other):
        return linalg.matmul(self.constant(other), self)

    def __neg__(self):
        return arithmetic.neg(self)

    def __abs__(self):
        return arithmetic.abs(self)

    def __getitem__(self, key):
        return index.getitem(self, key)

    def __eq__(self, other):
        return arithmetic.compare(self, other, "equal")

    def __ne__(self, other):
        return arithmetic.compare(self, other, "not_equal")

    def __lt__(self, other):
        return arithmetic.compare(self, other, "less")

    def __le__(self, other):
        return arithmetic.compare(self, other, "less_equal")

    def __gt__(self, other):
        return arithmetic.compare(self, other, "greater")

    def __ge__(self, other):
        return arithmetic.compare(self, other, "greater_equal")

    def __and__(self, other):
        return arithmetic.logical("logical_and", self, other)

    def __or__(self, other):
        return arithmetic.logical("logical_or", self, other)

    def __invert__(self):
        return arithmetic.logical("logical_not", self)

    @property
    def T(self):
        """Axes in reverse order."""
        return layout.permute(self, *range(self.ndim)[::-1])

    @property
    def mT(self):
        """The last two axes exchanged."""
        return layout.transpose(self, -1, -2)

    # methods: the first argument of the function of the same name

    abs, sign, clamp, pow = arithmetic.abs, arithmetic.sign, arithmetic.clamp, arithmetic.pow
    exp, log, log1p = elementwise.exp, elementwise.log, elementwise.log1p
    sqrt, square = elementwise.sqrt, elementwise.square
    sin, cos, tanh = elementwise.sin, elementwise.cos, elementwise.tanh
    sigmoid, softplus, relu = activation.sigmoid, activation.softplus, activation.relu
    sum, mean, var, std, amax, amin = reduce.sum, reduce.mean, reduce.var, reduce.std, reduce.amax, reduce.amin
    argmax, argmin, cumsum, norm = reduce.argmax, reduce.argmin, reduce.cumsum, reduce.norm
    logsumexp, softmax, log_softmax = reduce.logsumexp, reduce.softmax, reduce.log_softmax
    sum_to_size = reduce.sum_to_size
    reshape, flatten, expand = layout.reshape, layout.flatten, layout.expand
    permute, transpose = layout.permute, layout.transpose
    squeeze, unsqueeze, movedim, flip = layout.squeeze, layout.unsqueeze, layout.movedim, layout.flip
    split, chunk, narrow = layout.split, layout.chunk, layout.narrow
    gather, index_select, scatter_add = index.gather, index.index_select, index.scatter_add
    matmul = linalg.matmul


def tensor(data, requires_grad=False, dtype=None):
    """A `Tensor` with a copy of ``data``: nested lists, numbers, an array or a tensor.

    Arrays keep their dtype (``dtype`` converts), Python floats become float32, ints int64.
    """
    return Tensor(data, requires_grad, dtype)


def _array(data, dtype):
    if isinstance(data, Tensor):
        data = data._array
    array = np.array(data, dtype=dtype)
    if array.dtype.kind not in "biufc":
        raise DTypeError(f"a tensor holds numbers, not {array.dtype}: got {type(data).__name__}")
    if dtype is None and array.dtype == np.float64 and not isinstance(data, np.ndarray | np.generic):
        return array.astype(np.float32)
    return array
