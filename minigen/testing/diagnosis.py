"""Why a gradient is wrong: look at the failing point element by element, and name the fault that fits."""

import numpy as np

from .differences import one_sided_gap
from .law import Point, breach, name_of, numerical, values, weights

ELEMENTS = 256  # at most so many elements are looked at


class GradientError(AssertionError):
    """A gradient that is wrong; the message says which input and element, expected and got, and the likely fault.

    Attributes: ``order`` (1 or 2), ``input`` (its number), ``name`` (of that input), ``element`` (its index),
    ``expected``, ``got``, ``relative_error``, ``diagnosis``; None where unknown.
    """

    def __init__(self, message, **facts):
        super().__init__(message)
        for fact in ("order", "input", "name", "element", "expected", "got", "relative_error", "diagnosis"):
            setattr(self, fact, facts.get(fact))


def explain(failure, labels, order, layout, direction):
    """The `GradientError` that tells what ``failure`` shows.

    Args:
        failure: a `law.Failure`.
        labels: (position, name) of each input of f.
        order: 1 or 2; at 2 the law's inputs are those of f and the weights v of its gradient.
        layout: the memory layout of the inputs; contiguous ones were tried before any other.
        direction: the number of the random direction, from 0.
    """
    facts = {"order": order, "expected": failure.expected, "got": failure.got, "relative_error": failure.error}
    place, fault = "along the whole direction", None
    if failure.raised is None:
        suspects = _suspects(failure)
        found, wanted = _elements(failure, suspects)
        facts |= _worst(found, wanted, failure)
        place = _place(facts, failure.point.xs, labels, suspects)
        fault = _fault(failure, found, wanted)
    unsummed = _missing_sum(failure) if order == 1 else None
    if unsummed is not None:
        facts["input"] = unsummed
        fault = (
            f"missing un-broadcast: {_label(unsummed, labels)} of shape {failure.point.xs[unsummed].shape} is"
            " broadcast, and its gradient is right once it has the full shape; sum the gradient over the broadcast"
            " axes (in an Op: broadcasts = True)"
        )
    if facts.get("input") is not None and facts["input"] < len(labels):
        facts["input"], facts["name"] = labels[facts["input"]]
    facts["diagnosis"] = "; ".join(filter(None, (_circumstance(order, layout), fault))) or "no simple pattern"
    error = GradientError(_message(failure, facts, place, layout, direction), **facts)
    error.__cause__ = failure.raised
    return error


def _message(failure, facts, place, layout, direction):
    what = ("", "gradient", "second derivative")[facts["order"]]
    if failure.raised is not None:
        head = f"going backward raised {type(failure.raised).__name__}: {failure.raised}"
    else:
        head = (
            f"{place}: expected {facts['expected']:.10g} (by {failure.means}), got {facts['got'] + 0.0:.10g}, relative"
            f" error {facts['relative_error']:.2e} where {failure.law.tolerance:.0e} is allowed"
        )
    name = name_of(failure.law.f).removeprefix("the gradient of ")
    return (
        f"the {what} of {name} is wrong in direction {direction}, {layout} inputs. {head}. Likely: {facts['diagnosis']}"
    )


def _circumstance(order, layout):
    circumstances = []
    if order == 2:
        circumstances.append(
            "right in first and wrong in second order: backward uses a value that is not part of the graph"
        )
    if layout != "contiguous":
        circumstances.append(f"right for contiguous and wrong for {layout} inputs: wrong at a stride")
    return "; ".join(circumstances)


def _suspects(failure):
    """The inputs along which alone the law breaks too; all of them where it breaks only along all together."""
    us = failure.point.us
    alone = [[u if i == j else np.zeros(u.shape) for j, u in enumerate(us)] for i in range(len(us))]
    found = [i for i, one in enumerate(alone) if breach(failure.law, failure.point._replace(us=one)) is not None]
    return found or list(range(len(us)))


