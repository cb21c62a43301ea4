"""``minigen.optim`` is `minigen.core.optim`."""

from .core.optim import *  # noqa: F403
from .core.optim import __all__  # noqa: F401
