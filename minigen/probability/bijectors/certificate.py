"""Certificates: what a flow claims about itself, proved by other means.

The log-determinant against the whole Jacobian, the inverse against the identity, the density against its integral.
Each function returns the error that it found and raises `CertificateError` where it is too large.
"""

import math

import numpy as np

from ...core.autograd import jacobian, no_grad
from ...core.tensor import tensor
from ...errors import MinigenError, UserError


class CertificateError(MinigenError, ArithmeticError):
    """A flow is not what it claims to be: a wrong log-determinant, inverse or density."""


def certify_log_det(bijector, x, context=None, tolerance=1e-6):
    """The largest |log_det − log |det ∂y/∂x|| over data x (N, …), by the Jacobian of each datum: N D backward passes.

    Args:
        bijector: in float64, as x.
        x: an array; few data, since the cost grows with D².
        context: a tensor (N, …) or None.
        tolerance: relative to 1 + |log_det|.
    """
    worst = 0.0
    for i in range(len(x)):
        one, given = tensor(x[i : i + 1]), None if context is None else context[i : i + 1].detach()
        with no_grad():
            claimed = bijector(one, given)[1].item()
        size = one.numel()
        matrix = jacobian(lambda t, given=given: bijector(t, given)[0].reshape(-1), one).numpy().reshape(size, size)
        true = np.linalg.slogdet(matrix)[1]
        error = abs(claimed - true) / (1 + abs(true))
        if not error <= tolerance:
            raise CertificateError(
                f"log_det is {claimed:.6g}, but the Jacobian has log |det| = {true:.6g} (relative error {error:.1e},"
                f" allowed {tolerance:.0e}): the density of this flow is wrong; check each bijector's log_det"
            )
        worst = max(worst, error)
    return worst


@no_grad()
def certify_inverse(bijector, x, context=None, tolerance=1e-8):
    """The largest |inverse(forward(x)) − x| over data x (N, …), relative to 1 + |x|; log_dets must cancel too."""
    x = tensor(x)
    y, log_det = bijector(x, context)
    back, opposite = bijector.inverse(y, context)
    error = np.abs(back.numpy() - x.numpy()) / (1 + np.abs(x.numpy()))
    mismatch = np.abs(log_det.numpy() + opposite.numpy()) / (1 + np.abs(log_det.numpy()))
    for found, what in ((error, "inverse(forward(x)) differs from x"), (mismatch, "the two log_dets do not cancel")):
        if not found.max() <= tolerance:
            raise CertificateError(
                f"{what} by {found.max():.1e} in {x.dtype}, allowed {tolerance:.0e}: what this flow draws does not"
                " have the density that it states"
            )
    return float(error.max())


def certify_density(log_density, low, high, tolerance=0.02, side=500):
    """∫ p over the box from ``low`` to ``high``, both (2,), by the midpoint rule; it must be 1.

    Args:
        log_density: of points, an array (N, 2) to an array (N,), in nats.
        tolerance: on |∫ p − 1|; the box must hold all but less than that.
        side: cells along each axis.
    """
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if low.shape != (2,) or high.shape != (2,) or not (low < high).all():
        raise UserError(f"certify_density got the box {low} to {high}; it needs two corners in the plane, low < high")
    cell = (high - low) / side
    axes = [low[i] + cell[i] * (np.arange(side) + 0.5) for i in range(2)]
    total = 0.0
    for x0 in np.array_split(axes[0], max(1, side // 40)):  # some rows of the grid at a time
        points = np.stack(np.meshgrid(x0, axes[1], indexing="ij"), -1).reshape(-1, 2)
        total += np.exp(log_density(points)).sum() * math.prod(cell)
    if not abs(total - 1) <= tolerance:
        raise CertificateError(
            f"the density integrates to {total:.4f} over a box from {low} to {high} that holds its samples, not to 1:"
            " it is no density"
        )
    return float(total)
