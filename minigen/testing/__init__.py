"""Proofs for ops, yours and ours: gradient checks, the table of op cases, hypothesis strategies.

`check_gradients` needs NumPy only; `minigen.testing.strategies` needs hypothesis (extra ``test``), and
`minigen.testing.oracle` PyTorch (extra ``oracle``): import them by name.
"""

from .cases import CASES, Case, Draw, Sample
from .comparison import scaled_error
from .diagnosis import GradientError
from .gradients import check_gradients
from .layouts import LAYOUTS, laid_out

__all__ = ["CASES", "LAYOUTS", "Case", "Draw", "GradientError", "Sample", "check_gradients", "laid_out", "scaled_error"]
