"""An invertible linear map of the channels, whose determinant is read off its triangular factors."""

import numpy as np

from ...core.autograd.modes import state
from ...core.functional import exp, linear, matmul
from ...core.parameter import Parameter
from ...errors import GraphError
from .base import Bijector, places, same_for_all


class InvertibleConv1x1(Bijector):
    """y = x W with W = P L (U + diag(± e^s)), the same at every place; log_det = M Σ s, M the places of a datum.

    P is a permutation, L lower triangular with ones on its diagonal, U strictly upper triangular; P and the signs stay
    as a random rotation has them. For points (N, D) it is an invertible linear map, for images (N, H, W, C) a 1×1
    convolution. The inverse solves the two triangular systems; it is for sampling and has no gradient.

    Args:
        features: C, the number of channels.
        rng: NumPy generator for the initial rotation.
    Source: Glow: Generative Flow with Invertible 1×1 Convolutions. Kingma, Dhariwal, 2018,
    https://arxiv.org/abs/1807.03039
    """

    def __init__(self, features, *, rng):
        rotation = np.linalg.qr(rng.standard_normal((features, features)))[0]
        permutation, lower, upper = lu(rotation)
        diagonal = np.diag(upper)
        self.lower = Parameter(np.tril(lower, -1).astype(np.float32))
        self.upper = Parameter(np.triu(upper, 1).astype(np.float32))
        self.log_scale = Parameter(np.log(np.abs(diagonal)).astype(np.float32))
        self.register_buffer("permutation", np.eye(features, dtype=np.float32)[permutation])
        self.register_buffer("sign", np.sign(diagonal).astype(np.float32))
        self.register_buffer("below", np.tril(np.ones((features, features), np.float32), -1), persistent=False)
        self.register_buffer("identity", np.eye(features, dtype=np.float32), persistent=False)

    def factors(self):
        """L and U + diag(± e^s), both (C, C)."""
        lower = self.lower * self.below + self.identity
        upper = self.upper * self.below.T + self.identity * (self.sign * exp(self.log_scale))
        return lower, upper

    def forward(self, x, context=None):
        lower, upper = self.factors()
        weight = matmul(matmul(self.permutation, lower), upper)
        return linear(x, weight), self._log_det(x)

    def inverse(self, y, context=None):
        if state.recording and (y.requires_grad or self.lower.requires_grad):
            raise GraphError(
                "InvertibleConv1x1.inverse solves triangular systems outside the graph, so no gradient passes through"
                " it; call it inside `with minigen.no_grad():`"
            )
        lower, upper = (factor.numpy() for factor in self.factors())
        rows = y.numpy().reshape(-1, y.shape[-1])
        rows = solve_lower(solve_upper(rows, upper), lower) @ self.permutation.numpy().T
        return y.wrap(np.ascontiguousarray(rows).reshape(y.shape)), -self._log_det(y)

    def _log_det(self, x):
        return same_for_all(self.log_scale.sum() * places(x), x)


def lu(a):
    """Rows ``permutation`` (C,), unit lower L and upper U with a = eye[permutation] L U, by partial pivoting."""
    upper, order = np.array(a, np.float64), np.arange(len(a))
    lower = np.zeros_like(upper)
    for j in range(len(a)):
        pivot = j + np.argmax(np.abs(upper[j:, j]))
        for rows in (upper, lower, order):
            rows[[j, pivot]] = rows[[pivot, j]]
        lower[j + 1 :, j] = upper[j + 1 :, j] / upper[j, j]
        upper[j + 1 :] -= lower[j + 1 :, j : j + 1] * upper[j]
    return np.argsort(order), lower + np.eye(len(a)), np.triu(upper)


def solve_upper(rows, upper):
    """X with X U = rows (M, C), U upper triangular (C, C): one column after the other."""
    x = np.empty_like(rows, order="F")
    for j in range(rows.shape[1]):
        x[:, j] = (rows[:, j] - x[:, :j] @ upper[:j, j]) / upper[j, j]
    return x


def solve_lower(rows, lower):
    """X with X L = rows (M, C), L lower triangular with ones on its diagonal (C, C)."""
    x = np.empty_like(rows, order="F")
    for j in reversed(range(rows.shape[1])):
        x[:, j] = rows[:, j] - x[:, j + 1 :] @ lower[j + 1 :, j]
    return x
