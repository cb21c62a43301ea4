"""The radially averaged power spectrum: how much of an image varies how finely.

Blurred samples lack power at high frequencies, noisy ones have too much there; neither shows in a likelihood or in
features that were trained to ignore it.

Reference: Watch Your Up-Convolution: CNN Based Generative Deep Neural Networks Are Failing to Reproduce Spectral
Distributions. Durall, Keuper, Keuper, 2020, https://arxiv.org/abs/2003.01826
"""

import math

import numpy as np

from ..errors import ShapeError
from .score import Score, jackknife_variance

FLOOR = 1e-6
"""Power that any 8-bit image has by its rounding, 1/(12 · 255²): added, so that an empty ring has a logarithm."""


def frequencies(shape: tuple[int, ...]) -> np.ndarray:
    """The mean frequency (R,) of each ring, in cycles per pixel, of images (H, W, C): 1/2 is the finest along an axis.

    Ring r holds the waves with r − 1/2 ≤ |f| L < r + 1/2, L the longer side: r = 0 is the mean brightness alone.
    """
    frequency, ring = _rings(shape[0], shape[1])
    return np.bincount(ring.ravel(), frequency.ravel()) / np.bincount(ring.ravel())


def power_spectrum(images: np.ndarray) -> np.ndarray:
    """Each image's mean power in each ring of frequencies: (N, H, W, C) to (N, R), float64.

    |F|²/(HW) of the discrete Fourier transform F, averaged over the ring and the channels: white noise of variance
    σ² has σ² in every ring, and the sum over all waves is that of the squared pixels.

    Raises:
        ShapeError: other shapes, or no image.
    """
    images = np.asarray(images, np.float64)
    if images.ndim != 4 or 0 in images.shape:
        raise ShapeError(f"a power spectrum got images of shape {images.shape}; wanted (N, H, W, C) with N ≥ 1")
    n, height, width, _ = images.shape
    _, ring = _rings(height, width)
    count = np.bincount(ring.ravel())
    power = np.empty((n, len(count)))
    for a in range(0, n, 500):
        waves = np.abs(np.fft.fft2(images[a : a + 500], axes=(1, 2))) ** 2
        waves = waves.mean(-1).reshape(len(waves), -1) / (height * width)  # (rows, HW)
        for k, row in enumerate(waves):
            power[a + k] = np.bincount(ring.ravel(), row, len(count)) / count
    return power


def spectral_distance(x: np.ndarray, y: np.ndarray) -> Score:
    """√(mean_r ln²(P_x(r)/P_y(r))) of the mean spectra of images x (N, H, W, C) and y (M, H, W, C), with its error.

    .1 is a factor of about 1.1 in a typical ring. The mean brightness, r = 0, counts as the other rings do. The error
    is the jackknife's. The distance is positive for any finite N, so hold it against its floor.

    Raises:
        ShapeError: images of different shapes, or fewer than 2.
    """
    p, q = power_spectrum(x) + FLOOR, power_spectrum(y) + FLOOR
    if np.shape(x)[1:] != np.shape(y)[1:] or min(len(p), len(q)) < 2:
        raise ShapeError(f"spectra got images {np.shape(x)} and {np.shape(y)}; wanted at least 2 each, of one shape")
    variance = jackknife_variance(_log_ratio(_means_without_each(p), q.mean(0)))
    variance += jackknife_variance(_log_ratio(_means_without_each(q), p.mean(0)))
    return Score(float(_log_ratio(p.mean(0), q.mean(0))), min(len(p), len(q)), math.sqrt(variance))


def _log_ratio(p, q):
    return np.sqrt((np.log(p / q) ** 2).mean(-1))


def _means_without_each(values):
    return (values.sum(0) - values) / (len(values) - 1)


def _rings(height, width):
    """|f| of each wave, (H, W), and the ring that it lies in."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    ring = np.floor(frequency * max(height, width) + 0.5).astype(np.int64)
    return frequency, np.unique(ring, return_inverse=True)[1].reshape(ring.shape)  # no ring is empty
