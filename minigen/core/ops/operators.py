"""What a tensor answers to: Python's operators and the methods, each one line that calls the op of its name."""

from . import (
    activation,
    arithmetic,
    copies,
    elementwise,
    factorisations,
    index,
    linalg,
    logic,
    moments,
    reduce,
    repeat,
    scan,
    shape,
    sort,
    triangle,
    trigonometry,
    vector_norm,
)  # fmt: skip


class Operators:
    """The operators and methods of `Tensor`; it brings ``constant`` and ``_in_place``."""

    __slots__ = ()

    def __add__(self, other):
        return arithmetic.add(self, other)

    def __radd__(self, other):
        return arithmetic.add(other, self)

    def __iadd__(self, other):
        return self._in_place(arithmetic.add, other)

    def __sub__(self, other):
        return arithmetic.sub(self, other)

    def __rsub__(self, other):
        return arithmetic.sub(other, self)

    def __isub__(self, other):
        return self._in_place(arithmetic.sub, other)

    def __mul__(self, other):
        return arithmetic.mul(self, other)

    def __rmul__(self, other):
        return arithmetic.mul(other, self)

    def __imul__(self, other):
        return self._in_place(arithmetic.mul, other)

    def __truediv__(self, other):
        return arithmetic.div(self, other)

    def __rtruediv__(self, other):
        return arithmetic.div(other, self)

    def __itruediv__(self, other):
        return self._in_place(arithmetic.div, other)

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
        return NotImplemented if other is None else logic.eq(self, other)  # Python then says that x == None is False

    def __ne__(self, other):
        return NotImplemented if other is None else logic.ne(self, other)

    def __lt__(self, other):
        return logic.lt(self, other)

    def __le__(self, other):
        return logic.le(self, other)

    def __gt__(self, other):
        return logic.gt(self, other)

    def __ge__(self, other):
        return logic.ge(self, other)

    def __and__(self, other):
        return logic.logical_and(*logic.booleans("&", self, other))

    __rand__ = __and__

    def __or__(self, other):
        return logic.logical_or(*logic.booleans("|", self, other))

    __ror__ = __or__

    def __invert__(self):
        return logic.logical_not(*logic.booleans("~", self))

    __hash__ = object.__hash__

    @property
    def T(self):
        """Axes in reverse order."""
        return shape.permute(self, *range(self.ndim)[::-1])

    @property
    def mT(self):
        """The last two axes exchanged."""
        return shape.transpose(self, -1, -2)

    # methods: the first argument of the function of the same name

    abs, sign, clamp, pow = arithmetic.abs, arithmetic.sign, arithmetic.clamp, arithmetic.pow
    add, sub, mul, div, neg = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div, arithmetic.neg
    maximum, minimum, lerp = arithmetic.maximum, arithmetic.minimum, arithmetic.lerp
    exp, exp2, expm1 = elementwise.exp, elementwise.exp2, elementwise.expm1
    log, log2, log1p, logaddexp = elementwise.log, elementwise.log2, elementwise.log1p, elementwise.logaddexp
    sqrt, rsqrt, square, erf = elementwise.sqrt, elementwise.rsqrt, elementwise.square, elementwise.erf
    reciprocal = elementwise.reciprocal
    sin, cos, tan, atan = trigonometry.sin, trigonometry.cos, trigonometry.tan, trigonometry.atan
    sinh, cosh, tanh = trigonometry.sinh, trigonometry.cosh, trigonometry.tanh
    sigmoid, logit, softplus, relu = elementwise.sigmoid, elementwise.logit, activation.softplus, activation.relu
    silu, gelu = activation.silu, activation.gelu
    eq, ne, lt, le, gt, ge = logic.eq, logic.ne, logic.lt, logic.le, logic.gt, logic.ge
    logical_and, logical_or, logical_not = logic.logical_and, logic.logical_or, logic.logical_not
    isnan, isfinite = logic.isnan, logic.isfinite
    sum, prod, mean, sum_to_size = reduce.sum, reduce.prod, reduce.mean, reduce.sum_to_size
    var, std, norm = moments.var, moments.std, vector_norm.norm
    amax, amin, max, min, argmax, argmin = (
        reduce.amax, reduce.amin, reduce.max, reduce.min, reduce.argmax, reduce.argmin,
    )  # fmt: skip
    logsumexp, softmax, log_softmax = reduce.logsumexp, reduce.softmax, reduce.log_softmax
    cumsum, cumprod, sort, topk = scan.cumsum, scan.cumprod, sort.sort, sort.topk
    reshape, flatten, expand = shape.reshape, shape.flatten, shape.expand
    permute, transpose = shape.permute, shape.transpose
    squeeze, unsqueeze, movedim, flip = shape.squeeze, shape.unsqueeze, shape.movedim, shape.flip
    split, chunk, narrow = shape.split, shape.chunk, shape.narrow
    roll, tile, repeat_interleave = repeat.roll, repeat.tile, repeat.repeat_interleave
    tril, triu, diagonal = triangle.tril, triangle.triu, triangle.diagonal
    gather, index_select, scatter_add = index.gather, index.index_select, index.scatter_add
    take_along_dim = index.take_along_dim
    matmul, outer, clone, to = linalg.matmul, linalg.outer, copies.clone, copies.cast
    slogdet, inverse, cholesky = factorisations.slogdet, factorisations.inv, factorisations.cholesky
