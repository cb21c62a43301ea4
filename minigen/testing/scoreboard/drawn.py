"""Drawn cases of an op: against its reference, against PyTorch, and each backend against the reference backend."""

import warnings
import zlib
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np

from ... import backends
from ..cases import Draw
from ..comparison import scaled_error, ulps
from ..layouts import LAYOUTS
from ..proofs import forward, values_and_gradients

TORCH = find_spec("torch") is not None
if TORCH:
    from ..oracle import COUNTERPARTS
    from ..parity import parity
else:
    COUNTERPARTS = {}

ULPS = 32.0  # that a backend may be away from the reference backend in float32: 4e-6


@dataclass
class Drawn:
    """The worst of an op's drawn cases.

    Args:
        cases: how many were drawn.
        reference, single: error of float64 and of float32 against the reference in float64.
        forward, first, second: error against torch in float64; None without torch.
        ulp: for each backend, the distance from the reference backend in float32, values and gradients.
        failures: a line for each case that differs by more than allowed, or raises.
    """

    cases: int
    reference: float = 0.0
    single: float = 0.0
    forward: float | None = None
    first: float | None = None
    second: float | None = None
    ulp: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)


def drawn(case, count, tolerances, seed=0):
    """Draw ``count`` samples of a case, by ``seed`` and its name, and measure each; a `Drawn`.

    The memory layout goes around with the cases; ``tolerances`` are those for torch.
    """
    result, source = Drawn(count), np.random.default_rng([seed, zlib.crc32(case.name.encode())])
    for i in range(count):
        # two generators for each case, so that it can be drawn again alone
        draws, directions = source.spawn(2)
        sample = case.draw(Draw(draws))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch's, on shapes that it deprecates or broadcasts
                _measure(result, case, sample, LAYOUTS[i % len(LAYOUTS)], tolerances, directions)
        except Exception as error:
            result.failures.append(f"{sample}: {type(error).__name__}: {error}")
    return result


def _measure(result, case, sample, layout, tolerances, rng):
    found = {
        "reference": (_reference_error(case, sample, layout, np.float64), case.tolerance),
        "single": (_reference_error(case, sample, layout, np.float32), case.single),
    }
    if case.name in COUNTERPARTS:
        errors = parity(case, sample, rng)
        found |= {kind: pair for kind, *pair in zip(errors._fields, errors, tolerances, strict=True)}
    for kind, (error, allowed) in found.items():
        setattr(result, kind, max(getattr(result, kind) or 0.0, error))
        if not error <= allowed:
            result.failures.append(f"{sample} ({layout}): {kind} is off by {error:.1e}, {allowed:.0e} is allowed")
    for name, distance in _backend_distances(case, sample, int(rng.integers(2**32))).items():
        result.ulp[name] = max(result.ulp.get(name, 0.0), distance)
        if not distance <= ULPS:
            result.failures.append(f"{sample}: backend {name} is {distance:.0f} ulp off, {ULPS:.0f} are allowed")


def _reference_error(case, sample, layout, dtype):
    return max(
        (
            scaled_error(got, wanted) if got.dtype.kind != "f" or got.dtype == dtype else np.inf
            for got, wanted in zip(*forward(case, sample, layout, dtype), strict=True)
        ),
        default=0.0,
    )


def _backend_distances(case, sample, seed):
    with backends.backend("reference"):
        expected = _all(values_and_gradients(case, sample, seed, np.float32))
    distances = {}
    for name in available_backends():
        with backends.backend(name):
            got = _all(values_and_gradients(case, sample, seed, np.float32))
        distances[name] = max((ulps(a, b) for a, b in zip(got, expected, strict=True)), default=0.0)
    return distances


def _all(found):
    return [array for part in found for array in part if array is not None]


def available_backends():
    """The backends beside the reference that can run here."""
    return [name for name in backends.NAMES if name != "reference" and (name != "cpu" or find_spec("numba"))]
