"""Directional derivatives without autograd: what `check_gradients` holds gradients against.

For f: ℝⁿ → ℝᵐ, a point x, a direction u and a weight v, the number sought is vᵀ J u = φ′(0) with
φ(t) = vᵀ f(x + t u).

Central differences, Richardson-extrapolated: D(h) = (φ(h) − φ(−h)) / 2h = φ′ + c₂h² + c₄h⁴ + …; from D(h),
D(h/2), D(h/4) the terms in h² and h⁴ are eliminated, and the last correction estimates what error is left.

Complex step: φ′(0) = Im φ(i h) / h + O(h²) with h = 10⁻²⁰: no subtraction, so no digits are lost; it needs an f
that is analytic and whose kernels take complex numbers.

Sources: The Complex-Step Derivative Approximation. Martins, Sturdza, Alonso, 2003,
https://doi.org/10.1145/838250.838251; Evaluating Derivatives. Griewank, Walther, 2008,
https://doi.org/10.1137/1.9780898717761
"""

import warnings

import numpy as np

from .. import backends

STEPS = (2.0**-7, 2.0**-10, 2.0**-13, 2.0**-17)  # tried in turn until the error estimate is small enough
COMPLEX_STEP = 1e-20


def central_difference(values, xs, us, vs, target):
    """vᵀ J u by extrapolated central differences.

    Args:
        values: a function of a list of arrays that returns a list of arrays.
        xs, us: the point and the direction, lists of arrays of equal shapes; vs: weights of the outputs' shapes.
        target: an absolute error that is good enough.
    Returns:
        The derivative, and an estimate of its error (infinite where f is not finite around x).
    """
    best, best_error = np.nan, np.inf
    for h in STEPS:
        d0, d1, d2 = (_one_difference(values, xs, us, vs, step) for step in (h, h / 2, h / 4))
        r1, r2 = (4 * d1[0] - d0[0]) / 3, (4 * d2[0] - d1[0]) / 3
        extrapolated = (16 * r2 - r1) / 15
        error = abs(extrapolated - r2) + 4 * d2[1]
        if np.isfinite(error) and error < best_error:
            best, best_error = extrapolated, error
        if best_error <= target:
            break
    return best, best_error


def _one_difference(values, xs, us, vs, h):
    """(φ(h) − φ(−h)) / 2h and the bound that rounding puts on it."""
    ahead, behind = (values([x + t * u for x, u in zip(xs, us, strict=True)]) for t in (h, -h))
    total = rounding = 0.0
    with np.errstate(invalid="ignore"):
        for v, a, b in zip(vs, ahead, behind, strict=True):
            total += float(np.sum(v * (a - b)))
            rounding += float(np.sum(np.abs(v) * (np.abs(a) + np.abs(b))))
    return total / (2 * h), rounding * np.finfo(np.float64).eps / (2 * h)


def one_sided_gap(values, xs, us, vs):
    """How far the derivatives to the left and to the right lie apart, relative to the larger: 0 where f is smooth."""
    h = STEPS[-1]
    at = values(xs)
    sides = []
    for t in (h, -h):
        there = values([x + t * u for x, u in zip(xs, us, strict=True)])
        sides.append(sum(float(np.sum(v * (a - b))) for v, a, b in zip(vs, there, at, strict=True)) / t)
    return abs(sides[0] - sides[1]) / max(abs(sides[0]), abs(sides[1]), 1e-6)


def complex_step(values, xs, us, vs):
    """vᵀ J u by a complex step on the reference backend.

    Returns:
        The derivative, or None where a kernel refuses complex numbers, or drops the imaginary part, or the real
        part is no longer f(x). A kernel may still treat complex numbers as another function (sign z = z/|z|):
        compare with `central_difference` before believing the result.
    """
    shifted = [x + 1j * COMPLEX_STEP * u for x, u in zip(xs, us, strict=True)]
    try:
        with backends.backend("reference"), warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy only warns when it drops an imaginary part
            results, plain = values(shifted), values(xs)
    except Exception:  # whatever the reason, a complex step is not possible: differences always are
        return None
    total = 0.0
    for v, result, real in zip(vs, results, plain, strict=True):
        if result.dtype.kind != "c" or not np.allclose(result.real, real, rtol=1e-12, atol=1e-12):
            return None
        total += float(np.sum(v * result.imag)) / COMPLEX_STEP
    return total
