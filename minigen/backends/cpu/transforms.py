"""The transforms of Winograd's convolution: what they are, and how they run on vector registers.

A convolution of few taps is a product of polynomials, and a product of polynomials of degree t − 1 is known from its
values at t points: evaluate both factors, multiply the values, interpolate. Evaluating at 0, ±1, 2, −½ and ∞ costs
additions and a few multiplications by constants. Turned round (a convolution in deep learning is the transpose of that
product in one factor), m results of r taps take t = m + r − 1 multiplications instead of m·r:

    y (m) = Aᵀ [(G w) ⊙ (Bᵀ x)],   w (r) taps, x (t) inputs, ⊙ element by element

and in two dimensions, applied to rows and columns, t² instead of m²·r²:

    Y (m, m) = Aᵀ [(G W Gᵀ) ⊙ (Bᵀ X B)] A

`bilinear` derives the three matrices from the points; the matrix of an image or a kernel is a *sandwich* M X Mᵀ in all
cases, and `transform_image` and its like compute it for whole vectors of channels. Bᵀ of F(4, 3), the largest, goes in
two sparse steps (`in_two_steps`). The gradient in W is the same three steps read backwards:

    dW (r, r) = Gᵀ [(Bᵀ X B) ⊙ (A dY Aᵀ)] G

Rounding errors grow with the size of the points and their number. Points that are close to ±1 and whose products cancel
do best: 0, 1, −1, 2, −½ err 2.5 times as much as the direct sum (of 576 terms), where ±2 or ±½ err 3.7 times; F(2×2,
3×3), whose points are 0 and ±1, errs 0.6 times as much.

References:
    Fast Algorithms for Convolutional Neural Networks. Lavin, Gray, 2015, https://arxiv.org/abs/1509.09308
    Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks. Barabasz, Anderson,
    Soodhalter, Gregg, 2020, https://arxiv.org/abs/1803.10986
"""

from fractions import Fraction
from functools import reduce
from itertools import product
from math import prod

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .vectors import Vectors

POINTS = tuple(map(Fraction, ("0", "1", "-1", "2", "-1/2")))  # in the order in which they are used; and infinity
ONE = POINTS.index(1)
"""Where the point 1 stands: its powers are all 1, so that a number added to its value is added to each result."""


def bilinear(m, r):
    """Aᵀ (m, t), G (t, r) and Bᵀ (t, t), t = m + r − 1, of the algorithm F(m, r): y = Aᵀ [(G w) ⊙ (Bᵀ x)].

    For point p, a row of Aᵀ's transpose holds the powers of p, one of G those divided by Π_{q≠p} (p − q), and one of Bᵀ
    the coefficients of Π_{q≠p} (x − q). Infinity's rows are the highest power, and the product over all points.
    """
    points = POINTS[: m + r - 2]
    others = [[q for q in points if q != p] for p in points]
    scales = [prod(p - q for q in rest) for p, rest in zip(points, others, strict=True)]
    last = [[Fraction(i == n - 1) for i in range(n)] for n in (m, r)]
    a = [[p**i for i in range(m)] for p in points] + last[:1]
    g = [[p**i / scale for i in range(r)] for p, scale in zip(points, scales, strict=True)] + last[1:]
    b = [[*_expanded(rest), Fraction(0)] for rest in others] + [_expanded(points)]
    return tuple(np.array(rows, float) for rows in (list(zip(*a, strict=True)), g, b))


