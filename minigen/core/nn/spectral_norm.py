"""Spectral normalisation: a layer whose weight has largest singular value 1."""

import numpy as np

from ... import backends
from ...errors import UserError
from ..tensor import Tensor
from .module import Module


class SpectralNorm(Module):
    """The layer with weight W/σ(W): it stretches no input by more than 1 (a convolution: its weight as a matrix).

    W is viewed as a matrix M (…·in, out). Power iteration u ← Mᵀv/‖Mᵀv‖, v ← M u/‖M u‖, one step for each training
    call, keeps track of the leading singular vectors; σ = vᵀ M u. u and v count as constants, so dσ/dM = v uᵀ and the
    gradient is that of the paper's equation 12. They are buffers, and evaluation leaves them alone.

    Args:
        layer: Linear, Conv1d, Conv2d or ConvTranspose2d; any module with ``weight`` and ``transform(x, weight)``.
        n_power_iterations: steps for each training call.
        eps: smallest norm to divide by.
        rng: a `numpy.random.Generator` for the first u.
    Source: Spectral Normalization for Generative Adversarial Networks. Miyato, Kataoka, Koyama, Yoshida, 2018,
    https://arxiv.org/abs/1802.05957
    """

    WARM_UP = 15  # steps at construction, so that the first σ is close

    def __init__(self, layer, n_power_iterations=1, eps=1e-12, *, rng):
        if not hasattr(layer, "transform") or n_power_iterations < 1:
            raise UserError(
                f"SpectralNorm got a {type(layer).__name__} and n_power_iterations={n_power_iterations}; it needs a"
                " layer with transform(x, weight), such as Linear or Conv2d, and at least one iteration"
            )
        self.layer, self.n_power_iterations, self.eps = layer, n_power_iterations, eps
        weight = layer.weight
        rows, columns = weight.numel() // max(weight.shape[-1], 1), weight.shape[-1]
        self.register_buffer("u", self._unit(rng.standard_normal(columns)).astype(weight.dtype))
        self.register_buffer("v", self._unit(rng.standard_normal(rows)).astype(weight.dtype))
        self._iterate(self.WARM_UP)

    def forward(self, x):
        if self.training:
            self._iterate(self.n_power_iterations)
        return self.layer.transform(x, self.weight)

    @property
    def weight(self):
        """W/σ, differentiable in W; of W's shape."""
        weight = self.layer.weight
        u, v = Tensor(self.u), Tensor(self.v)  # copies: the next call's iteration must not change what this graph saved
        sigma = v @ (weight.reshape(v.shape[0], u.shape[0]) @ u)
        return weight / sigma

    def _iterate(self, steps):
        matmul = backends.current().matmul
        matrix = self.layer.weight._array.reshape(self.v.shape[0], self.u.shape[0])
        u, v = self.u._array[:, None], self.v._array[None, :]
        for _ in range(steps):
            u = self._unit(matmul(v, matrix)).T
            v = self._unit(matmul(matrix, u)).T
        self.u.copy_(u[:, 0])
        self.v.copy_(v[0])

    def _unit(self, x):
        return x / max(float(np.sqrt(np.square(x).sum())), self.eps)

    def extra_repr(self):
        return f"n_power_iterations={self.n_power_iterations}"
