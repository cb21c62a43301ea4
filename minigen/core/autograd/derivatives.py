"""Derivatives of functions, from the one thing that the engine can do: the vector-Jacobian product.

Each takes a function of tensors and its inputs (a tensor or a tuple of tensors), leaves the inputs as they
are, and returns values without a graph. For derivatives of derivatives call `grad(..., create_graph=True)`.
"""

from ... import backends
from ...errors import ShapeError
from .engine import grad
from .variable import Variable


def vjp(f, inputs, v=None):
    """Vector-Jacobian product: f(x) and vᵀ J, J = ∂f/∂x (reverse mode, one backward pass).

    Args:
        f: a function of the inputs that returns one tensor.
        inputs: a tensor, or a tuple of tensors.
        v: a tensor of f's output shape; may be left out for a scalar.
    Returns:
        The output, and for each input a tensor of its shape (a tuple where ``inputs`` is one).
    """
    xs, single = _leaves(inputs)
    y = f(*xs)
    gradients = _zeros_for_none(grad(y, xs, None if v is None else [v]), xs)
    return y.detach(), gradients[0] if single else tuple(gradients)


def jvp(f, inputs, v):
    """Jacobian-vector product: f(x) and J v, by double backward.

    u ↦ uᵀ J is linear, so the vector-Jacobian product of *that* with v is J v, at any u.

    Args:
        f: a function of the inputs that returns one tensor.
        inputs: a tensor, or a tuple of tensors.
        v: directions of the inputs' shapes.
    """
    xs, single = _leaves(inputs)
    y = f(*xs)
    u = _zeros(y).requires_grad_()
    gradients = _zeros_for_none(grad(y, xs, [u], create_graph=True), xs)
    inner = _inner(gradients, [v] if single else v)
    (product,) = grad(inner, [u]) if inner.requires_grad else [None]
    return y.detach(), u.detach() if product is None else product


def jacobian(f, inputs):
    """The full Jacobian: J[i…, j…] = ∂f(x)[i…] / ∂x[j…], of shape f(x).shape + x.shape.

    One backward pass for each element of the output. A tuple of inputs gives a tuple of Jacobians.
    """
    xs, single = _leaves(inputs)
    y = f(*xs)
    flat = y.reshape(-1)
    rows = [_zeros_for_none(grad(flat[i], xs, retain_graph=True), xs) for i in range(len(flat))]
    kernels = backends.current()
    results = []
    for i, x in enumerate(xs):
        matrix = kernels.zeros((len(rows), *x.shape), x.dtype)
        for row, gradients in zip(matrix, rows, strict=True):
            row[...] = gradients[i]._array
        results.append(x.wrap(matrix.reshape(*y.shape, *x.shape)))
    return results[0] if single else tuple(results)


def hvp(f, inputs, v):
    """Hessian-vector product: f(x) and H v, H = ∂²f/∂x², as the gradient of (∂f/∂x)·v.

    Args:
        f: a function of the inputs that returns a scalar.
        inputs: a tensor, or a tuple of tensors.
        v: directions of the inputs' shapes.
    """
    xs, single = _leaves(inputs)
    y = f(*xs)
    gradients = _zeros_for_none(grad(y, xs, create_graph=True), xs)
    inner = _inner(gradients, [v] if single else v)
    products = grad(inner, xs) if inner.requires_grad else [None] * len(xs)
    products = _zeros_for_none(products, xs)
    return y.detach(), products[0] if single else tuple(products)


def _leaves(inputs):
    """Fresh leaves with the inputs' values, and whether there was just one."""
    single = isinstance(inputs, Variable)
    return [x.detach().requires_grad_() for x in ([inputs] if single else inputs)], single


def _inner(gradients, directions):
    """Σ g · v over all inputs; v must have the input's shape."""
    for g, v in zip(gradients, directions, strict=True):
        if tuple(g.shape) != tuple(v.shape):
            raise ShapeError(
                f"the direction for an input of shape {g.shape} has shape {tuple(v.shape)}; they must agree"
            )
    return sum(((g * v).sum() for g, v in zip(gradients, directions, strict=True)), 0.0)


def _zeros(x):
    return x.wrap(backends.current().zeros(x.shape, x.dtype))


def _zeros_for_none(gradients, xs):
    return [_zeros(x) if g is None else g for g, x in zip(gradients, xs, strict=True)]
