"""By which method the shipped kernels compute a shape, and how many operations that method takes.

What they choose is seen by watching them run: a convolution is handed down as one or several plain ones (the input
gradient of a stride of 2 is four), each direct or by Winograd; or, to few channels, is one product of all pixels and
taps. The direct method takes 2·N·OH·OW·O·KH·KW·C operations. Winograd's, with tiles of m×m results from t×t products,
t = m + r − 1, takes for each tile

    2 t² C O for the products, and for each channel of image and result two small matrix products, Bᵀ X B and Aᵀ M A,

and once G W Gᵀ. A small product is counted as it is emitted (`minigen.backends.cpu.transforms`): zeros cost nothing, a
coefficient of ±1 one addition, another a multiplication and an addition. That is the least the method can do: what the
kernels compute twice, they are not credited for.

The kernels do so in stages, and what one leaves for the next, t² numbers for each tile and channel, is too much for the
first cache: it is written to the second and read from there. So no stage ends sooner than its bytes have passed, nor
than its instructions have been issued, of which an addition alone takes as long as a multiply-add.
"""

from dataclasses import dataclass
from functools import partial
from math import prod
from unittest.mock import patch

from minigen.backends.cpu import conv, conv_grad, winograd
from minigen.backends.cpu.transforms import ALGORITHMS, STEPS

from .calls_minigen import call
from .shapes import ITEM, Convolution


@dataclass(frozen=True)
class Step:
    """One plain convolution, x (N, H, W, C) to y (N, OH, OW, O), or its weight gradient.

    Args:
        part: "forward" or "weight grad": the matrices of the one are transposed in the other.
        taps: (KH, KW).
        algorithm: index of `ALGORITHMS`, or None for the direct method.
    """

    part: str
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
        a, g, b = (sides(steps) * sum(map(additions, steps)) for steps in self._transforms)
        return 2 * tiles * t * t * depth * outputs + tiles * (depth * b + outputs * a) + depth * outputs * g

    @property
    def _transforms(self):
        """The steps of Aᵀ, G and Bᵀ; of the weight gradient of A, Gᵀ and Bᵀ."""
        image, weight, result, result_grad, weight_grad = STEPS[self.algorithm :: len(ALGORITHMS)]
        return (result, weight, image) if self.part == "forward" else (result_grad, weight_grad, image)

    @property
    def stages(self):
        """(operations that its instructions could do, bytes to and from the second cache) of each stage after another.

        The matrices of the weights; those of the image; the products; those of the result, or of its gradient. None of
        the direct method, which has but one stage.
        """
        if self.algorithm is None:
            return ()
        m, r = ALGORITHMS[self.algorithm]
        t, (n, height, width, outputs) = m + r - 1, self.y
        depth, tiles = self.x[3] * prod(self.stride), n * -(-height // m) * -(-width // m)
        a, g, b = (2 * sides(steps) * sum(map(instructions, steps)) for steps in self._transforms)
        weights, image, result = (ITEM * t * t * n for n in (depth * outputs, tiles * depth, tiles * outputs))
        products = 2 * tiles * t * t * depth * outputs, weights + image + result
        return (depth * outputs * g, weights), (tiles * depth * b, image), products, (tiles * outputs * a, result)


def sides(steps):
    """How often M, the product of steps, is applied for M X Mᵀ: to each column of X, then to each row of M X."""
    return len(steps[-1]) + steps[0].shape[1]


def additions(matrix):
    """Operations of a matrix times a vector: the first term of a row is free where its coefficient is 1."""
    return sum(int(first != 1) + sum(1 if abs(c) == 1 else 2 for c in others) for first, others in _terms(matrix))


def instructions(matrix):
    """Additions, multiplications and multiply-adds of the same."""
    return sum(int(first != 1) + len(others) for first, others in _terms(matrix))


def _terms(matrix):
    for row in matrix:
        first, *others = sorted((c for c in row if c), key=lambda c: c != 1)
        yield first, others


def steps_of(shape):
    """The `Step`s of a `Convolution` as the shipped kernels take them; the call is made to see."""
    seen = []

    def watched(part, dtype, x_shape, y_shape, taps, stride, dilation, groups):
        algorithm = winograd.algorithm_for(dtype, x_shape, y_shape, taps, stride, dilation, groups)
        seen.append(Step(part, tuple(x_shape), tuple(y_shape), tuple(taps), tuple(stride), algorithm))
        return algorithm

    with (
        patch.object(conv, "algorithm_for", partial(watched, "forward")),
        patch.object(conv_grad, "algorithm_for", partial(watched, "weight grad")),
        patch.object(conv, "_phases_at_once", lambda *phases: False),  # asks for all at once, and takes the same steps
    ):
        call(shape, shape.operands())()
    return seen


@dataclass(frozen=True)
class Method:
    """How a shape is computed: the ``name``, the ``operations``, and the ``stages`` of several, as of `Step`."""

    name: str
    operations: int
    stages: tuple = ()


def method_of(shape):
    """The `Method` of a shape."""
    if not isinstance(shape, Convolution):
        return Method("product", shape.operations)
    steps = steps_of(shape)
    if steps:
        name, operations = " + ".join(sorted({step.name for step in steps})), sum(step.operations for step in steps)
        stages = [step.stages or ((step.operations, 0),) for step in steps]
        return Method(name, operations, tuple(stage for each in stages for stage in each))
    # no plain convolution was handed down: one product of all pixels, or, by `few_channels`, of all pixels and taps
    twice = (shape.stride,) * 2, (shape.padding,) * 2
    return Method("product" if conv.pointwise(shape.kernel, *twice, 1) else "taps first", shape.operations)
