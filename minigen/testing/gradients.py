"""Check gradients against numbers that autograd had no part in.

The vector-Jacobian product that autograd computes, g = vᵀ J, and the Jacobian-vector product J u, which needs
nothing but f itself (`differences`), must agree: ⟨g, u⟩ = ⟨v, J u⟩ for all u and v. Random u and v in float64
make a wrong g fail with probability 1, at the cost of a few evaluations of f, whatever the number of inputs.
For the second order the same law is asked of (x, v) ↦ vᵀ J(x), the gradient itself.
"""

import numpy as np

from ..core.tensor import Tensor
from ..errors import UserError
from .diagnosis import GradientError, explain
from .law import Law, Point, arguments_of, breach, derivative, derivative_values, name_of, values, weights
from .layouts import LAYOUTS, laid_out

TOLERANCE = {1: 1e-8, 2: 1e-6}
METHODS = ("auto", "complex_step", "difference")


def check_gradients(
    f,
    *inputs,
    order=1,
    rng=None,
    directions=2,
    tolerance=None,
    method="auto",
    names=None,
    layouts=("strided", "reversed"),
):
    """Check that autograd differentiates ``f`` rightly at ``inputs``, in random directions and in float64.

    ⟨vᵀ J, u⟩ = ⟨v, J u⟩, with vᵀ J from autograd and J u from central differences, or from a complex step where f
    is analytic. The inputs are tried in C order and with strides, and as they are given. f must be smooth around
    the inputs: keep away from kinks (relu at 0) and ties (max of equal numbers).

    Args:
        f: a function of tensors that returns a tensor or a tuple of tensors; what else it uses must be float64.
        inputs: tensors or arrays of any shapes; integers and booleans are handed on as they are.
        order: 1 for the gradient; 2 for the gradient of the gradient too.
        rng: a NumPy generator for the directions; a fixed one by default.
        directions: how many pairs (u, v) are drawn.
        tolerance: on |⟨vᵀ J, u⟩ − ⟨v, J u⟩| / max(1, Σ |vᵀ J| |u|); 1e-8 for the first order, 1e-6 for the second.
        method: "auto", "difference" or "complex_step".
        names: what messages call the inputs; by default the names of f's arguments.
        layouts: names of memory layouts (`minigen.testing.LAYOUTS`) to try after C order.
    Raises:
        GradientError: a gradient is wrong; the message names input, element, expected, got and the likely fault.
        UserError: no input is floating-point, an option is unknown, or there are more or fewer names than inputs.
    Sources: Evaluating Derivatives. Griewank, Walther, 2008, https://doi.org/10.1137/1.9780898717761; The
        Complex-Step Derivative Approximation. Martins, Sturdza, Alonso, 2003, https://doi.org/10.1145/838250.838251

    Example:
        >>> import numpy as np
        >>> from minigen import functional as F
        >>> check_gradients(F.tanh, np.linspace(-1, 1, 6).reshape(2, 3), order=2)
    """
    if order not in (1, 2) or method not in METHODS or directions < 1:
        raise UserError(
            f"check_gradients got order={order!r}, method={method!r}, directions={directions!r};"
            f" it needs 1 or 2, one of {', '.join(METHODS)}, and at least 1"
        )
    if not set(layouts) <= set(LAYOUTS):
        raise UserError(f"check_gradients got layouts={layouts!r}; it knows {', '.join(LAYOUTS)}")
    labels = _labels(f, len(inputs), names)
    f, given, positions = _close_over_constants(f, inputs)
    labels = [labels[i] for i in positions]
    rng = np.random.default_rng(0) if rng is None else rng
    plain = [laid_out(x, "contiguous") for x in given]
    shapes = [y.shape for y in _repeatable(f, plain)]
    for direction in range(directions):
        us, vs = weights(rng, [x.shape for x in plain]), weights(rng, shapes)
        for layout, xs in _layouts(given, plain, layouts):
            _same_values(f, plain, xs, layout)
            _check(_first(f, tolerance, method), Point(xs, us, vs), labels, 1, layout, direction)
        for layout, xs in _layouts(given, plain, layouts) if order == 2 else ():
            _check(*_second(f, Point(xs, us, vs), tolerance, method, rng), labels, 2, layout, direction)


def _first(f, tolerance, method):
    return Law(f, lambda arrays: values(f, arrays), tolerance or TOLERANCE[1], method)


def _second(f, point, tolerance, method, rng):
    """The same law for (x, v) ↦ vᵀ J(x), and a point of it."""
    xs, us, vs = point
    gradient = derivative(f, len(xs)), derivative_values(f, len(xs))
    directions, seen = weights(rng, [v.shape for v in vs]), weights(rng, [x.shape for x in xs])
    return Law(*gradient, tolerance or TOLERANCE[2], method), Point([*xs, *vs], [*us, *directions], seen)


def _check(law, point, labels, order, layout, direction):
    failure = breach(law, point)
    if failure is not None:
        raise explain(failure, labels, order, layout, direction)


def _labels(f, count, names):
    """(position, name) of each input; a name is "" where f does not tell it."""
    names = arguments_of(f, count) if names is None else names
    if len(names) != count:
        raise UserError(f"check_gradients got {count} inputs and {len(names)} names; give one for each input")
    return list(enumerate(names))


def _close_over_constants(f, inputs):
    """f of its floating-point inputs alone, those inputs as float64 arrays with their strides, and their positions."""
    arrays = [x.numpy() if isinstance(x, Tensor) else x for x in inputs]
    floats = [i for i, x in enumerate(arrays) if np.asarray(x).dtype.kind == "f"]
    if not floats:
        raise UserError("check_gradients needs at least one floating-point tensor or array to differentiate by")
    given = [np.asarray(arrays[i]).astype(np.float64, copy=False) for i in floats]
    if len(floats) == len(inputs):
        return f, given, floats

    def of_floats(*xs):
        arguments = list(inputs)
        for i, x in zip(floats, xs, strict=True):
            arguments[i] = x
        return f(*arguments)

    of_floats.__name__ = name_of(f)
    return of_floats, given, floats


def _layouts(given, plain, layouts):
    yield "contiguous", plain
    if any(x.size > 1 for x in plain):
        yield from ((layout, [laid_out(x, layout) for x in plain]) for layout in layouts)
    if not all(x.flags.c_contiguous for x in given):
        yield "as given", given


def _repeatable(f, xs):
    """The values of f; twice the same, or no derivative can be checked."""
    first, second = values(f, xs), values(f, xs)
    for a, b in zip(first, second, strict=True):
        if not np.array_equal(a, b, equal_nan=True):
            raise GradientError(
                f"{name_of(f)} gives different values for the same input: it has no derivative to check; fix its noise"
                " (the same minigen.Stream at every call)",
                diagnosis="random",
            )
    return first


def _same_values(f, plain, xs, layout):
    """f of another memory layout is the same f: a wrong value there is no matter of gradients."""
    for i, (a, b) in enumerate(zip(values(f, plain), values(f, xs), strict=True)):
        if not np.allclose(a, b, rtol=1e-10, atol=1e-10, equal_nan=True):
            raise GradientError(
                f"output {i} of {name_of(f)} differs between {layout} and contiguous inputs: wrong at a stride;"
                " the forward pass ignores how an input lies in memory, so no gradient of it can be right",
                diagnosis="stride",
            )
