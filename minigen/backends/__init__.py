"""Backends: one set of kernels, several ways to run it. Arrays in, arrays out; no kernel has heard of Tensor.

``reference`` says what each kernel means, in the shortest correct NumPy. ``cpu`` serves the hot ones again
with Numba, under the same names; what it lacks, the reference serves. A backend is looked up like a module::

    kernels = minigen.backends.current()
    kernels.matmul(a, b)

Nothing is imported before the first kernel is asked for, so ``import minigen`` costs what NumPy costs.
"""

import importlib
import importlib.util
import threading
import warnings

from ..errors import UserError

NAMES = ("cpu", "reference")


class Backend:
    """The kernels of one backend as attributes; those it lacks come from the reference."""

    def __init__(self, name):
        self.name = name

    def __getattr__(self, kernel):
        if kernel.startswith("__"):
            raise AttributeError(kernel)
        reference = importlib.import_module(".reference", __name__)
        if not hasattr(reference, kernel):
            raise AttributeError(f"no kernel named {kernel!r}: backends/reference defines every kernel and lacks it")
        own = importlib.import_module(f".{self.name}", __name__)
        found = getattr(own, kernel, None) or getattr(reference, kernel)
        setattr(self, kernel, found)  # the next look-up does not come here
        return found

    def __repr__(self):
        return f"Backend({self.name!r})"


class _Current(threading.local):
    backend = None  # chosen at the first use, so that importing minigen need not look for Numba


_current = _Current()
_backends = {name: Backend(name) for name in NAMES}


def current():
    """Return the backend that ops run on now: ``cpu`` where Numba is installed, else ``reference``."""
    if _current.backend is None:
        _current.backend = _default()
    return _current.backend


def activate(chosen):
    """Make the `Backend` object ``chosen`` the current one; the engine calls it to honour a graph's backend."""
    _current.backend = chosen


def _default():
    if importlib.util.find_spec("numba"):
        return _backends["cpu"]
    warnings.warn(
        "Numba is not installed: minigen runs on its NumPy reference backend, many times slower (pip install numba).",
        RuntimeWarning,
        stacklevel=2,
    )
    return _backends["reference"]


def set_threads(n):
    """Let the current backend's kernels use ``n`` threads; the reference backend leaves them to NumPy."""
    if current().name == "cpu":
        importlib.import_module(".cpu.threads", __name__).set_threads(n)


class backend:
    """Switch the backend, for good or for a ``with`` block: ``minigen.backend("reference")``.

    A graph keeps the backend that it was recorded with: its backward pass runs there too.

    Raises:
        UserError: the name is not one of ``minigen.backends.NAMES``, or Numba is missing for ``cpu``.
    """

    def __init__(self, name):
        if name not in _backends:
            raise UserError(f"unknown backend {name!r}; choose one of: {', '.join(NAMES)}")
        if name == "cpu" and not importlib.util.find_spec("numba"):
            raise UserError(
                "the cpu backend needs Numba, which is not installed; pip install numba, or use 'reference'"
            )
        self._previous = _current.backend
        _current.backend = _backends[name]

    def __enter__(self):
        return _current.backend

    def __exit__(self, *exception):
        _current.backend = self._previous
