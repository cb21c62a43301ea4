"""Rational-quadratic splines both ways: the function that a spline coupling applies, and its inverse in closed form.

`core.ops.spline` says what the function is; within a bin y is a quotient of two quadratics of x, so x is the root of a
quadratic in y.

Source: Neural Spline Flows. Durkan, Bekasov, Murray, Papamakarios, 2019, https://arxiv.org/abs/1906.04032
"""

from ...core.functional import rational_quadratic_spline as spline
from ...core.functional import sqrt, square
from ...core.ops.spline import MOST_BINS, bin_of, chosen, log_slope_at, within

__all__ = ["MOST_BINS", "parameters_of", "spline", "spline_inverse"]


def parameters_of(bins):
    """How many parameters a spline of K bins takes: K widths, K heights, K − 1 slopes."""
    return 3 * bins - 1


def spline_inverse(y, parameters, bound):
    """x with spline(x) = y, and log dx/dy, elementwise, (...); arguments as for `rational_quadratic_spline`."""
    inside, y_in = within(y, bound)
    (x0, y0, d0), (x1, y1, d1) = bin_of(y_in, parameters, bound, 1)
    w, h = x1 - x0, y1 - y0
    s = h / w
    bend = d0 + d1 - s * 2.0
    rise = y_in - y0
    a = h * (s - d0) + rise * bend  # Durkan et al. eqs. 6–8
    b = h * d0 - rise * bend
    c = -(s * rise)
    xi = c * 2.0 / (-b - sqrt((square(b) - a * c * 4.0).clamp(0.0)))
    between = xi * (1.0 - xi)
    log_slope = log_slope_at(s, xi, between, d0, d1, s + bend * between)
    return chosen(inside, x0 + xi * w, y), chosen(inside, -log_slope, 0.0)
