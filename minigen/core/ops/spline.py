"""Monotonic rational-quadratic splines: a flexible elementwise function, and the slope of each number it is given.

Within [−B, B] the line is cut into K bins by knots (x_k, y_k) with slopes d_k; between two knots y is the quotient
of two quadratics that meets both with their slopes, so it is increasing and once continuously differentiable.
Outside it is the identity ("linear tails"), which the slopes of 1 at the outer knots continue.

One op, a kernel each way; `composed` is the same function made of ops, of which derivatives of its gradient are taken.
In float32 either loses digits where two knots lie close together, and the two differ by such roundings; a parameter
that is not finite makes NaN of its own spline.

Source: Neural Spline Flows. Durkan, Bekasov, Murray, Papamakarios, 2019, https://arxiv.org/abs/1906.04032
"""

import numpy as np

from ...backends.reference.spline import LEAST_BIN, LEAST_SLOPE, UNIT_SLOPE
from ...errors import ShapeError, UserError
from ..autograd import Op, grad
from ..autograd.modes import state
from .activation import softplus
from .arithmetic import where
from .elementwise import log, square
from .linalg import linear
from .reduce import softmax
from .shape import cat, pad, reshape

MOST_BINS = 500  # whose least lengths together are half of the interval


def rational_quadratic_spline(x, parameters, bound):
    """y and log dy/dx, elementwise, of any shape (...).

    Args:
        x: (...).
        parameters: (..., 3 K − 1), free: K widths and K heights, which pass a softmax, and K − 1 slopes of the inner
            knots, which pass a softplus; zeros give y = x.
        bound: B, a number.
    Returns:
        y and log dy/dx, (...) each.
    Raises:
        ShapeError: the parameters are not 3 K − 1 for each of x, with 2 to `MOST_BINS` bins.
        UserError: the bound is not positive.
    Source: Neural Spline Flows. Durkan, Bekasov, Murray, Papamakarios, 2019, https://arxiv.org/abs/1906.04032
    """
    bins, rest = divmod(parameters.shape[-1] + 1, 3) if parameters.ndim else (0, 0)
    if parameters.shape[:-1] != x.shape or rest or not 2 <= bins <= MOST_BINS:
        raise ShapeError(
            f"rational_quadratic_spline got x {tuple(x.shape)} and parameters {tuple(parameters.shape)}; it needs"
            f" {(*x.shape, '3 K − 1')} for K bins, 2 to {MOST_BINS}"
        )
    if not bound > 0:
        raise UserError(f"rational_quadratic_spline got bound={bound}; it must be positive")
    return RationalQuadraticSpline.apply(x, parameters, bound=bound)


class RationalQuadraticSpline(Op):
    """y and l = log dy/dx; with g and h what reaches them, dx = g dy/dx + h dl/dx, and so for the parameters.

    The formulas of both directions stand in `backends.reference.spline`.
    """

    saves = (0, 1)

    def forward(self, x, parameters):
        return self.kernels.rational_quadratic_spline(x, parameters, self.bound)

    def backward(self, g, g_log):
        if state.recording:
            return self._composed(g, g_log)
        x, parameters = self.saved
        g, g_log = (self.wrap(self.kernels.zeros(x.shape, self.dtype)) if a is None else a for a in (g, g_log))
        return RationalQuadraticSplineGrad.apply(g, g_log, x, parameters, bound=self.bound)

    def _composed(self, *gradients):
        # views, so that no path from the parameters to x, of which both may be made, is taken for this op's own
        inputs = [reshape(a, a.shape) for a in self.saved]
        outputs = composed(*inputs, self.bound)
        reached = [i for i, g in enumerate(gradients) if g is not None]
        wanted = [i for i, edge in enumerate(self.edges) if edge is not None]
        found = grad([outputs[i] for i in reached], [inputs[i] for i in wanted], [gradients[i] for i in reached], True)
        found = dict(zip(wanted, found, strict=True))
        return found.get(0), found.get(1)


