import math

import numpy as np
import pytest

from minigen.backends.reference import elementwise


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "strided", "transposed", "broadcast"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4, 5), (0, 3), (1,)])
def test_erf_in_every_layout(draw_array, layout, dtype, shape):
    x = draw_array(shape, 0, dtype, layout)
    expected = np.array([math.erf(v) for v in x.ravel()], dtype).reshape(shape)
    np.testing.assert_array_equal(elementwise.erf(x), expected, strict=True)
    out = np.empty(shape[::-1], dtype).T
    assert elementwise.erf(x, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_erf_of_the_edges():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(elementwise.erf(x), [0.0, -0.0, 1.0, -1.0, np.nan])
    scalar = elementwise.erf(np.array(0.5))
    assert scalar.shape == () and scalar.dtype == np.float64
