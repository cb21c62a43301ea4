"""How many arithmetic operations a computation takes: counted op by op as they run, gradients of gradients included.

A product of matrices (M, K)·(K, N) is M·N·K multiplications and as many additions, 2·M·N·K operations; a convolution is
2·(values of its output)·(numbers that each of them meets), and so are its two gradients, which run through the same
triples of input, weight and output. Every other op counts one operation for each value of the largest array that it
reads or writes, whatever the function costs; an op that only looks at the same numbers in another way counts none.

This is the work of the plain method. A kernel may get by with less (Winograd's convolution needs 2.25 times fewer
multiplications), which makes it faster, not the model smaller.
"""

import math
from collections import Counter

from ..core.autograd.modes import state
from ..core.ops import conv, dense, linalg, mlp


class OperationCount:
    """What `count_operations` found so far.

    Attributes:
        by_op: a Counter, the name of an op to its operations.
        calls: a Counter, the name of an op to how often it ran.
    """

    def __init__(self):
        self.by_op, self.calls = Counter(), Counter()

    @property
    def total(self):
        """All operations, an int."""
        return sum(self.by_op.values())


class count_operations:
    """Count the operations of the ops that run inside, forward and backward::

        with count_operations() as count:
            loss = model.loss(batch, rng)["loss"]
            loss.backward()
        count.total, count.by_op.most_common(3)

    Not inside `minigen.anomaly`, and no `anomaly` inside: both watch the same ops. Only this thread's ops are counted,
    and of an optimiser, whose update is no op, nothing.
    """

    def __enter__(self):
        self._previous, state.watch = state.watch, self
        self._count = OperationCount()
        return self._count

    def __exit__(self, *exception):
        state.watch = self._previous

    def check(self, op, phase, inputs, outputs):
        """The engine's call after each op; a backward pass is made of ops, each of which calls for itself."""
        if phase == "forward":
            self._count.calls[op.name] += 1
            self._count.by_op[op.name] += operations_of(op, inputs, outputs)

    def backward_of(self, op):
        """The engine's frame round an op's backward: nothing changes in it."""
        return _SAME


class _Same:
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None


_SAME = _Same()


def operations_of(op, inputs, outputs):
    """The operations of one op, an int, given its input and output arrays (or numbers)."""
    rule = RULES.get(type(op))
    if rule is not None:
        return rule(op, inputs, outputs)
    if op.is_view:
        return 0
    return max((array.size for array in (*inputs, *outputs) if hasattr(array, "size")), default=0)


def _product(inner):
    """2 · (values of the result) · K, K read off the first factor's axis ``inner``."""
    return lambda op, inputs, outputs: 2 * outputs[0].size * inputs[0].shape[inner]


def _taps(weight):
    """The numbers that one value of a convolution's output meets."""
    return math.prod(weight.shape[:3])


def _network(op, inputs, outputs):
    return 2 * len(outputs[0]) * sum(weight.size for weight in inputs[1::2])


def _network_gradient(op, inputs, outputs):
    """A product for each weight, and one for what goes on from it, but for the first if its input has no gradient."""
    sizes = [weight.size for weight in inputs[1 + op.layers :]]
    return 2 * len(inputs[0]) * (2 * sum(sizes) - (0 if op.input_too else sizes[0]))


RULES = {
    linalg.MatMul: _product(-1),
    linalg.MatMulNT: _product(-1),
    linalg.MatMulTN: _product(-2),
    linalg.Linear: _product(-1),
    linalg.LinearWeightGrad: lambda op, inputs, outputs: 2 * inputs[0].size * inputs[1].shape[1],
    dense.LinearReLU: _product(-1),
    dense.LinearTanh: _product(-1),
    mlp.MultilayerPerceptron: _network,
    mlp.MultilayerPerceptronGrad: _network_gradient,
    conv.Conv2d: lambda op, inputs, outputs: 2 * outputs[0].size * _taps(inputs[1]),
    conv.Conv2dBias: lambda op, inputs, outputs: 2 * outputs[0].size * _taps(inputs[1]),
    conv.Conv2dInputGrad: lambda op, inputs, outputs: 2 * inputs[0].size * _taps(inputs[1]),
    conv.Conv2dWeightGrad: lambda op, inputs, outputs: 2 * inputs[1].size * _taps(outputs[0]),
}
"""Op -> its operations, of those that take more than one for each value."""
