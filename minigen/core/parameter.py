"""Parameter: the tensors that training changes."""

from .tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module owns and an optimiser changes; it requires a gradient.

    After an optimiser packed it, its values and its gradient are views of flat buffers
    (`minigen.optim.FlatBuffer`), which one kernel updates for all parameters at once.
    """

    __slots__ = ("_flat", "_fresh", "_gradient_version", "_gradient_view")

    def __init__(self, data, requires_grad=True, dtype=None):
        self._flat = None  # the FlatBuffer that holds it
        self._gradient_view = None
        self._gradient_version = [0]  # counts what is written to the view, so that no graph uses it unawares
        self._fresh = True  # the next gradient overwrites: what stands in the view is from before zero_grad
        super().__init__(data, requires_grad, dtype)

    def accumulate(self, gradient):
        """Add ``gradient`` to the flat buffer's view; before packing, as any leaf."""
        if self._gradient_view is None:
            super().accumulate(gradient)
        elif self._fresh:
            if gradient._array is self._gradient_view:  # it was computed there
                self._gradient_version[0] += 1
                self._fresh = False
            else:
                self._overwrite(gradient._array)
        else:
            self._gradient_view += gradient._array
            self._gradient_version[0] += 1

    def room(self):
        """The flat buffer's view, if the next gradient overwrites it."""
        return self._gradient_view if self._fresh and self.requires_grad else None

    @property
    def grad(self):
        """The gradient; after packing a view of the flat buffer, zeros after zero_grad, never None."""
        if self._gradient_view is None:
            return self._grad
        self.settle()
        return self.wrap(self._gradient_view, version=self._gradient_version)

    @grad.setter
    def grad(self, value):
        Tensor.grad.fset(self, value)  # which refuses another shape
        if self._gradient_view is not None:
            self._grad = None
            self._fresh = True
            if value is not None:
                self._overwrite(value._array)

    def rebind(self, array, gradient_view=None, flat=None):
        """Move to ``array``, of this shape; a gradient of its dtype moves too."""
        arrived = self._grad if self._gradient_view is None else None if self._fresh else self.grad
        array[...] = self._array
        self._array, self._gradient_view, self._flat, self._fresh, self._grad = array, gradient_view, flat, True, None
        if arrived is not None and arrived.dtype == array.dtype:
            self.grad = arrived

    def settle(self):
        """Make the flat buffer's view true: zeros if no gradient arrived since zero_grad."""
        if self._fresh:
            self._overwrite(0)

    def _overwrite(self, values):
        self._gradient_view[...] = values
        self._gradient_version[0] += 1
        self._fresh = False
