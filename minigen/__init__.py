"""minigen: generative models by hand, from the derivative of tanh to a drawn digit, on NumPy and Numba."""

import importlib

from .backends import backend
from .core.autograd import anomaly, grad, hvp, jacobian, jvp, no_grad, vjp
from .core.capture import capture
from .core.parameter import Parameter
from .core.random import Stream
from .core.tensor import Tensor, tensor

__version__ = "0.1.0"

__all__ = [
    "Parameter",
    "Stream",
    "Tensor",
    "anomaly",
    "backend",
    "capture",
    "data",
    "functional",
    "grad",
    "hvp",
    "jacobian",
    "jvp",
    "load",
    "models",
    "nn",
    "no_grad",
    "optim",
    "tensor",
    "testing",
    "train",
    "viz",
    "vjp",
]  # fmt: skip

_ROOMS = ("data", "functional", "models", "nn", "optim", "testing", "train", "viz")


def __getattr__(name):
    """Rooms open when they are first entered: importing minigen costs about what importing NumPy does."""
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name == "load":
        return importlib.import_module(".train", __name__).load
    raise AttributeError(f"module 'minigen' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
