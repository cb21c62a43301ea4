"""The law that gradients obey, ⟨vᵀ J, u⟩ = ⟨v, J u⟩, and its two sides."""

import functools
import inspect
from collections import namedtuple

import numpy as np

from ..core.autograd import Op, grad
from ..core.tensor import Tensor
from ..errors import GraphError, ShapeError, UserError
from .differences import central_difference, complex_step

Law = namedtuple("Law", "f evaluate tolerance method")  # evaluate: what f means, arrays to arrays
Point = namedtuple("Point", "xs us vs")  # inputs, direction, weights: lists of arrays
Failure = namedtuple("Failure", "law point gradients expected got error uncertainty means raised")


def name_of(f):
    """A function's name, for messages."""
    owner = getattr(f, "__self__", None)  # Tanh.apply is known as Tanh
    return owner.__name__ if isinstance(owner, type) else getattr(f, "__name__", type(f).__name__)


def arguments_of(f, count):
    """The names of the first ``count`` arguments of f, "" where it does not tell one."""
    owner = getattr(f, "__self__", None)  # of Tanh.apply it is Tanh.forward that names the inputs
    told = functools.partial(owner.forward, None) if isinstance(owner, type) and issubclass(owner, Op) else f
    try:
        arguments = inspect.signature(told).parameters.values()
    except (TypeError, ValueError):  # a built-in function tells nothing
        arguments = ()
    names = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)][:count]
    return names + [""] * (count - len(names))


def tensors(arrays):
    """Tensors around arrays as they lie in memory (`minigen.tensor` would copy them into a tidy layout)."""
    template = Tensor(0.0)
    return [template.wrap(x) for x in arrays]


def outputs(result):
    """What a function returned, as a list of those tensors that can have a gradient."""
    results = [result] if isinstance(result, Tensor) else result.values() if isinstance(result, dict) else result
    return [y for y in results if y.dtype.kind in "fc"]


def values(f, xs):
    """f at the arrays ``xs``, as a list of arrays; f may ask for gradients of its own, as a gradient penalty does."""
    return [y.numpy() for y in outputs(f(*tensors(xs)))]


def derivative(f, count):
    """The function (x…, v…) ↦ vᵀ J_f(x), one result for each of the ``count`` tensors x; zeros where unused."""

    def gradient(*arguments):
        again = any(a.requires_grad for a in arguments)
        xs = [x if x.requires_grad else x.detach().requires_grad_() for x in arguments[:count]]
        pairs = [(y, v) for y, v in zip(outputs(f(*xs)), arguments[count:], strict=True) if y.requires_grad]
        found = [None] * count
        if pairs:
            found = grad([y for y, _ in pairs], xs, [v for _, v in pairs], create_graph=again)
        return tuple(x.detach() * 0.0 if g is None else g for x, g in zip(xs, found, strict=True))

    gradient.__name__ = f"the gradient of {name_of(f)}"
    return gradient


def derivative_values(f, count):
    """`derivative` from arrays to arrays."""
    gradient = derivative(f, count)
    return lambda arrays: [g.numpy() for g in gradient(*tensors(arrays))]


def weights(rng, shapes):
    """Random arrays of the given shapes, none larger than 1, which bounds how far a step along them reaches."""
    draws = [rng.normal(size=shape) for shape in shapes]
    return [x / max(1.0, np.abs(x).max(initial=0.0)) for x in draws]


def breach(law, point):
    """Hold autograd's ⟨vᵀ J, u⟩ against the numerical ⟨v, J u⟩; return a `Failure`, or None if they agree.

    The errors of small gradients drown in a sum with large ones: where orders of magnitude differ, the law is also
    asked of the elements of each order alone.
    """
    try:
        gradients = derivative_values(law.f, len(point.xs))([*point.xs, *point.vs])
    except (GraphError, ShapeError) as error:
        return Failure(law, point, None, None, None, np.inf, 0.0, None, error)
    failure = _disagreement(law, point, gradients, slack=0.0)
    for us in _by_size(gradients, point.us) if failure is None else ():
        failure = failure or _disagreement(law, point._replace(us=us), gradients, slack=10.0)
    return failure


def _by_size(gradients, us):
    """The direction ``us`` restricted to gradients of one order of magnitude, two decades, after the other."""
    orders = [np.floor(np.log10(np.maximum(1.0, np.abs(g))) / 2) for g in gradients]
    every = sorted(set().union(*(order.ravel().tolist() for order in orders)))
    for one in every if len(every) > 1 else ():
        yield [np.where(order == one, u, 0.0) for order, u in zip(orders, us, strict=True)]


def _disagreement(law, point, gradients, slack):
    """A `Failure` if both sides differ by more than the tolerance and ``slack`` times the numerical uncertainty."""
    terms = [g * u for g, u in zip(gradients, point.us, strict=True)]
    got, scale = sum(float(t.sum()) for t in terms), max(1.0, sum(float(np.abs(t).sum()) for t in terms))
    expected, uncertainty, means = numerical(law, point, 0.1 * law.tolerance * scale)
    error = abs(expected - got) / scale
    if error <= law.tolerance + (slack * uncertainty / scale if slack else 0.0):  # NaN is not
        return None
    return Failure(law, point, gradients, expected, got, error, uncertainty / scale, means, None)


def numerical(law, point, target):
    """⟨v, J u⟩ without autograd, its uncertainty (``target`` is good enough), and the name of the method."""
    stepped = None if law.method == "difference" else complex_step(law.evaluate, *point)
    if law.method == "complex_step":
        if stepped is None:
            raise UserError("method='complex_step' needs an f that is analytic on the reference backend; use 'auto'")
        return stepped, 0.0, "a complex step"
    difference, uncertainty = central_difference(law.evaluate, *point, target)
    # a kernel may take complex numbers and mean another function of them: differences, though coarser, tell
    if stepped is not None and abs(stepped - difference) <= max(100 * uncertainty, target):
        return stepped, 0.0, "a complex step"
    return difference, uncertainty, "central differences"
