"""Activations as layers, each any shape (...) to the same; the equations stand at the functions of the same names."""

from .. import functional as F
from .module import Module


class Identity(Module):
    """y = x."""

    def forward(self, x):
        return x


class ReLU(Module):
    """y = max(x, 0)."""

    def forward(self, x):
        return F.relu(x)


class LeakyReLU(Module):
    """y = x for x > 0, else negative_slope · x; see `functional.leaky_relu`."""

    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self):
        return f"{self.negative_slope}"


class ELU(Module):
    """y = x for x > 0, else α (eˣ − 1); see `functional.elu`."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        return F.elu(x, self.alpha)

    def extra_repr(self):
        return f"{self.alpha}"


class Tanh(Module):
    """y = tanh x."""

    def forward(self, x):
        return F.tanh(x)


class Sigmoid(Module):
    """y = 1/(1 + e⁻ˣ)."""

    def forward(self, x):
        return F.sigmoid(x)


class Softplus(Module):
    """y = log(1 + eˣ)."""

    def forward(self, x):
        return F.softplus(x)


class SiLU(Module):
    """y = x σ(x); see `functional.silu`."""

    def forward(self, x):
        return F.silu(x)


class GELU(Module):
    """y = x Φ(x); ``approximate="tanh"`` for the older formula; see `functional.gelu`."""

    def __init__(self, approximate="none"):
        self.approximate = approximate

    def forward(self, x):
        return F.gelu(x, self.approximate)

    def extra_repr(self):
        return "" if self.approximate == "none" else f"approximate={self.approximate!r}"


class Softmax(Module):
    """y = eˣ/Σ eˣ along axis ``dim``."""

    def __init__(self, dim=-1):
        self.dim = dim

    def forward(self, x):
        return F.softmax(x, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"
