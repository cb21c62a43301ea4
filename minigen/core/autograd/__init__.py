"""The engine: record ops as they run, then go back through them."""

from .derivatives import hvp, jacobian, jvp, vjp
from .engine import backward, grad
from .modes import anomaly, named_scope, no_grad
from .op import Op
from .variable import Variable

__all__ = ["Op", "Variable", "anomaly", "backward", "grad", "hvp", "jacobian", "jvp", "named_scope", "no_grad", "vjp"]
