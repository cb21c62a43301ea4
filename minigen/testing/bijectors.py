"""Check an invertible function: its inverse, its log-determinant, its gradients.

    inverse(forward(x)) = x,    log_det = log |det ∂y/∂x| of each datum,    log_det of the inverse = −log_det

The Jacobian is the whole matrix, by one backward pass for each of its rows; so a few small data are enough.
"""

import copy

import numpy as np

from ..core.autograd import jacobian, no_grad
from ..core.tensor import tensor
from .diagnosis import GradientError
from .modules import check_module, in_double

TOLERANCE = 1e-8


class BijectorError(AssertionError):
    """A law of bijectors that is broken; the message says which, at which datum, expected and got, the likely fault.

    Attributes: ``law`` ("shape", "inverse", "log_det" or "inverse log_det"), ``datum`` (its number), ``element`` (of
    the datum, for the inverse), ``expected``, ``got``, ``diagnosis``; None where unknown.
    """

    def __init__(self, message, **facts):
        super().__init__(message)
        for fact in ("law", "datum", "element", "expected", "got", "diagnosis"):
            setattr(self, fact, facts.get(fact))


def check_bijector(bijector, x, context=None, order=1, tolerance=TOLERANCE, **options):
    """Check the laws of a bijector at data x, and its gradients by x, context and parameters, in float64.

    A copy is checked. Give it random weights: one that starts as the identity obeys many a law by chance.

    Args:
        bijector: a `minigen.probability.bijectors.Bijector`, or any module whose call gives y and log_det (N,), and
            whose ``inverse`` gives x and log_det (N,).
        x: data (N, …), an array or a tensor, inside the domain; two or more of them tell more about a fault.
        context: what a conditional bijector is given beside x: (N, E) or (N, H, W, E); None for none.
        order: 1 or 2, of the gradients (`check_gradients`).
        tolerance: on errors relative to 1 + |expected|.
        options: as of `check_module`, for the gradients.
    Raises:
        BijectorError: a law is broken.
        GradientError: a gradient is wrong.
    Source: Density Estimation Using Real NVP. Dinh, Sohl-Dickstein, Bengio, 2016, https://arxiv.org/abs/1605.08803

    Example:
        >>> import numpy as np
        >>> from minigen.probability.bijectors import Logit
        >>> check_bijector(Logit(0.05), np.random.default_rng(0).uniform(size=(3, 4)))
    """
    twin, x = copy.deepcopy(bijector).to("float64"), tensor(x, dtype="float64")
    given = () if context is None else (in_double(tensor(context)),)
    with no_grad():
        y, log_det = twin(x, *given)
        _check_shapes(twin, x, y, log_det)
        back, opposite = twin.inverse(y, *given)
    name = type(bijector).__name__
    _check_inverse(name, x.numpy(), back, tolerance)
    _check_log_det(twin, x, given, log_det.numpy(), tolerance)
    _check_opposite(name, log_det.numpy(), opposite.numpy(), tolerance)
    try:
        check_module(twin, x, *given, order=order, **options)
    except GradientError as error:
        error.add_note("output 0 is y, output 1 log_det; the laws of values hold")
        raise


def _check_shapes(twin, x, y, log_det):
    n, name = x.shape[0], type(twin).__name__
    if log_det.shape != (n,):
        raise BijectorError(
            f"log_det of {name} has shape {log_det.shape} for x of shape {x.shape}, expected ({n},): one number for"
            " each datum. Likely: a sum over all data, or a missing sum over the values of a datum",
            law="shape", expected=(n,), got=log_det.shape,
        )  # fmt: skip
    if y.shape[:1] != (n,) or y.numel() != x.numel():
        raise BijectorError(
            f"y of {name} has shape {y.shape} for x of shape {x.shape}: a bijector keeps the number of data and of"
            " their values. Likely: values were dropped or repeated",
            law="shape", expected=x.shape, got=y.shape,
        )  # fmt: skip


