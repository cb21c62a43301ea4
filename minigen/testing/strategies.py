"""Hypothesis strategies for shapes, arrays and op cases; needs hypothesis (``pip install minigen[test]``).

For an op of two arrays that broadcast, a layer, a bijector of your own::

    @given(broadcastable())
    def test_my_op(xs):
        check_gradients(my_op, *xs, order=2)

    @given(arrays(shapes(2, 2, least=1).map(lambda s: (s[0], 3))))
    def test_my_layer(x):
        check_module(MyLayer(3, rng=np.random.default_rng(0)), x, order=2)

    @given(arrays((2, 4)))
    def test_my_bijector(x):
        check_bijector(MyBijector(4), x)

All of them draw through `minigen.testing.Draw`, with hypothesis as its source of integers: what fails shrinks to
fewer axes, smaller sides, simpler layouts and the first of each list of options.
"""

import numpy as np
from hypothesis import strategies as st

from .cases import Draw
from .law import tensors as around
from .layouts import LAYOUTS, laid_out


class _HypothesisDraw(Draw):
    """A `Draw` whose integers come from hypothesis, which can shrink them."""

    def __init__(self, draw):
        self._draw = draw

    def integer(self, low, high):
        return self._draw(st.integers(low, high))  # shrinks to 0, or to the bound next to it


@st.composite
def draws(draw):
    """A `minigen.testing.Draw` to draw anything else from."""
    return _HypothesisDraw(draw)


@st.composite
def shapes(draw, least_axes=0, most_axes=3, least=0, most=4):
    """Shapes of ``least_axes`` … ``most_axes`` axes with sizes ``least`` … ``most``; 0-d and empty ones included."""
    return _HypothesisDraw(draw).shape(least_axes, most_axes, least, most)


@st.composite
def broadcastable_shapes(draw, count=2, least=0):
    """Tuples of ``count`` shapes that broadcast together."""
    return tuple(_HypothesisDraw(draw).broadcastable(count, least))


@st.composite
def layouts(draw):
    """Names of memory layouts (`minigen.testing.LAYOUTS`); contiguous is the simplest."""
    return _HypothesisDraw(draw).choice(LAYOUTS)


@st.composite
def arrays(draw, shape=None, dtype=None, low=-2.0, high=2.0, avoid=(), gap=0.05, layout=None):
    """Arrays of uniform numbers, in any memory layout.

    Args:
        shape: a shape or a strategy of shapes; `shapes()` by default.
        dtype: float32 or float64; either by default.
        low, high: bounds of the values; avoid, gap: points from which they stay away, and how far.
        layout: one of `minigen.testing.LAYOUTS`; any by default.
    """
    source = _HypothesisDraw(draw)
    shape = source.shape() if shape is None else shape if isinstance(shape, tuple) else draw(shape)
    dtype = source.choice((np.float64, np.float32)) if dtype is None else dtype
    x = source.values(shape, low, high, avoid, gap).astype(dtype)
    return laid_out(x, source.choice(LAYOUTS) if layout is None else layout)


@st.composite
def broadcastable(draw, count=2, dtype=np.float64, layout=None, **domain):
    """Tuples of ``count`` arrays that broadcast together; ``domain`` and the others as for `arrays`."""
    shapes = _HypothesisDraw(draw).broadcastable(count)
    return tuple(draw(arrays(shape, dtype, layout=layout, **domain)) for shape in shapes)


@st.composite
def tensors(draw, shape=None, dtype=np.float64, requires_grad=False, **domain):
    """Tensors (...) of uniform numbers; ``shape`` and ``domain`` as for `arrays`, in C order unless ``layout`` says."""
    domain.setdefault("layout", "contiguous")
    return around([draw(arrays(shape, dtype, **domain))])[0].requires_grad_(requires_grad)


@st.composite
def samples(draw, case):
    """Samples of a `minigen.testing.Case`."""
    return case.draw(_HypothesisDraw(draw))
