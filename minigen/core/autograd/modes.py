"""What holds while ops run: is a graph recorded, and does anything look for NaN?

Both are kept per thread, so that a thread that samples under `no_grad` does not stop another's training.
"""

import functools
import threading
from contextlib import contextmanager

import numpy as np

from ...errors import NonFiniteError


class _State(threading.local):
    recording = True
    filling = False  # the gradients of leaves that are being computed are for their ``grad`` alone
    watch = None  # the active `anomaly` context
    tape = None  # the `Tape` that takes down what a captured step does
    path = ()  # names of the modules that are being called, outermost first


state = _State()


class no_grad:
    """Record nothing inside: ``with minigen.no_grad(): ...``; also a decorator, ``@minigen.no_grad()``."""

    def __init__(self):
        self._previous = []  # one for each time that it was entered

    def __enter__(self):
        self._previous.append(state.recording)
        state.recording = False

    def __exit__(self, *exception):
        state.recording = self._previous.pop()

    def __call__(self, function):
        @functools.wraps(function)
        def without_graph(*args, **kwargs):
            with no_grad():
                return function(*args, **kwargs)

        return without_graph


@contextmanager
def recording(flag):
    """Record (or not) inside; the engine's own switch for ``create_graph``."""
    previous, state.recording = state.recording, flag
    try:
        yield
    finally:
        state.recording = previous


def repeated(function):
    """Decorate a change of state that is no op, so that a captured step (`minigen.capture`) makes it each time.

    Tensors that it is given are another call's each time, and so is an array that it returns.
    """

    @functools.wraps(function)
    def now_and_again(*args, **kwargs):
        return function(*args, **kwargs) if state.tape is None else state.tape.again(function, args, kwargs)

    return now_and_again


class anomaly:
    """Stop at the first NaN or infinity and say where it was born.

    Inside, every op's result and every gradient is looked at; the first that is not finite raises
    `NonFiniteError` with the op, the path of the module that called it, the training step and what the
    inputs were like. Slow (each result is read once more): for finding, not for training::

        with minigen.anomaly() as watch:
            for watch.step in range(1000):
                ...

    Args:
        step: the training step that the message names; assign ``watch.step`` as training goes on.
    Raises:
        NonFiniteError: at the first op whose output, or whose gradient, is not finite.
    """

    def __init__(self, step=None):
        self.step = step
        self._inside = False  # the backward of an op is made of ops, but it is the op that is to be named

    def __enter__(self):
        self._previous, state.watch = state.watch, self
        self._quiet = np.errstate(all="ignore")  # NumPy would warn first, and say less
        self._quiet.__enter__()
        return self

    def __exit__(self, *exception):
        self._quiet.__exit__(*exception)
        state.watch = self._previous

    def check(self, op, phase, inputs, outputs):
        """Raise if one of ``outputs``, made from ``inputs`` by ``op`` in ``phase`` ("forward" or "backward"), is
        not finite; all are arrays, numbers or None."""
        if phase == "forward" and self._inside:
            return
        for array in outputs:
            if array is None or array.dtype.kind not in "fc" or np.isfinite(array).all():
                continue
            born = "first" if all(map(_finite, inputs)) else "not born here, but already in the input:"
            kind = "NaN" if np.isnan(array).any() else "infinity"
            step = "" if self.step is None else f", step {self.step}"
            raise NonFiniteError(
                f"{born} {kind} in the {phase} pass of {op.describe(inputs if phase == 'forward' else None)},"
                f" {_where(op.path)}{step}: "
                f"{int(array.size - np.isfinite(array).sum())} of {array.size} values are not finite; {_ranges(inputs)}"
            )

    @contextmanager
    def backward_of(self, op):
        """What runs inside is the backward of ``op``, and belongs to the module that ``op`` belongs to."""
        inside, path = self._inside, state.path
        self._inside, state.path = True, op.path or ()
        try:
            yield
        finally:
            self._inside, state.path = inside, path


def _where(path):
    if path is None:
        return "in an unknown module (enter anomaly() before the forward pass to learn which)"
    return f"in module {'.'.join(path)}" if path else "outside any module"


def _finite(array):
    """Whether an op's input, an array or a number, holds neither NaN nor infinity."""
    return getattr(array, "dtype", np.dtype(float)).kind not in "fc" or bool(np.isfinite(array).all())


def _ranges(arrays):
    """The smallest and largest value of each array, in words."""
    parts = []
    for i, array in enumerate(arrays):
        if getattr(array, "size", 0) and array.dtype.kind == "f":
            parts.append(f"its input {i} {array.shape} lay in [{array.min():.4g}, {array.max():.4g}]")
        elif not hasattr(array, "size"):
            parts.append(f"its input {i} was {array}")
    return ", ".join(parts)


@contextmanager
def named_scope(name):
    """Add ``name`` to the module path that `anomaly` reports; `Module.__call__` uses it."""
    previous, state.path = state.path, (*state.path, name)
    try:
        yield
    finally:
        state.path = previous
