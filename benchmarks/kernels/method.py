"""By which method the shipped kernels compute a shape, and how many operations that method takes.

What they choose is seen by watching them run: a convolution is handed down as one or several plain ones (the input
gradient of a stride of 2 is four), each direct or by Winograd; or, to few channels, is one product of all pixels and
taps. The direct method takes 2·N·OH·OW·O·KH·KW·C operations. Winograd's, with tiles of m×m results from t×t products,
t = m + r − 1, takes for each tile

    2 t² C O for the products, and for each channel of image and result two small matrix products, Bᵀ X B and Aᵀ M A,

and once G W Gᵀ. A small product is counted as it is emitted (`minigen.backends.cpu.transforms`): zeros cost nothing, a
coefficient of ±1 one addition, another a multiplication and an addition. That is the least the method can do: what the
kernels compute twice, they are not credited for.
"""

from dataclasses import dataclass
from math import prod
from unittest.mock import patch

from minigen.backends.cpu import conv, conv_grad, winograd
from minigen.backends.cpu.transforms import ALGORITHMS, bilinear

from .calls_minigen import call
from .shapes import Convolution


@dataclass(frozen=True)
class Step:
    """One plain convolution, x (N, H, W, C) to y (N, OH, OW, O), or its weight gradient, which takes as many.

    Args:
        taps: (KH, KW).
        algorithm: index of `ALGORITHMS`, or None for the direct method.
    """

    x: tuple
    y: tuple
    taps: tuple
    stride: tuple
    algorithm: int | None

    @property
    def name(self):
        """In words."""
        if self.algorithm is None:
            return "direct"
        m, r = ALGORITHMS[self.algorithm]
        return f"Winograd F({m}×{m}, {r}×{r})"

    @property
    def direct_operations(self):
        """Of the direct method."""
        return 2 * prod(self.y) * prod(self.taps) * self.x[3]

    @property
    def operations(self):
        """Of the method that was chosen."""
        if self.algorithm is None:
            return self.direct_operations
        m, r = ALGORITHMS[self.algorithm]
        t, (n, height, width, outputs) = m + r - 1, self.y
        depth, tiles = self.x[3] * prod(self.stride), n * -(-height // m) * -(-width // m)
        a, g, b = (additions(matrix) * sum(matrix.shape) for matrix in bilinear(m, r))
        return 2 * tiles * t * t * depth * outputs + tiles * (depth * b + outputs * a) + depth * outputs * g


def additions(matrix):
    """Operations of a matrix times a vector: the first term of a row is free where its coefficient is 1."""
    total = 0
    for row in matrix:
        first, *others = sorted((c for c in row if c), key=lambda c: c != 1)
        total += int(first != 1) + sum(1 if abs(c) == 1 else 2 for c in others)
    return total


def steps_of(shape):
    """The `Step`s of a `Convolution` as the shipped kernels take them; the call is made to see."""
    seen = []

    def watched(dtype, x_shape, y_shape, taps, stride, dilation, groups):
        algorithm = winograd.algorithm_for(dtype, x_shape, y_shape, taps, stride, dilation, groups)
        seen.append(Step(tuple(x_shape), tuple(y_shape), tuple(taps), tuple(stride), algorithm))
        return algorithm

    with (
        patch.object(conv, "algorithm_for", watched),
        patch.object(conv_grad, "algorithm_for", watched),
        patch.object(conv, "_phases_at_once", lambda *phases: False),  # asks for all at once, and takes the same steps
    ):
        call(shape, shape.operands())()
    return seen


def method_of(shape):
    """(the method's name, its operations) of a shape."""
    if not isinstance(shape, Convolution):
        return "product", shape.operations
    steps = steps_of(shape)
    if steps:
        return " + ".join(sorted({step.name for step in steps})), sum(step.operations for step in steps)
    # no plain convolution was handed down: one product of all pixels, or, by `few_channels`, of all pixels and taps
    twice = (shape.stride,) * 2, (shape.padding,) * 2
    return "product" if conv.pointwise(shape.kernel, *twice, 1) else "taps first", shape.operations
