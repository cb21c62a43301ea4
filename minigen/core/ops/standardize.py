"""Standardisation, the op under every normalisation, and its derivative: an op too.

x is (N, P, G, D): mean 0 and variance 1 over P and D, for each n and g. Which axes these are tells `norm`.
"""

from ..autograd import Op
from .elementwise import rsqrt
from .shape import reshape


class Standardize(Op):
    """x̂ = (x − μ) / √(σ² + ε) over P and D of (N, P, G, D); returns x̂, μ, σ² (biased), the latter (N, G).

    With r = (σ² + ε)^(−½): dx = r (g − mean g − x̂ mean(g x̂)), and μ, σ² add g_μ/n + 2 g_σ² (x − μ)/n.
    """

    saves_outputs = (0, 2)

    def forward(self, x):
        return self.kernels.standardize(x, self.eps)

    def backward(self, g, g_mean, g_var):
        return standardize_vjp(g, g_mean, g_var, *self.outputs, self.eps)


class StandardizeGrad(Op):
    """u = r (g − mean g − x̂ mean(g x̂)), a fused backward with a derivative of its own.

    It is self-adjoint in g; du by x̂: −r (h mean(g x̂) + g mean(h x̂)); by σ²: −r²/2 Σ h u.
    """

    saves = (0, 1, 2)
    saves_outputs = (0,)

    def forward(self, g, xhat, var):
        return self.kernels.standardize_grad(g, xhat, var, self.eps)

    def backward(self, h):
        g, xhat, var = self.saved
        (u,) = self.outputs
        scale = var + self.eps
        return (
            lambda: StandardizeGrad.apply(h, xhat, var, eps=self.eps),
            lambda: -_per_group(rsqrt(scale)) * (h * _mean(g * xhat) + g * _mean(h * xhat)),
            lambda: (h * u).sum((1, 3)) * -0.5 / scale,
        )


def standardize_vjp(g, g_mean, g_var, xhat, var, eps):
    """The gradient in x of `Standardize`, from those of its three outputs: (N, P, G, D) and twice (N, G), or None."""
    _, p, _, d = xhat.shape
    total = None if g is None else StandardizeGrad.apply(g, xhat, var, eps=eps)
    if g_mean is not None:
        spread = (_per_group(g_mean) / (p * d)).expand(xhat.shape)
        total = spread if total is None else total + spread
    if g_var is not None:
        centred = xhat * _per_group((var + eps) ** 0.5)
        spread = centred * _per_group(g_var) * (2.0 / (p * d))
        total = spread if total is None else total + spread
    return total


def _mean(x):
    return x.mean((1, 3), keepdim=True)


def _per_group(x):
    """(N, G) to (N, 1, G, 1)."""
    return reshape(x, (x.shape[0], 1, x.shape[1], 1))