def _check_inverse(name, x, back, tolerance):
    if back.shape != x.shape:
        raise BijectorError(
            f"inverse(forward(x)) of {name} has shape {back.shape}, x has {x.shape}",
            law="inverse", expected=x.shape, got=back.shape,
        )  # fmt: skip
    error = np.abs(back.numpy() - x) / (1 + np.abs(x))
    worst = _worst(error)
    if not error[worst] <= tolerance:
        wrong = error > tolerance
        places = sorted({index[1:] for index in zip(*np.nonzero(wrong), strict=True)})
        likely = f"only the elements {places} of a datum" if 0 < len(places) <= 3 < x[0].size else "no simple pattern"
        likely = _pattern(back.numpy()[wrong], x[wrong]) or likely
        raise BijectorError(
            f"inverse(forward(x)) of {name} is not x: datum {worst[0]}, element {worst[1:]}: expected {x[worst]:.10g},"
            f" got {back.numpy()[worst]:.10g}. Likely: {likely}",
            law="inverse", datum=int(worst[0]), element=tuple(map(int, worst[1:])), expected=float(x[worst]),
            got=float(back.numpy()[worst]), diagnosis=likely,
        )  # fmt: skip


def _check_log_det(twin, x, given, claimed, tolerance):
    """Against log |det| of the Jacobian of each datum alone: also, no datum may depend on its neighbours."""
    n, size = x.shape[0], x[0].numel() if x.shape[0] else 0
    true = np.empty(n)
    for i in range(n):
        one, beside = x[i : i + 1], [c[i : i + 1] for c in given]
        matrix = jacobian(lambda t, beside=beside: twin(t, *beside)[0].reshape(-1), one).numpy().reshape(size, size)
        true[i] = np.linalg.slogdet(matrix)[1]
    _compare(type(twin).__name__, "log_det", claimed, true, "log |det| of the Jacobian", tolerance)


def _check_opposite(name, log_det, opposite, tolerance):
    _compare(name, "inverse log_det", opposite, -log_det, "−log_det of forward, which is right", tolerance)


def _compare(name, law, got, expected, means, tolerance):
    if got.shape != expected.shape:
        raise BijectorError(f"{law} of {name} has shape {got.shape}, expected {expected.shape}", law=law)
    with np.errstate(invalid="ignore"):  # log 0 of a singular Jacobian
        error = np.abs(got - expected) / (1 + np.abs(expected))
    worst = _worst(error) if error.size else None
    if worst is None or error[worst] <= tolerance:
        return
    likely = _pattern(got, expected) or "no simple pattern"
    if not np.isfinite(expected[worst]):
        likely = "the function is not invertible here: its Jacobian is singular"
    i = int(worst[0])
    raise BijectorError(
        f"{law} of {name} is wrong: datum {i}: expected {expected[i]:.10g} ({means}), got {got[i]:.10g}."
        f" Likely: {likely}",
        law=law, datum=i, expected=float(expected[i]), got=float(got[i]), diagnosis=likely,
    )  # fmt: skip


def _worst(error):
    """The index of the largest error; NaN is larger than any."""
    return np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)


def _pattern(got, expected):
    """What got and expected, arrays of one shape, have to do with each other everywhere; None if nothing simple."""
    got, expected = got.ravel(), expected.ravel()
    if not (np.isfinite(got).all() and np.isfinite(expected).all()):
        return "not finite: outside the domain, or an overflow"
    if np.allclose(got, 0.0, atol=1e-12):
        return "it is 0 everywhere"
    if np.allclose(got, -expected, rtol=1e-6):
        return "the sign: every one is −1 times what it should be"
    factor = float(np.dot(got, expected) / np.dot(expected, expected)) if expected.any() else 0.0
    if len(got) > 1 and np.allclose(got, factor * expected, rtol=1e-6):
        return f"a constant factor: every one is {factor:.6g} times what it should be"
    offset = float(np.mean(got - expected))
    if len(got) > 1 and np.allclose(got, expected + offset, rtol=1e-6, atol=1e-9):
        return f"a constant term: every one is {offset:+.6g} off"
    return None
