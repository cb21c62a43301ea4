"""Functions of one variable, elementwise: any shape (...) to the same shape.

Each class states y = f(x) and dy/dx; where the derivative is cheaper from y, the op saves its output.
"""

import math

from ..autograd import Op


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


class Log1p(Op):
    """y = log(1 + x);  dy/dx = 1/(1 + x)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.log1p(x)

    def backward(self, g):
        (x,) = self.saved
        return g / (x + 1.0)


class LogAddExp(Op):
    """z = log(eˣ + eʸ);  dz/dx = e^(x − z), dz/dy = e^(y − z), smooth also where x = y."""

    saves = (0, 1)
    saves_outputs = (0,)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.logaddexp(x, y)

    def backward(self, g):
        (x, y), (z,) = self.saved, self.outputs
        return lambda: g * exp(x - z), lambda: g * exp(y - z)


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


class Sin(Op):
    """y = sin x;  dy/dx = cos x."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.sin(x)

    def backward(self, g):
        (x,) = self.saved
        return g * cos(x)


class Cos(Op):
    """y = cos x;  dy/dx = −sin x."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.cos(x)

    def backward(self, g):
        (x,) = self.saved
        return -(g * sin(x))


class Tanh(Op):
    """y = tanh x;  dy/dx = 1 − y²."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.tanh(x)

    def backward(self, g):
        (y,) = self.outputs
        return TanhGrad.apply(g, y)


class TanhGrad(Op):
    """z = g (1 − y²), the backward of `Tanh` in one pass;  dz/dg = 1 − y², dz/dy = −2 g y."""

    saves = (0, 1)

    def forward(self, g, y):
        return self.kernels.tanh_grad(g, y)

    def backward(self, h):
        g, y = self.saved
        return lambda: TanhGrad.apply(h, y), lambda: h * g * y * -2.0


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


def expm1(x):
    """eˣ − 1, accurate near 0; any shape (...) to the same."""
    return Expm1.apply(x)


def log(x):
    """Natural logarithm; any shape (...) to the same; −inf at 0, NaN below."""
    return Log.apply(x)


def log1p(x):
    """log(1 + x), accurate near 0; any shape (...) to the same."""
    return Log1p.apply(x)


def logaddexp(x, y):
    """log(eˣ + eʸ) without overflow, of shapes that broadcast; both finite."""
    return LogAddExp.apply(x, y)


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


def sin(x):
    """Sine of x in radians; any shape (...) to the same."""
    return Sin.apply(x)


def cos(x):
    """Cosine of x in radians; any shape (...) to the same."""
    return Cos.apply(x)


def tanh(x):
    """Hyperbolic tangent; any shape (...) to the same, within (−1, 1)."""
    return Tanh.apply(x)


def erf(x):
    """Error function; any shape (...) to the same, within (−1, 1)."""
    return Erf.apply(x)
