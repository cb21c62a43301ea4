"""Proofs for ops, yours and ours: gradient checks, the table of op cases, hypothesis strategies.

What is yours takes three lines: `check_gradients` a function of tensors, `check_module` a layer, `check_bijector` an
invertible one, `check_model` a model's loss; they need NumPy only. `minigen.testing.search.check_op` and
`minigen.testing.strategies` draw the inputs and shrink what fails; they need hypothesis (extra ``test``), and
`minigen.testing.oracle` needs PyTorch (extra ``oracle``): import those by name.
"""

from .bijectors import BijectorError, check_bijector
from .cases import CASES, Case, Draw, Sample
from .comparison import scaled_error
from .diagnosis import GradientError
from .gradients import check_gradients
from .layouts import LAYOUTS, laid_out
from .modules import check_model, check_module

__all__ = [
    "CASES",
    "LAYOUTS",
    "BijectorError",
    "Case",
    "Draw",
    "GradientError",
    "Sample",
    "check_bijector",
    "check_gradients",
    "check_model",
    "check_module",
    "laid_out",
    "scaled_error",
]
