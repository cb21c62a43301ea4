"""Variable: an array, and the place in the graph that it came from.

`Tensor` adds operators and methods to it. The engine needs two of them: ``wrap(array, op, index, version)``
makes a Variable around an array, at output ``index`` of ``op``; ``constant(value)`` makes one without gradient
of anything array-like, and leaves Python numbers as they are.
"""

from .modes import state


class Variable:
    """An array with a gradient.

    ``op`` is the `Op` that made it (None for a leaf), ``index`` which of the op's outputs it is.
    ``version`` is a one-element list shared by all views of the same memory and counted up at every
    change in place; a graph that saved an older version refuses to go backward.
    """

    __slots__ = ("__weakref__", "_array", "_grad", "index", "op", "requires_grad", "version")

    def __init__(self, array, requires_grad=False, op=None, index=0, version=None):
        self._array = array
        self.requires_grad = requires_grad
        self.op = op
        self.index = index
        self.version = [0] if version is None else version
        self._grad = None

    @property
    def edge(self):
        """Where its gradients arrive: (its op, or itself if a leaf; index). None if they are not wanted."""
        if not self.requires_grad:
            return None
        return (self, 0) if self.op is None else (self.op, self.index)

    def changed(self):
        """Count one change in place."""
        if state.tape is not None:
            state.tape.changed("a tensor was changed in place")
        self.version[0] += 1

    def room(self):
        """An array that the first gradient may be computed into instead of being copied there; here there is none."""
        return None

    def accumulate(self, gradient):
        """Add ``gradient`` (a Variable of the same shape) to this leaf's ``grad``."""
        # a copy, since the same gradient may arrive at several leaves, or be a view that cannot be written to
        self._grad = gradient.wrap(gradient._array.copy()) if self._grad is None else self._grad + gradient
