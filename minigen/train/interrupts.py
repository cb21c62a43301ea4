"""Ctrl-C, and the stop button of a notebook: the step that is under way is finished first."""

import signal
import threading


class Interrupts:
    """Inside, a first SIGINT sets ``asked``; a second one raises KeyboardInterrupt, for those who cannot wait.

    A step that is cut in two would leave new weights under an old step number, and a checkpoint cut in two nothing at
    all. Signals reach the main thread only; elsewhere nothing changes.
    """

    def __init__(self):
        self.asked = False

    def __enter__(self):
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._previous = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *exception):
        if self._main:
            signal.signal(signal.SIGINT, self._previous)

    def _ask(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
