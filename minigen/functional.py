"""``minigen.functional`` is `minigen.core.functional`."""

from .core.functional import *  # noqa: F403
from .core.functional import __all__  # noqa: F401
