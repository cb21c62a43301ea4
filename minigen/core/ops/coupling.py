"""The affine coupling of points as one op, its tanh, its exponential and its log-determinant included."""

from ...errors import ShapeError
from ..autograd import Op
from .elementwise import exp
from .shape import cat
from .trigonometry import tanh


class AffineCoupling(Op):
    """y = x e^s + t in C columns from ``start`` on, y = x in the others, and l = Σ s;  s = tanh s₀.

    With g and h the gradients of y and l: dx = g e^s or g;  dt = g;  ds₀ = (g x e^s + h)(1 − s²).
    """

    saves = (0, 1)

    def forward(self, x, parameters):
        return self.kernels.affine_coupling(x, parameters, self.start)

    def backward(self, g, h):
        x, parameters = self.saved
        if g is None:
            g = self.wrap(self.kernels.zeros(x.shape, self.dtype))
        if h is None:
            h = self.wrap(self.kernels.zeros(x.shape[:1], self.dtype))
        return AffineCouplingGrad.apply(g, h, x, parameters, start=self.start)


class AffineCouplingGrad(Op):
    """The backward of `AffineCoupling`: dx (N, D) and (ds₀, dt) (N, 2 C), linear in g and h; its own in ops."""

    saves = (0, 1, 2, 3)

    def forward(self, g, h, x, parameters):
        return self.kernels.affine_coupling_grad(g, h, x, parameters, self.start)

    def backward(self, to_x, to_parameters):
        """With a, b, c the changed columns of what reaches dx, ds₀ and dt, E = e^s and F = 1 − s²:

        g: a E + c + b x E F (a where nothing changed);  h: Σ b F;  x: b g E F (0 where nothing changed);
        s₀: a g E F + b (g x E F² − 2 s F (g x E + h));  t: 0.
        """
        g, h, x, parameters = self.saved
        n, size = parameters.shape[0], parameters.shape[1] // 2
        a_all = self._or_zeros(to_x, x)
        b, c = self._or_zeros(to_parameters, parameters).chunk(2, -1)
        columns = slice(self.start, self.start + size)
        a, g_part, x_part = a_all[:, columns], g[:, columns], x[:, columns]
        s = tanh(parameters[:, :size])
        factor, slope = exp(s), 1.0 - s * s
        pull = b * factor * slope
        by_s = (
            a * g_part * factor * slope
            + b * (g_part * x_part * factor * slope - (g_part * x_part * factor + h.reshape(n, 1)) * s * 2.0) * slope
        )
        zeros = self.wrap(self.kernels.zeros((n, size), self.dtype))
        return (
            self._joined(a_all, a * factor + c + pull * x_part),
            (b * slope).sum(-1),
            self._joined(self.wrap(self.kernels.zeros(x.shape, self.dtype)), pull * g_part),
            cat((by_s, zeros), -1),
        )

    def _or_zeros(self, gradient, like):
        return self.wrap(self.kernels.zeros(like.shape, self.dtype)) if gradient is None else gradient

    def _joined(self, whole, part):
        """``whole`` (N, D) with ``part`` in the place of the changed columns."""
        return cat((whole[:, : self.start], part, whole[:, self.start + part.shape[1] :]), -1)


def affine_coupling(x, parameters, start):
    """RealNVP's coupling: y = x e^s + t in columns ``start`` … start + C − 1, y = x in the others; s = tanh s₀.

    Args:
        x: points (N, D).
        parameters: (N, 2 C), all s₀ first, then all t; they must depend on the unchanged columns alone.
        start: the first column that changes.
    Returns:
        y (N, D), and log |det ∂y/∂x| = Σ_c s, (N,).
    Raises:
        ShapeError: the shapes do not fit.
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """
    fits = x.ndim == 2 and parameters.ndim == 2 and parameters.shape[0] == x.shape[0] and parameters.shape[1] % 2 == 0
    if not fits or not 0 <= start <= x.shape[1] - parameters.shape[1] // 2:
        raise ShapeError(
            f"affine_coupling got x {tuple(x.shape)}, parameters {tuple(parameters.shape)} and start={start}; it needs"
            " (N, D) and (N, 2 C), and C columns of x from start on"
        )
    return AffineCoupling.apply(x, parameters, start=start)