def _expanded(roots):
    """The coefficients of Π (x − root), of x⁰ first."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        coefficients = [high - root * low for high, low in zip(shifted, [*coefficients, Fraction(0)], strict=True)]
    return coefficients


def in_two_steps(m, r):
    """Two matrices, the first to be applied first, whose product is Bᵀ: 16 operations for F(4, 3) instead of 20.

    Most of them are additions, too, which other units do beside the multiply-adds. Let N(x) be the product of x − q
    over the first points, F(x) that over the others. A row of Bᵀ is F times a part of N, or N times a part of F: so
    the first step multiplies the inputs by F and by N, at the shifts that are wanted, and the second by the parts.
    """
    points = POINTS[: m + r - 2]
    near, far, size = points[:NEAR], points[NEAR:], m + r - 1
    first = [_row(_expanded(far), shift, size) for shift in range(len(near) + 1)]
    first += [_row(_expanded(near), shift, size) for shift in range(len(far))]
    second = [_row(_expanded([q for q in near if q != p]), 0, size) for p in near]
    second += [_row(_expanded([q for q in far if q != p]), len(near) + 1, size) for p in far]
    second.append(_row(_expanded(near), 0, size))
    return np.array(first, float), np.array(second, float)


def _row(coefficients, begin, size):
    return [Fraction(0)] * begin + coefficients + [Fraction(0)] * (size - begin - len(coefficients))


NEAR = 3  # points 0 and ±1, whose part needs no multiplications
ALGORITHMS = ((4, 3), (2, 3), (4, 2))
"""(m, r) of F(m×m, r×r)."""
_each = [bilinear(m, r) for m, r in ALGORITHMS]
STEPS = (
    in_two_steps(4, 3), *((b,) for _, _, b in _each[1:]),  # F(4, 2) would save two operations and err more
    *((g,) for _, g, _ in _each), *((a,) for a, _, _ in _each),
    *((a.T,) for a, _, _ in _each), *((g.T,) for _, g, _ in _each),
)  # fmt: skip
"""Of each transform of each algorithm the matrices to apply one after the other."""


class _Sandwich:
    """Emits M X Mᵀ for one vector of channels of each of the n×n pixels of X, M a product of `steps`."""

    def __init__(self, vectors, steps, target, source):
        self.vectors, self.builder, self.steps = vectors, vectors.builder, steps
        self.target, self.source = target, source  # [row][column]: a pointer and what to add to it

    def _combine(self, values):
        """M times a list of vectors."""
        for matrix in self.steps:
            values = [self._sum(row, values) for row in matrix]
        return values

    def _sum(self, row, values):
        """A row times a list of vectors; a coefficient of 1 starts the sum, since that costs nothing."""
        terms = sorted(((c, x) for c, x in zip(row, values, strict=True) if c), key=lambda term: term[0] != 1)
        (first, total), *others = terms
        if first != 1:
            total = self.builder.fmul(self._constant(first), total)
        for c, x in others:
            if abs(c) == 1:
                total = (self.builder.fadd if c > 0 else self.builder.fsub)(total, x)
            else:
                total = self.vectors.multiply_add(self._constant(c), x, total)
        return total

    def _constant(self, value):
        return ir.Constant(self.vectors.type, [float(value)] * self.vectors.width)

    def emit(self, channel, mask=None):
        """For a vector of channels, or those of its lanes that are in ``mask``."""
        half = []
        for column in zip(*self.source, strict=True):
            half.append(self._combine([self.vectors.load(*pixel, channel, mask=mask) for pixel in column]))
        for i, row in enumerate(self.target):
            for pixel, value in zip(row, self._combine([pixels[i] for pixels in half]), strict=True):
                self.vectors.store(value, *pixel, channel, mask=mask)


def _grid(builder, pointer, at, steps, size):
    """[row][column] of size×size pixels: a pointer and what to add to it."""
    first, i64 = builder.gep(pointer, [at]), ir.IntType(64)
    rows, columns = ([builder.mul(i64(i), step) for i in range(size)] for step in steps)
    return [[(first, row, column) for column in columns] for row in rows]


def _bordered(builder, grid, zeros, inside):
    """The same grid, but of pixels outside rows top … bottom−1 and columns left … right−1 the zeros."""

    def within(i, begin, end):
        i = ir.IntType(64)(i)
        return builder.and_(builder.icmp_signed("<=", begin, i), builder.icmp_signed("<", i, end))

    rows, columns = ([within(i, *inside[k : k + 2]) for i in range(len(grid))] for k in (0, 2))
    return [
        [(builder.select(builder.and_(row, column), builder.gep(first, [builder.add(*offsets)]), zeros),)
         for column, (first, *offsets) in zip(columns, line, strict=True)]
        for row, line in zip(rows, grid, strict=True)
    ]  # fmt: skip


@intrinsic(prefer_literal=True)
def _transform(_, which, channels, operands):
    factors = STEPS[which.literal_value]
    shape = len(factors[-1]), factors[0].shape[1]

    def emit(context, builder, signature, args):
        kinds, parts = signature.args[2].types, cgutils.unpack_tuple(builder, args[2])
        to, to_at, to_steps, frm, at, steps, *border = (
            cgutils.unpack_tuple(builder, part) if isinstance(kind, types.BaseTuple) else part
            for kind, part in zip(kinds, parts, strict=True)
        )
        source = _grid(builder, frm, at, steps, shape[1])
        if border:
            source = _bordered(builder, source, *border)
        of = Vectors(context, builder, kinds[0].dtype)
        sandwich = _Sandwich(of, factors, _grid(builder, to, to_at, to_steps, shape[0]), source)
        n, i64 = args[1], ir.IntType(64)
        rest = builder.srem(n, i64(of.width))
        whole = builder.sub(n, rest)
        with cgutils.for_range_slice(builder, i64(0), whole, i64(of.width)) as (c, _):
            sandwich.emit(c)
        with builder.if_then(builder.icmp_signed("!=", rest, i64(0))):
            sandwich.emit(whole, of.mask(rest))
        return context.get_dummy_value()

    return types.void(which, types.int64, _operands(operands)), emit


def _operands(kinds):
    """What `_transform` takes: pointers as they come, all numbers as int64."""
    i64, two = types.int64, types.UniTuple(types.int64, 2)
    border = (kinds.types[6], types.UniTuple(i64, 4)) if len(kinds) == 8 else ()
    return types.Tuple((kinds.types[0], i64, two, kinds.types[3], i64, two, *border))


def _transform_plain(which, channels, operands):
    matrix = reduce(lambda before, step: step @ before, STEPS[which])
    to, to_at, to_steps, frm, at, steps, *border = operands
    pixels = np.zeros((*matrix.shape[1:] * 2, channels), frm.dtype)
    top, bottom, left, right = border[1] if border else (0, len(pixels), 0, len(pixels))
    for i, j in product(range(top, bottom), range(left, right)):
        begin = at + i * steps[0] + j * steps[1]
        pixels[i, j] = frm[begin : begin + channels]
    results = np.einsum("ai,ijc,bj->abc", matrix, pixels, matrix)
    for i, j in np.ndindex(results.shape[:2]):
        begin = to_at + i * to_steps[0] + j * to_steps[1]
        to[begin : begin + channels] = results[i, j]


_sandwich = _transform_plain if config.DISABLE_JIT else _transform


# One function for each kind, since what a jitted function calls is compiled with it again: it should not be all 15.


@njit(cache=True)
def transform_image(algorithm, channels, operands):
    """Bᵀ X B: target (…, channels) = M X Mᵀ of pixels X (n, n, channels), as all of these.

    `operands` is one tuple: of the target a `pointer`, where its first pixel begins, and the steps to the next row and
    column; of the source the same; a pointer to so many zeros, and which rows and columns of the source there are (top,
    bottom, left, right: ends excluded). All others are zeros, and not read.
    """
    if algorithm == 0:
        _sandwich(0, channels, operands)
    elif algorithm == 1:
        _sandwich(1, channels, operands)
    else:
        _sandwich(2, channels, operands)


@njit(cache=True)
def transform_weight(algorithm, channels, operands):
    """G W Gᵀ; `operands` (…, channels) as of `transform_image`, without a border."""
    if algorithm == 0:
        _sandwich(3, channels, operands)
    elif algorithm == 1:
        _sandwich(4, channels, operands)
    else:
        _sandwich(5, channels, operands)


@njit(cache=True)
def transform_result(algorithm, channels, operands):
    """Aᵀ M A; `operands` (…, channels) as of `transform_image`, without a border."""
    if algorithm == 0:
        _sandwich(6, channels, operands)
    elif algorithm == 1:
        _sandwich(7, channels, operands)
    else:
        _sandwich(8, channels, operands)


@njit(cache=True)
def transform_result_grad(algorithm, channels, operands):
    """A dY Aᵀ; `operands` (…, channels) as of `transform_image`, the border too."""
    if algorithm == 0:
        _sandwich(9, channels, operands)
    elif algorithm == 1:
        _sandwich(10, channels, operands)
    else:
        _sandwich(11, channels, operands)


@njit(cache=True)
def transform_weight_grad(algorithm, channels, operands):
    """Gᵀ dU G; `operands` (…, channels) as of `transform_image`, without a border."""
    if algorithm == 0:
        _sandwich(12, channels, operands)
    elif algorithm == 1:
        _sandwich(13, channels, operands)
    else:
        _sandwich(14, channels, operands)