class RationalQuadraticSplineGrad(Op):
    """The gradients in x and in the parameters, from those of y and l; never recorded."""

    differentiable = False

    def forward(self, *arrays):
        return self.kernels.rational_quadratic_spline_grad(*arrays, self.bound)


def composed(x, parameters, bound):
    """`rational_quadratic_spline` as a composition of ops."""
    inside, x_in = within(x, bound)
    (x0, y0, d0), (x1, y1, d1) = bin_of(x_in, parameters, bound, 0)
    w, h = x1 - x0, y1 - y0
    s = h / w
    xi = (x_in - x0) / w
    between = xi * (1.0 - xi)
    bend = d0 + d1 - s * 2.0
    denominator = s + bend * between
    y = y0 + h * (s * square(xi) + d0 * between) / denominator  # Durkan et al. eq. 4
    return chosen(inside, y, x), chosen(inside, log_slope_at(s, xi, between, d0, d1, denominator), 0.0)


def within(x, bound):
    """Where x lies within the bins, (...), and x moved into them, (..., 1), so that no branch computes NaN."""
    values = x.numpy()
    return (values >= -bound) & (values < bound), x.clamp(-bound, bound).unsqueeze(-1)


def chosen(inside, y, outside):
    """y (..., 1) inside, else ``outside`` (...)."""
    return where(inside, y.squeeze(-1), outside)


def log_slope_at(s, xi, between, d0, d1, denominator):
    """log dy/dx (Durkan et al. eq. 5)."""
    numerator = d1 * square(xi) + s * between * 2.0 + d0 * square(1.0 - xi)
    return log(numerator) + log(s / denominator) * 2.0


def bin_of(x, parameters, bound, axis):
    """(x, y, slope), (..., 1) each, of the knots before and after values (..., 1) that lie on ``axis``: x or y."""
    knots = _knots(parameters, bound)  # (..., 3, K + 1)
    edges = knots.numpy()[..., axis, 1:-1]
    bins = knots.shape[-1] - 1
    place = (x.numpy() >= edges).sum(-1)
    # a sum over one-hot rows picks the bin's knots: its adjoint is a product, where a gather's would scatter
    hot = x.wrap(np.eye(bins, dtype=x.dtype)[place][..., None, :])  # (..., 1, K)
    before, after = (knots[..., :-1] * hot).sum(-1), (knots[..., 1:] * hot).sum(-1)  # (..., 3) each
    return before.split(1, -1), after.split(1, -1)


def _knots(parameters, bound):
    """x_k, y_k and d_k of all knots: parameters (..., 3 K − 1) to (..., 3, K + 1).

    The outer knots are (−B, −B) and (B, B) exactly, with slopes of 1.
    """
    bins = (parameters.shape[-1] + 1) // 3
    lead = parameters.shape[:-1]
    free, slopes = parameters.split((2 * bins, bins - 1), -1)
    shares = softmax(free.reshape(*lead, 2, bins), -1)  # of widths and of heights
    edges = linear(shares, *(parameters.wrap(a) for a in _sums(bins, bound, parameters.dtype)))  # (..., 2, K + 1)
    d = pad(softplus(slopes + UNIT_SLOPE) + LEAST_SLOPE, (1, 1), value=1.0)
    return cat((edges, d.unsqueeze(-2)), -2)


def _sums(bins, bound, dtype):
    """The affine map from shares to edges: −B + 2 B (least k + (1 − K least) Σ_{i<k} share_i), the last one B."""
    weight = np.triu(np.ones((bins, bins + 1)), 1) * (2 * bound * (1 - bins * LEAST_BIN))
    bias = 2 * bound * LEAST_BIN * np.arange(bins + 1) - bound
    weight[:, -1], bias[-1] = 0, bound  # the shares sum to 1 but for rounding
    return weight.astype(dtype), bias.astype(dtype)
