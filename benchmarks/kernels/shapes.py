"""What is timed: products of matrices and convolutions, by their sizes alone.

Both know their closed-form number of operations (multiplications and additions of the direct method), the numbers that
must move (each operand read once, the result written once), and draw operands for it.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

ITEM = 4  # bytes of a float32


@dataclass(frozen=True)
class Product:
    """C (batch, m, n) = A (batch, m, k) · B (batch, k, n), float32.

    Args:
        m, k, n: of the product, whatever the layout.
        layout: of A and B in memory: N as they stand, T transposed. With weights W (in, out), X W is NN, the
            gradient of X, G Wᵀ, is NT, and that of W, Xᵀ G, is TN.
        batch: products of as many pairs of matrices.
    """

    m: int
    k: int
    n: int
    layout: str = "NN"
    batch: int = 1

    @property
    def kind(self):
        """What its points and rows are grouped by."""
        return f"matmul {self.layout}"

    @property
    def name(self):
        """Sizes in one word."""
        return (f"{self.batch}×" if self.batch > 1 else "") + f"({self.m},{self.k})·({self.k},{self.n})"

    @property
    def operations(self):
        """Multiplications and additions."""
        return 2 * self.batch * self.m * self.k * self.n

    @property
    def bytes(self):
        """Of both factors and the result."""
        return ITEM * self.batch * (self.m * self.k + self.k * self.n + self.m * self.n)

    def operands(self, seed=0):
        """A and B; a transposed one is a view of an array that lies the other way."""
        rng = np.random.default_rng(seed)
        shapes = ((self.m, self.k), (self.k, self.n))
        batch = (self.batch,) if self.batch > 1 else ()
        return tuple(
            rng.standard_normal((*batch, *shape), np.float32)
            if letter == "N"
            else rng.standard_normal((*batch, *shape[::-1]), np.float32).swapaxes(-1, -2)
            for letter, shape in zip(self.layout, shapes, strict=True)
        )


@dataclass(frozen=True)
class Convolution:
    """y (N, OH, OW, O) = x (N, H, W, C) ∗ w (KH, KW, C, O), or one of its gradients, float32.

    Args:
        part: "forward"; "input grad", from (g, w) to x's shape, which is also the transposed convolution of g; or
            "weight grad", from (x, g) to w's shape.
        image: (N, H, W, C).
        kernel: (KH, KW).
        outputs: O.
        stride, padding: the same along both axes.
    """

    part: str
    image: tuple[int, int, int, int]
    kernel: tuple[int, int]
    outputs: int
    stride: int = 1
    padding: int = 0

    @property
    def kind(self):
        """What its points and rows are grouped by."""
        return f"conv2d {self.part}"

    @property
    def name(self):
        """Sizes in one word."""
        n, h, w, c = self.image
        stride = f" /{self.stride}" if self.stride > 1 else ""
        return f"{n}×{h}×{w}, {c}→{self.outputs}, {self.kernel[0]}×{self.kernel[1]}{stride}"

    @property
    def result(self):
        """(N, OH, OW, O)."""
        n, h, w, _ = self.image
        height, width = (
            (size + 2 * self.padding - k) // self.stride + 1 for size, k in zip((h, w), self.kernel, strict=True)
        )
        return n, height, width, self.outputs

    @property
    def weight(self):
        """(KH, KW, C, O)."""
        return (*self.kernel, self.image[3], self.outputs)

    @property
    def operations(self):
        """Multiplications and additions of the direct method, those that meet the padding included."""
        return 2 * math.prod(self.result) * math.prod(self.weight[:3])

    @property
    def bytes(self):
        """Of both operands and the result, which are image, weight and outcome in some order."""
        return ITEM * sum(map(math.prod, (self.image, self.weight, self.result)))

    def operands(self, seed=0):
        """The two that ``part`` takes, in the order of the kernels' arguments."""
        shapes = {
            "forward": (self.image, self.weight),
            "input grad": (self.result, self.weight),
            "weight grad": (self.image, self.result),
        }
        rng = np.random.default_rng(seed)
        return tuple(rng.standard_normal(shape, np.float32) for shape in shapes[self.part])


def smaller(shape, images=2):
    """The same with fewer images, or rows, for `--quick` and tests."""
    if isinstance(shape, Convolution):
        return replace(shape, image=(min(images, shape.image[0]), *shape.image[1:]))
    return replace(shape, batch=min(images, shape.batch))


def to_json(shape):
    """A shape as JSON can say it."""
    return asdict(shape)


def from_json(fields):
    """And back."""
    if "part" not in fields:
        return Product(**fields)
    return Convolution(**fields | {"image": tuple(fields["image"]), "kernel": tuple(fields["kernel"])})
