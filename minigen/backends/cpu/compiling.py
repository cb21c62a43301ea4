"""What Numba is compiling: else the first call of a fresh installation says nothing for many seconds."""

from numba.core.event import Listener, install_listener


class _Teller(Listener):
    def __init__(self, tell):
        self.tell = tell

    def on_start(self, event):
        kernel = event.data["dispatcher"].py_func
        if not kernel.__module__.startswith("numba."):  # Numba's own parts, without a name that says anything
            self.tell(kernel.__name__)

    def on_end(self, event):
        """A kernel that is done is no news."""


def announced(tell):
    """A context in which ``tell(name)`` is called before a kernel is compiled; not when it is read from the cache."""
    return install_listener("numba:compile", _Teller(tell))
