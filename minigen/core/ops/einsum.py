"""Einstein's summation: sums of products written as letters for axes.

A composition of ops that are linear in each operand (diagonals, sums, permutations, one matrix product for each pair),
so every derivative is again such a sum.
"""

import math
import string
from collections import Counter

from ...errors import DTypeError, ShapeError, UserError
from ..autograd import Variable
from .linalg import matmul
from .reduce import sum
from .shape import permute, reshape, squeeze
from .triangle import diagonal


def einsum(equation, *operands):
    """Σ over all letters that the result lacks of the operands' product: ``einsum("bij,bjk->bik", a, b)``.

    Each letter names an axis; axes of one letter have one size, or size 1, which broadcasts. A letter twice in one
    operand takes the diagonal. ``...`` stands for any further axes, which broadcast. Without ``->`` the result has
    the letters that occur once, in alphabetical order, after those of ``...``.

    Args:
        equation: letters, commas, ``...`` and ``->``; spaces are skipped.
        operands: one tensor (or array) for each comma-separated part, contracted from left to right.
    Returns:
        A tensor with the result's axes.
    Raises:
        DTypeError: no operand is a tensor.
        UserError: the equation cannot be read.
        ShapeError: an operand's axes do not fit its letters, or the sizes of a letter differ.
    """
    operands = tuple(operands[0]) if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    first = next((x for x in operands if isinstance(x, Variable)), None)
    if first is None:
        raise DTypeError(f"einsum of {equation!r} got no tensor; wrap an operand with minigen.tensor(...)")
    operands = tuple(map(first.constant, operands))
    inputs, output = _parse(equation, operands)
    pairs = [_without_repeats(x, labels) for x, labels in zip(operands, inputs, strict=True)]
    sizes = _sizes(equation, pairs)
    unknown = [label for label in output if label not in sizes]
    if unknown or len(set(output)) != len(output):
        raise UserError(f"einsum of {equation!r}: each letter of the result must occur once in it, and in an operand")
    pairs = [_without_broadcasts(x, labels, sizes) for x, labels in pairs]
    x, labels = pairs[0]
    for i, (y, others) in enumerate(pairs[1:], 2):
        later = set(output).union(*(rest for _, rest in pairs[i:]))
        x, labels = _contract(x, labels, y, others, later, sizes)
    x, labels = _summed(x, labels, set(output))
    order = [label for label in output if label in labels]  # those lacking were of size 1 everywhere
    x = permute(x, *(labels.index(label) for label in order))
    return reshape(x, tuple(sizes[label] for label in output))


def _parse(equation, operands):
    """The labels of each operand's axes and of the result's: letters, and numbers from the right for ``...``."""
    text = equation.replace(" ", "").replace("...", ".")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    alphabet = set(string.ascii_letters + ".")
    if any(set(part) - alphabet or part.count(".") > 1 for part in (*parts, right)):
        raise UserError(f"einsum cannot read {equation!r}; it needs letters, commas, '...' and '->': 'ij,jk->ik'")
    if len(parts) != len(operands) or not operands:
        raise UserError(f"einsum of {equation!r} names {len(parts)} operands, and got {len(operands)}")
    extra = [x.ndim - len(part.replace(".", "")) for x, part in zip(operands, parts, strict=True)]
    for x, part, n in zip(operands, parts, extra, strict=True):
        if n < 0 or (n and "." not in part):
            raise ShapeError(f"einsum of {equation!r} got a tensor of shape {tuple(x.shape)} for {part!r}")
    most = max((n for n, part in zip(extra, parts, strict=True) if "." in part), default=0)
    inputs = [_labels(part, n) for part, n in zip(parts, extra, strict=True)]
    if arrow:
        return inputs, _labels(right, most)
    counts = Counter(left)
    return inputs, [*_labels(".", most), *(c for c in sorted(counts) if c.isalpha() and counts[c] == 1)]


def _labels(part, extra):
    before, dots, after = part.partition(".")
    return [*before, *(range(extra)[::-1] if dots else ()), *after]


def _without_repeats(x, labels):
    """x with one axis for each label: the diagonal of those that are named twice."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            a = labels.index(label)
            b = labels.index(label, a + 1)
            if x.shape[a] != x.shape[b]:
                raise ShapeError(
                    f"einsum takes the diagonal {label!r} of axes of {x.shape[a]} and {x.shape[b]} entries"
                )
            x = diagonal(x, 0, a, b)
            labels = [other for i, other in enumerate(labels) if i not in (a, b)] + [label]
    return x, labels


def _sizes(equation, pairs):
    sizes = {}
    for x, labels in pairs:
        for label, n in zip(labels, x.shape, strict=True):
            if sizes.get(label, 1) != 1 and n not in (1, sizes[label]):
                axis = "an axis of '...'" if isinstance(label, int) else repr(label)
                raise ShapeError(
                    f"einsum of {equation!r}: {axis} has {sizes[label]} entries in one operand, {n} in another"
                )
            sizes[label] = n if sizes.get(label, 1) == 1 else sizes[label]
    return sizes


def _without_broadcasts(x, labels, sizes):
    """x without its axes of size 1: a factor that is the same all along an axis needs no such axis."""
    single = tuple(i for i, label in enumerate(labels) if x.shape[i] == 1)
    return squeeze(x, single) if single else x, [label for i, label in enumerate(labels) if i not in single]


def _summed(x, labels, wanted):
    """x without the axes that nothing asks for."""
    gone = tuple(i for i, label in enumerate(labels) if label not in wanted)
    return sum(x, gone) if gone else x, [label for label in labels if label in wanted]


def _contract(x, xs, y, ys, later, sizes):
    """The product of two operands as one (batched) matrix product, and its labels."""
    x, xs = _summed(x, xs, later.union(ys))
    y, ys = _summed(y, ys, later.union(xs))
    batch = [label for label in xs if label in ys and label in later]
    inner = [label for label in xs if label in ys and label not in later]
    rows, columns = [label for label in xs if label not in ys], [label for label in ys if label not in xs]
    shape = [[sizes[label] for label in group] for group in (batch, rows, inner, columns)]
    b, m, k, n = map(math.prod, shape)
    x = reshape(permute(x, *map(xs.index, (*batch, *rows, *inner))), (b, m, k) if batch else (m, k))
    y = reshape(permute(y, *map(ys.index, (*batch, *inner, *columns))), (b, k, n) if batch else (k, n))
    z = matmul(x, y) if inner else x * y
    return reshape(z, (*shape[0], *shape[1], *shape[3])), [*batch, *rows, *columns]
