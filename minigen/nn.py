"""``minigen.nn`` is `minigen.core.nn`."""

from .core.nn import *  # noqa: F403
from .core.nn import __all__  # noqa: F401
