"""Circular and hyperbolic functions, elementwise: any shape (...) to the same shape.

Each class states y = f(x) and dy/dx; where the derivative is cheaper from y, the op saves its output.
"""

from ..autograd import Op


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


class Tan(Op):
    """y = tan x;  dy/dx = 1 + y²."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.tan(x)

    def backward(self, g):
        (y,) = self.outputs
        return g * (y * y + 1.0)


class Atan(Op):
    """y = arctan x;  dy/dx = 1/(1 + x²)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.arctan(x)

    def backward(self, g):
        (x,) = self.saved
        return g / (x * x + 1.0)


class Sinh(Op):
    """y = sinh x = (eˣ − e⁻ˣ)/2;  dy/dx = cosh x."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.sinh(x)

    def backward(self, g):
        (x,) = self.saved
        return g * cosh(x)


class Cosh(Op):
    """y = cosh x = (eˣ + e⁻ˣ)/2;  dy/dx = sinh x."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.cosh(x)

    def backward(self, g):
        (x,) = self.saved
        return g * sinh(x)


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


def sin(x):
    """Sine of x in radians; any shape (...) to the same."""
    return Sin.apply(x)


def cos(x):
    """Cosine of x in radians; any shape (...) to the same."""
    return Cos.apply(x)


def tan(x):
    """Tangent of x in radians; any shape (...) to the same."""
    return Tan.apply(x)


def atan(x):
    """Inverse tangent in radians; any shape (...) to the same, within (−π/2, π/2)."""
    return Atan.apply(x)


def sinh(x):
    """Hyperbolic sine; any shape (...) to the same."""
    return Sinh.apply(x)


def cosh(x):
    """Hyperbolic cosine; any shape (...) to the same, at least 1."""
    return Cosh.apply(x)


def tanh(x):
    """Hyperbolic tangent; any shape (...) to the same, within (−1, 1)."""
    return Tanh.apply(x)
