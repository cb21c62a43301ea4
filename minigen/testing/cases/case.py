"""A case: an op, what it means in plain NumPy, and how to draw inputs for it.

One table of cases drives every proof: forward against the reference in both dtypes, first and second derivative
in float64, the backends against each other, odd memory layouts, and PyTorch as an oracle. To prove an op of your
own, write a `Case` and hand it to the same checks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Sample:
    """One draw: ``inputs``, float64 arrays that become tensors, and ``options``, handed on as keywords."""

    inputs: tuple
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        # arithmetic on 0-d arrays leaves NumPy scalars
        object.__setattr__(self, "inputs", tuple(np.asarray(x, dtype=np.float64) for x in self.inputs))

    def __repr__(self):
        shapes = ", ".join(str(x.shape) for x in self.inputs)
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        return f"Sample({shapes}{options})"


@dataclass(frozen=True)
class Case:
    """An op of the table.

    Args:
        name: its public name in `minigen.functional`.
        op: tensors and options to a tensor or a tuple of tensors.
        reference: arrays and options to an array or a tuple of arrays; plain NumPy or a closed form, and written
            without a look at the op.
        draw: a `Draw` to a `Sample`, inside the op's domain and away from kinks and ties.
        differentiable: whether it has a derivative to check.
        tolerance: scaled error (`scaled_error`) that float64 may show in the forward pass.
        single: the same for float32.
    """

    name: str
    op: Callable
    reference: Callable
    draw: Callable
    differentiable: bool = True
    tolerance: float = 1e-12
    single: float = 2e-5

    def __repr__(self):
        return f"Case({self.name})"


def unary(name, op, reference, **domain):
    """A case of one array of any shape with values in a domain (`Draw.values`)."""
    return Case(name, op, reference, lambda d: Sample((d.values(d.shape(), **domain),)))


def binary(name, op, reference, second=None, **domain):
    """A case of two arrays that broadcast, or of an array and a number; ``second``: the second one's own domain."""

    def draw(d):
        if d.integer(0, 4) == 4:
            number = float(d.values((), **(second or domain)))
            return Sample((d.values(d.shape(), **domain),), {"y": number})
        a, b = d.broadcastable()
        return Sample((d.values(a, **domain), d.values(b, **(second or domain))))

    return Case(name, op, reference, draw)
