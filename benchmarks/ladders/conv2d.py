"""How a convolution gets fast: ``python -m benchmarks.ladders.conv2d`` climbs from seven loops to Winograd.

Every rung computes y[n, h, w, o] = Σ_{i, j, c} x[n, h + i − 1, w + j − 1, c] · weight[i, j, c, o], images (N, H, W, C),
kernel 3×3, one thread, float32. Each must agree with the reference in float64 before anything is timed; then all are
timed in turn, round by round, so that a slow spell of the machine meets all of them, and the fastest round counts.

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

The column "GFLOP/s of direct" is the rate at which the direct method would have to multiply and add to be as
fast.
"""

import argparse
from contextlib import contextmanager
from time import perf_counter
from unittest.mock import patch

import numpy as np
from numba import njit

from minigen.backends.cpu import conv, gemm, threads
from minigen.backends.cpu.transforms import ALGORITHMS
from minigen.backends.reference import conv as reference

SAME = ((1, 1), (1, 1), (1, 1), 1)  # stride, padding, dilation, groups
SHAPES = ((16, 32, 32, 32, 32), (16, 16, 16, 64, 64), (64, 8, 8, 64, 64))  # N, H, W, C, O
TOLERANCE = 1e-4  # of the largest result; what a wrong index gives is of the order of 1


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


RUNGS = (seven_loops, im2col, direct, winograd_2, winograd_4)


def draw(images, height, width, channels, outputs, seed=0):
    """Normal numbers: x (N, H, W, C) and weight (3, 3, C, O), float32."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((images, height, width, channels), np.float32)
    return x, rng.standard_normal((3, 3, channels, outputs), np.float32)


def validate(x, weight):
    """The largest error of each rung, as a part of the largest result; AssertionError where one is beyond TOLERANCE."""
    exact = reference.conv2d(x.astype(np.float64), weight.astype(np.float64), *SAME)
    errors = {rung.__name__: abs(rung(x, weight) - exact).max() / abs(exact).max() for rung in RUNGS}
    for name, error in errors.items():
        assert error <= TOLERANCE, f"{name} is off by {error:.1e} of the largest result"
    return errors


def climb(x, weight, rounds):
    """Seconds of each rung, the least of so many interleaved rounds."""
    seconds = dict.fromkeys((rung.__name__ for rung in RUNGS), np.inf)
    for _ in range(rounds):
        for rung in RUNGS:
            begin = perf_counter()
            rung(x, weight)
            seconds[rung.__name__] = min(seconds[rung.__name__], perf_counter() - begin)
    return seconds


def main(argv=None):
    """Print a table for each of `SHAPES`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="of which the fastest counts")
    rounds = parser.parse_args(argv).rounds
    threads.set_threads(1)
    for shape in SHAPES:
        x, weight = draw(*shape)
        errors, seconds = validate(x, weight), climb(x, weight, rounds)
        print("\nN={} H={} W={} C={} O={}, 3×3".format(*shape))
        print(f"{'':14}{'ms':>9}{'GFLOP/s of direct':>20}{'× the rung below':>19}{'largest error':>16}")
        before = None
        for name, least in seconds.items():
            rate = 2 * x.size * 9 * shape[4] / least / 1e9
            gain = "" if before is None else f"{before / least:.2f}"
            print(f"{name:14}{least * 1e3:9.2f}{rate:20.1f}{gain:>19}{errors[name]:16.1e}")
            before = least


if __name__ == "__main__":
    main()
