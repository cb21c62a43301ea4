"""The same values laid out differently in memory: what is right for one layout may be wrong for another."""

import numpy as np

LAYOUTS = ("contiguous", "strided", "reversed", "transposed")


def laid_out(array, layout):
    """The values of ``array`` (...) in another memory layout.

    Args:
        layout: "contiguous" (C order), "strided" (every second element of a buffer whose other elements are NaN,
            along every axis), "reversed" (negative strides along every axis) or "transposed" (Fortran order).
    Returns:
        An array of the same shape, dtype and values, with memory of its own.
    """
    if layout == "contiguous":
        return np.array(array, order="C")
    if layout == "transposed":
        return np.array(array, order="F")
    if layout == "reversed":
        backwards = (slice(None, None, -1),) * array.ndim
        return np.array(array[backwards], order="C")[backwards] if array.ndim else np.array(array)
    if layout == "strided":
        every_second = (slice(None, None, 2),) * array.ndim
        gaps = np.zeros([2 * n for n in array.shape], array.dtype)
        if array.dtype.kind == "f":
            gaps[...] = np.nan  # a kernel that ignores strides reads these
        gaps[every_second] = array
        return gaps[every_second]
    raise ValueError(f"unknown layout {layout!r}; choose one of {', '.join(LAYOUTS)}")
