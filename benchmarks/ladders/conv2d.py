"""How a convolution gets fast: ``python -m benchmarks.ladders.conv2d`` climbs from seven loops to Winograd.

Every rung computes y[n, h, w, o] = Σ_{i, j, c} x[n, h + i − 1, w + j − 1, c] · weight[i, j, c, o], images (N, H, W, C),
kernel 3×3, one thread, float32; `ladder` says how it is checked and timed.

1. *Seven loops*, compiled as they stand. Each multiplication waits for the addition before it (four cycles), one number
   at a time, where the core could start two vectors of 16 in each cycle.
2. *im2col*: write the 9·C numbers that a pixel of y needs side by side, for all pixels, and let one matrix product do
   the rest. The product is as fast as the machine; but the image was written out nine times over, and is read again.
3. *The register tile* (`backends/cpu/simd`). With channels last, the numbers that one row of the kernel meets lie side
   by side in the image as it is, so the tile of the matrix product can walk through it by strides: nothing is copied.
   This rung does every multiplication at nearly the rate of the hardware. More is not to be had by doing them faster.
4. *Winograd F(2×2, 3×3)* (`backends/cpu/winograd`): a tile of 2×2 results from 16 multiplications instead of 36, for
   some additions before and after. Their cost is what keeps the gain below 2.25.
5. *Winograd F(4×4, 3×3)*: 4×4 results from 36 multiplications instead of 144. The transforms are larger, but each
   serves more pixels. Beyond this the numbers grow and rounding errors with them: 2.5 times the direct sum's here.

GFLOP/s are those of the direct method, which is to say the rate at which it would have to multiply and add to be as
fast: Winograd's may be beyond the limit.
"""

from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from numba import njit

from minigen.backends.cpu import conv, gemm
from minigen.backends.cpu.transforms import ALGORITHMS
from minigen.backends.reference import conv as reference

from .ladder import Ladder

SAME = ((1, 1), (1, 1), (1, 1), 1)  # stride, padding, dilation, groups


@njit(cache=True)
def _loops(x, weight, y):
    images, height, width, channels = x.shape
    for n in range(images):
        for h in range(height):
            for w in range(width):
                for o in range(weight.shape[3]):
                    total = x.dtype.type(0)
                    for i in range(max(0, 1 - h), min(3, height + 1 - h)):
                        for j in range(max(0, 1 - w), min(3, width + 1 - w)):
                            for c in range(channels):
                                total += x[n, h + i - 1, w + j - 1, c] * weight[i, j, c, o]
                    y[n, h, w, o] = total


def seven_loops(x, weight):
    """Rung 1: x (N, H, W, C), weight (3, 3, C, O) to y (N, H, W, O), as all rungs."""
    y = np.empty((*x.shape[:3], weight.shape[3]), x.dtype)
    _loops(x, weight, y)
    return y


def im2col(x, weight):
    """Rung 2."""
    windows = np.lib.stride_tricks.sliding_window_view(reference.pad_image(x, (1, 1)), (3, 3), (1, 2))
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, weight[..., 0].size)  # (N·H·W, 9·C): the copy
    return gemm.matmul(columns, weight.reshape(-1, weight.shape[3])).reshape(*x.shape[:3], -1)


@contextmanager
def _method(algorithm):
    """What ships chooses by the shape; here it is told."""
    with patch.object(conv, "algorithm_for", lambda *shapes: algorithm):
        yield


def direct(x, weight):
    """Rung 3."""
    with _method(None):
        return conv.conv2d(x, weight, *SAME)


def winograd_2(x, weight):
    """Rung 4."""
    with _method(ALGORITHMS.index((2, 3))):
        return conv.conv2d(x, weight, *SAME)


def winograd_4(x, weight):
    """Rung 5."""
    with _method(ALGORITHMS.index((4, 3))):
        return conv.conv2d(x, weight, *SAME)


def draw(images, height, width, channels, outputs, seed=0):
    """Normal numbers: x (N, H, W, C) and weight (3, 3, C, O), float32."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((images, height, width, channels), np.float32)
    return x, rng.standard_normal((3, 3, channels, outputs), np.float32)


LADDER = Ladder(
    rungs=(seven_loops, im2col, direct, winograd_2, winograd_4),
    exact=lambda x, weight: reference.conv2d(x, weight, *SAME),
    draw=draw,
    operations=lambda images, height, width, channels, outputs: 2 * images * height * width * 9 * channels * outputs,
    shapes=((16, 32, 32, 32, 32), (16, 16, 16, 64, 64), (64, 8, 8, 64, 64)),
    title="N={} H={} W={} C={} O={}, 3×3",
)

if __name__ == "__main__":
    LADDER.main(__doc__)