def _elements(failure, suspects):
    """{(input, element): autograd's value} and the same of the numerical values, for all or evenly spread elements."""
    law, (xs, _, vs) = failure.law, failure.point
    found, wanted = {}, {}
    for i in suspects:
        every = list(np.ndindex(xs[i].shape))
        for element in every[:: max(1, -(-len(every) * len(suspects) // ELEMENTS))]:
            us = [np.zeros(x.shape) for x in xs]
            us[i][element] = 1.0
            found[i, element] = float(failure.gradients[i][element])
            wanted[i, element] = numerical(law, Point(xs, us, vs), 0.1 * law.tolerance)[0]
    return found, wanted


def _worst(found, wanted, failure):
    """The element that is most wrong; nothing where the elements looked at are right."""
    if not found:
        return {}
    error = {key: abs(found[key] - wanted[key]) / max(1.0, abs(wanted[key])) for key in found}
    worst = max(error, key=lambda key: np.inf if np.isnan(error[key]) else error[key])
    if error[worst] <= failure.law.tolerance:
        return {}
    facts = {"expected": wanted[worst], "got": found[worst], "relative_error": error[worst]}
    return {"input": worst[0], "element": worst[1], **facts}


def _place(facts, xs, labels, suspects):
    if "input" in facts:
        i = facts["input"]
        return f"{_label(i, labels)} of shape {xs[i].shape}, element {facts['element']}"
    if len(suspects) == 1:
        return f"along {_label(suspects[0], labels)} of shape {xs[suspects[0]].shape}"
    return "along the whole direction"


def _label(i, labels):
    """What a message calls the law's input i; the second order's weights come after f's own inputs."""
    if i >= len(labels):
        return f"the incoming gradient {i - len(labels)}"
    position, name = labels[i]
    return f"input {position} ({name})" if name else f"input {position}"


def _fault(failure, found, wanted):
    """The fault that all elements show alike, or None."""
    law, point = failure.law, failure.point
    if failure.uncertainty > max(law.tolerance, 0.1 * failure.error) or one_sided_gap(law.evaluate, *point) > 1e-2:
        return "f has a kink or a jump, or is not finite, within a small step of these inputs: draw them elsewhere"
    wrong = {key[0] for key in found if abs(found[key] - wanted[key]) > law.tolerance * max(1.0, abs(wanted[key]))}
    got, expected = (np.array([side[key] for key in found if key[0] in wrong]) for side in (found, wanted))
    if not wrong or not np.isfinite(got).all() or np.abs(expected).max() <= law.tolerance:
        return None
    ratio = float(got @ expected / (expected @ expected))
    alike = min(1e-4, 0.1 * abs(ratio - 1))  # a factor near 1 is seen in its distance from 1
    if (np.abs(got - ratio * expected) > alike * np.abs(expected) + law.tolerance).any():
        return None
    if abs(ratio) < 1e-6:
        return "the gradient is 0: the graph is cut (detach, or a computation on arrays)"
    if abs(ratio + 1) < 1e-4:
        return "the sign: every element is −1 times what it should be"
    factor = f"{ratio:.4g}"
    factor = f"(1 {ratio - 1:+.3g})" if factor == "1" else factor
    return f"a constant factor: every element is {factor} times what it should be"


def _missing_sum(failure):
    """The input whose gradient becomes right once the input itself has the output's shape, or None."""
    law, (xs, us, vs) = failure.law, failure.point
    if len(vs) != 1:
        return None
    rng, before = np.random.default_rng(0), law.evaluate(xs)[0]
    wide, widened = list(xs), []
    for i, x in enumerate(xs):
        if x.shape != before.shape and _fits(x.shape, before.shape):
            wide[i] = np.array(np.broadcast_to(x, before.shape))
            widened.append(i)
    if not widened:
        return None
    try:
        after = values(law.f, wide)[0]
    except Exception:  # f does not take that shape: then it does not broadcast, and nothing is missing
        return None
    if after.shape != before.shape or not np.allclose(after, before, equal_nan=True):
        return None
    wide_us = [u if w is x else weights(rng, [w.shape])[0] for u, w, x in zip(us, wide, xs, strict=True)]
    return widened[0] if breach(law, Point(wide, wide_us, vs)) is None else None


def _fits(shape, target):
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False
