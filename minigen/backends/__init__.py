"""Backends: one set of kernels, several ways to run it. Arrays in, arrays out; no kernel has heard of Tensor.

``reference`` says what each kernel means, in the shortest correct NumPy. ``cpu`` serves the hot ones again
with Numba, under the same names; what it lacks, the reference serves. A backend is looked up like a module::

    kernels = minigen.backends.current()
    kernels.matmul(a, b)

Nothing is imported before the first kernel is asked for, so ``import minigen`` costs what NumPy costs.
"""

import contextlib
import importlib
import threading
import warnings
from functools import lru_cache

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


class _Override(threading.local):
    backend = None  # of one thread, before the default: in a ``with`` block, or while the engine goes through a graph


_override = _Override()
_default = None  # of every thread: the newest of `_chosen`, else found at the first use
_chosen = []  # the `backend` objects that were not entered, and so hold for good
_lock = threading.Lock()
_backends = {name: Backend(name) for name in NAMES}


def current():
    """Return the backend that this thread's ops run on now: ``cpu`` where Numba compiles, else ``reference``.

    With ``NUMBA_DISABLE_JIT=1`` the cpu kernels are plain Python loops: they run where ``backend("cpu")`` asks for
    them.
    """
    return _override.backend or _default or _find()


def activate(chosen):
    """Make the `Backend` object ``chosen`` this thread's own, or with None let the thread follow the default.

    The engine calls it to honour a graph's backend.

    Returns:
        What it replaces, to be activated again afterwards.
    """
    before, _override.backend = _override.backend, chosen
    return before


def _settle(add=(), remove=None):
    """Change what holds for good."""
    global _default
    with _lock:
        _chosen[:] = [*(choice for choice in _chosen if choice is not remove), *add]
        _default = _chosen[-1].chosen if _chosen else None


def _find():
    """The default backend where none was chosen for good; Numba is not looked for before it is needed."""
    global _default
    found = _automatic()
    with _lock:
        _default = _chosen[-1].chosen if _chosen else found
        return _default


@lru_cache
def _automatic():
    trouble = _numba_trouble()
    if trouble is None:
        compiles = not importlib.import_module("numba").config.DISABLE_JIT
        return _backends["cpu" if compiles else "reference"]
    warnings.warn(
        f"{trouble}: minigen runs on its NumPy reference backend, many times slower (pip install --upgrade numba).",
        RuntimeWarning,
        stacklevel=4,
    )
    return _backends["reference"]


def _numba_trouble():
    """Why Numba cannot be imported, or None. Looking for it is not enough: it refuses a NumPy that is too new."""
    try:
        importlib.import_module("numba")
    except Exception as error:  # whatever it is, the reference still works
        if isinstance(error, ModuleNotFoundError) and error.name == "numba":
            return "Numba is not installed"
        return f"Numba cannot be imported ({type(error).__name__}: {' '.join(str(error).split())})"
    return None


def set_threads(n):
    """Let the current backend's kernels use ``n`` threads; the reference backend leaves them to NumPy.

    Returns:
        The number that held before; ``n`` on the reference backend.
    """
    if current().name != "cpu":
        return n
    threads = importlib.import_module(".cpu.threads", __name__)
    before = threads.get_threads()
    threads.set_threads(n)
    return before


def compiling_announced(tell):
    """A context in which ``tell(name)`` is called before the current backend compiles a kernel; not for those that its
    cache holds, nor where nothing is compiled."""
    if current().name != "cpu":
        return contextlib.nullcontext()
    return importlib.import_module(".cpu.compiling", __name__).announced(tell)


def describe():
    """What the current backend runs on, and what makes it slow: facts by name, and sentences (`minigen doctor`)."""
    if current().name == "cpu":
        found = importlib.import_module(".cpu.facts", __name__)
        return {"backend": "cpu", **found.facts()}, found.troubles()
    trouble = _numba_trouble() or "NUMBA_DISABLE_JIT is set, or the reference backend was chosen"
    return {"backend": "reference"}, [f"minigen runs on its NumPy reference backend, many times slower: {trouble}"]


class backend:
    """Switch the backend: ``minigen.backend("reference")`` for good and in every thread, ``with
    minigen.backend("reference"):`` for a block and in its own thread alone, where it goes before the other.

    A graph keeps the backend that it was recorded with: its backward pass runs there too.

    Raises:
        UserError: the name is not one of ``minigen.backends.NAMES``, or ``cpu`` lacks Numba; the message says why.
    """

    def __init__(self, name):
        if name not in _backends:
            raise UserError(f"unknown backend {name!r}; choose one of: {', '.join(NAMES)}")
        trouble = _numba_trouble() if name == "cpu" else None
        if trouble:
            raise UserError(f"the cpu backend needs Numba: {trouble}; pip install --upgrade numba, or use 'reference'")
        self.chosen = _backends[name]
        _settle(add=[self])

    def __enter__(self):
        _settle(remove=self)
        self._previous = activate(self.chosen)
        return self.chosen

    def __exit__(self, *exception):
        activate(self._previous)
