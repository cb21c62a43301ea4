"""Functions of one variable, elementwise: any shape (...) to the same shape.

Each class states y = f(x) and dy/dx; where the derivative is cheaper from y, the op saves its output.
"""

import math

from ..autograd import Op
from .arithmetic import clamp


class Exp(Op):
    """y = eˣ;  dy/dx = y."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.exp(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * y


class Expm1(Op):
    """y = eˣ − 1;  dy/dx = y + 1."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.expm1(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * (y + 1.0)


class Log(Op):
    """y = log x;  dy/dx = 1/x."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.log(x)

    def backward(self, g):
        (x,) = self.saved
        return g / x


class Exp2(Op):
    """y = 2ˣ;  dy/dx = y log 2."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.exp2(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * y * math.log(2.0)


class Log2(Op):
    """y = log₂ x;  dy/dx = 1/(x log 2)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.log2(x)

    def backward(self, g):
        (x,) = self.saved
        return g / (x * math.log(2.0))


class Log1p(Op):
    """y = log(1 + x);  dy/dx = 1/(1 + x)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.log1p(x)

    def backward(self, g):
        (x,) = self.saved
        return g / (x + 1.0)


class Sigmoid(Op):
    """y = σ(x) = 1/(1 + e⁻ˣ);  dy/dx = y (1 − y)."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.sigmoid(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * (y * (1.0 - y))


class LogAddExp(Op):
    """z = log(eˣ + eʸ);  dz/dx = σ(x − y), dz/dy = σ(y − x), smooth also where x = y."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.logaddexp(x, y)

    def backward(self, g):
        x, y = self.saved
        return lambda: g * sigmoid(x - y), lambda: g * sigmoid(y - x)


class Sqrt(Op):
    """y = √x;  dy/dx = 1/(2y)."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.sqrt(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * 0.5 / y


class Square(Op):
    """y = x²;  dy/dx = 2x."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.square(x)

    def backward(self, g):
        (x,) = self.saved
        return g * x * 2.0


class Erf(Op):
    """y = erf x = 2/√π ∫₀ˣ e^(−t²) dt;  dy/dx = 2/√π e^(−x²)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.erf(x)

    def backward(self, g):
        (x,) = self.saved
        return g * exp(-square(x)) * (2.0 / math.sqrt(math.pi))


def exp(x):
    """eˣ; any shape (...) to the same."""
    return Exp.apply(x)


def exp2(x):
    """2ˣ; any shape (...) to the same."""
    return Exp2.apply(x)


def expm1(x):
    """eˣ − 1, accurate near 0; any shape (...) to the same."""
    return Expm1.apply(x)


def log(x):
    """Natural logarithm; any shape (...) to the same; −inf at 0, NaN below."""
    return Log.apply(x)


def log2(x):
    """Logarithm to base 2; any shape (...) to the same; −inf at 0, NaN below."""
    return Log2.apply(x)


def log1p(x):
    """log(1 + x), accurate near 0; any shape (...) to the same."""
    return Log1p.apply(x)


def logaddexp(x, y):
    """log(eˣ + eʸ) without overflow, of shapes that broadcast; the gradient is NaN where both are one infinity."""
    return LogAddExp.apply(x, y)


def sigmoid(x):
    """The logistic function 1/(1 + e⁻ˣ); any shape (...) to the same, within (0, 1)."""
    return Sigmoid.apply(x)


def logit(x, eps=None):
    """log(x / (1 − x)), the inverse of `sigmoid`; any shape (...) to the same; ±inf at 1 and 0, NaN outside.

    ``eps``: x is first limited to [eps, 1 − eps].
    """
    x = x if eps is None else clamp(x, eps, 1.0 - eps)
    return log(x) - log1p(-x)


def sqrt(x):
    """√x; any shape (...) to the same; NaN below 0, infinite derivative at 0."""
    return Sqrt.apply(x)


def rsqrt(x):
    """1/√x; any shape (...) to the same."""
    return x**-0.5


def square(x):
    """x²; any shape (...) to the same."""
    return Square.apply(x)


def reciprocal(x):
    """1/x; any shape (...) to the same."""
    return 1.0 / x


def erf(x):
    """Error function; any shape (...) to the same, within (−1, 1)."""
    return Erf.apply(x)
