"""Couplings: one part of x is changed by an invertible elementwise function that the other part chooses.

y = (x_kept, f(x_changed; θ(x_kept))): however complicated the conditioner θ is, the Jacobian is triangular, its
determinant is that of f, and the inverse needs only the inverse of f.
"""

from abc import abstractmethod

from ...core.functional import affine_coupling, exp, tanh
from ...errors import UserError
from .base import Bijector, sum_datum
from .spline import MOST_BINS, parameters_of, spline, spline_inverse


class Coupling(Bijector):
    """What all couplings share; subclasses say what f is.

    Args:
        mask: a `Mask`.
        conditioner: θ, a module of the kept part (..., mask.kept), and of the context if there is one, that gives
            so many numbers for each of mask.changed values as f has parameters.
    """

    def __init__(self, mask, conditioner):
        self.mask = mask
        self.conditioner = conditioner

    def forward(self, x, context=None):
        kept, changed = self.mask.split(x)
        changed, log_det = self.transform(changed, self._parameters(kept, context))
        return self.mask.join(kept, changed), sum_datum(log_det)

    def inverse(self, y, context=None):
        kept, changed = self.mask.split(y)
        changed, log_det = self.restore(changed, self._parameters(kept, context))
        return self.mask.join(kept, changed), sum_datum(log_det)

    @abstractmethod
    def transform(self, x, parameters):
        """f(x; θ) and log ∂f/∂x, both of x's shape."""

    @abstractmethod
    def restore(self, y, parameters):
        """x with f(x; θ) = y, and log ∂x/∂y."""

    def _parameters(self, kept, context):
        return self.conditioner(kept) if context is None else self.conditioner(kept, context)


class AffineCoupling(Coupling):
    """f(x) = x e^s + t, s = limit · tanh(s₀): the scale cannot run away.

    Args:
        mask, conditioner: as for `Coupling`; θ = (s₀, t), all s₀ first: 2 · mask.changed numbers.
        limit: of |s|: a number, or a `Parameter` (mask.changed,) to learn it.
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803
    """

    def __init__(self, mask, conditioner, limit=1.0):
        super().__init__(mask, conditioner)
        self.limit = limit
        self.limited = not (isinstance(limit, int | float) and limit == 1)

    def forward(self, x, context=None):
        own = type(self).transform is not AffineCoupling.transform  # a subclass's
        if own or self.limited or self.mask.start is None or x.ndim != 2:
            return super().forward(x, context)
        kept = self.mask.kept_columns(x)
        return affine_coupling(x, self._parameters(kept, context), self.mask.start)

    def transform(self, x, parameters):
        s, t = self._scale_and_shift(parameters)
        return x * exp(s) + t, s

    def restore(self, y, parameters):
        s, t = self._scale_and_shift(parameters)
        return (y - t) * exp(-s), -s

    def _scale_and_shift(self, parameters):
        s, t = parameters.chunk(2, -1)
        s = tanh(s)
        return (s * self.limit if self.limited else s), t


class SplineCoupling(Coupling):
    """f is a monotonic rational-quadratic spline; see `spline`.

    Args:
        mask, conditioner: as for `Coupling`; θ takes 3 K − 1 numbers, ``parameters_of(bins)``, for each changed value.
        bins: K, from 2 to `spline.MOST_BINS`.
        bound: B; outside [−B, B] f is the identity.
    Source: Neural Spline Flows. Durkan, Bekasov, Murray, Papamakarios, 2019, https://arxiv.org/abs/1906.04032
    """

    def __init__(self, mask, conditioner, bins=8, bound=3.0):
        super().__init__(mask, conditioner)
        if not 2 <= bins <= MOST_BINS or not bound > 0:
            raise UserError(
                f"a spline got bins={bins} and bound={bound}; it needs at least 2 bins, at most {MOST_BINS}, and a"
                " positive bound"
            )
        self.bins, self.bound = bins, bound

    def transform(self, x, parameters):
        return spline(x, self._by_value(x, parameters), self.bound)

    def restore(self, y, parameters):
        return spline_inverse(y, self._by_value(y, parameters), self.bound)

    def _by_value(self, x, parameters):
        return parameters.reshape(*x.shape, parameters_of(self.bins))
