"""Arithmetic, elementwise with NumPy's broadcasting.

Shapes: two inputs of shapes that broadcast to (...) give (...); a Python number broadcasts to any shape and
takes the tensor's dtype. Gradients are summed back to each input's shape by `Op`.
"""

import numpy as np

from ..autograd import Op, Variable


class Add(Op):
    """z = x + y;  dz/dx = dz/dy = 1."""

    broadcasts = True

    def forward(self, x, y):
        return self.kernels.add(x, y)

    def backward(self, g):
        return g, g


class Sub(Op):
    """z = x − y;  dz/dx = 1, dz/dy = −1."""

    broadcasts = True

    def forward(self, x, y):
        return self.kernels.subtract(x, y)

    def backward(self, g):
        return g, lambda: -g


class Mul(Op):
    """z = x y;  dz/dx = y, dz/dy = x."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.multiply(x, y)

    def backward(self, g):
        x, y = self.saved
        return lambda: g * y, lambda: g * x


class Div(Op):
    """z = x / y;  dz/dx = 1/y, dz/dy = −x/y²: as −(1/y)(x/y), since y² may be out of range where they are not."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.divide(x, y)

    def backward(self, g):
        x, y = self.saved
        return lambda: g / y, lambda: -(g / y) * (x / y)


class Pow(Op):
    """z = xʸ;  dz/dx = y xʸ⁻¹, dz/dy = xʸ log x (0 where x = 0: the limit for y > 0; for
    y < 0 z is infinite, and 0 a convention)."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.power(x, y)

    def backward(self, g):
        x, y = self.saved
        return lambda: self._by_base(g, x, y), lambda: self._by_exponent(g, x, y)

    @staticmethod
    def _by_base(g, x, y):
        if isinstance(y, Variable):
            constant = y == 0  # x⁰ = 1 for all x, also where 0 · x⁻¹ would be 0 · ∞
            return where(constant, 0.0, g * y * x ** where(constant, 1.0, y - 1.0))
        return g * 0.0 if y == 0 else g * y if y == 1 else g * y * x ** (y - 1)

    @staticmethod
    def _by_exponent(g, x, y):
        if not isinstance(x, Variable):
            x = y * 0.0 + x
        limit = x == 0
        return where(limit, 0.0, g * x**y * where(limit, 1.0, x).log())


class Neg(Op):
    """z = −x;  dz/dx = −1."""

    def forward(self, x):
        return self.kernels.negative(x)

    def backward(self, g):
        return -g


class Abs(Op):
    """z = |x|;  dz/dx = sign x (0 at 0)."""

    saves = (0,)

    def forward(self, x):
        return self.kernels.absolute(x)

    def backward(self, g):
        (x,) = self.saved
        return g * sign(x)


class Sign(Op):
    """z = sign x;  dz/dx = 0 wherever it exists."""

    def forward(self, x):
        return self.kernels.sign(x)

    def backward(self, g):
        return g * 0.0


class Maximum(Op):
    """z = max(x, y);  the larger one takes the gradient, equal ones take half each."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.maximum(x, y)

    def backward(self, g):
        x, y = self.saved
        return _share(g, x < y, x == y), _share(g, x > y, x == y)


class Minimum(Op):
    """z = min(x, y);  the smaller one takes the gradient, equal ones take half each."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return self.kernels.minimum(x, y)

    def backward(self, g):
        x, y = self.saved
        return _share(g, x > y, x == y), _share(g, x < y, x == y)


def _share(g, loses, ties):
    """What wins, and NaN beside anything, takes the gradient."""
    return lambda: where(loses, 0.0, where(ties, g * 0.5, g))


class Where(Op):
    """z = x where the condition holds, else y;  each takes the gradient of its own places."""

    broadcasts = True
    version = None  # of the condition, where it is a tensor

    def forward(self, x, y):
        return self.kernels.where(self.condition, x, y)

    def backward(self, g):
        if self.version is not None and self.version[0] != self.count:
            self._refuse_changed(self.version[0] - self.count)
        choice = {"condition": self.condition, "version": self.version, "count": self.count}
        return lambda: Where.apply(g, 0.0, **choice), lambda: Where.apply(0.0, g, **choice)


class Clamp(Op):
    """z = min(max(x, low), high);  dz/dx = 1 for low ≤ x ≤ high, else 0."""

    saves = (0,)

    def forward(self, x):
        z = x if self.low is None else self.kernels.maximum(x, self.low)
        z = z if self.high is None else self.kernels.minimum(z, self.high)
        return self.kernels.copy(z) if z is x else z

    def backward(self, g):
        (x,) = self.saved
        inside = x == x
        if self.low is not None:
            inside = inside & (x >= self.low)
        if self.high is not None:
            inside = inside & (x <= self.high)
        return where(inside, g, 0.0)


def add(x, y):
    """x + y of shapes that broadcast."""
    return Add.apply(x, y)


def sub(x, y):
    """x − y of shapes that broadcast."""
    return Sub.apply(x, y)


def mul(x, y):
    """x · y elementwise, of shapes that broadcast."""
    return Mul.apply(x, y)


def div(x, y):
    """x / y elementwise, of shapes that broadcast."""
    return Div.apply(x, y)


def pow(x, y):
    """xʸ elementwise, of shapes that broadcast; either may be a Python number."""
    return Pow.apply(x, y)


def neg(x):
    """−x; any shape (...) to the same."""
    return Neg.apply(x)


def abs(x):
    """|x|; any shape (...) to the same."""
    return Abs.apply(x)


def sign(x):
    """−1, 0 or 1; any shape (...) to the same; its gradient is 0."""
    return Sign.apply(x)


def maximum(x, y):
    """The larger of x and y elementwise, of shapes that broadcast; ties share the gradient."""
    return Maximum.apply(x, y)


def minimum(x, y):
    """The smaller of x and y elementwise, of shapes that broadcast; ties share the gradient."""
    return Minimum.apply(x, y)


def where(condition, x, y):
    """x where ``condition`` (a boolean tensor or array), else y; all three broadcast; no gradient to the condition."""
    if isinstance(condition, Variable):
        return Where.apply(x, y, condition=condition._array, version=condition.version, count=condition.version[0])
    # an array has no version to tell that its owner changed it: keep a copy
    return Where.apply(x, y, condition=condition.copy() if hasattr(condition, "copy") else condition, count=0)


def clamp(x, min=None, max=None):
    """x limited to [min, max]; any shape (...) to the same.

    Args:
        min, max: Python numbers, or tensors that broadcast with x and take the gradient where they limit it; None for
            no limit. Where min > max the result is max.
    """
    if not isinstance(min, Variable) and not isinstance(max, Variable):
        return Clamp.apply(x, low=min, high=max)
    y = x if min is None else where((x >= min) | (x != x), x, min)
    return y if max is None else where((y <= max) | (y != y), y, max)


def lerp(start, end, weight):
    """start + weight · (end − start), of shapes that broadcast; exactly ``end`` at weight 1."""
    near, far = lambda: start + weight * (end - start), lambda: end - (1.0 - weight) * (end - start)
    if isinstance(weight, Variable | np.ndarray):
        return where(start.constant(weight) < 0.5, near(), far())
    return near() if weight < 0.5 else far()
