import numpy as np
import pytest

pytest.importorskip("numba")

from minigen.backends.cpu import loss
from minigen.backends.reference import loss as reference


@pytest.mark.parametrize("shape", [(3, 1), (1, 70), (1, 1)])
def test_targets_of_another_shape_are_left_to_the_reference(draw_array, shape):
    """It broadcasts them; the kernels themselves would read beyond them."""
    logits, target = draw_array((3, 70), 0, np.float32), draw_array(shape, 1, np.float32)
    g = draw_array((1,), 2, np.float32)
    for name, args in (("bernoulli_log_prob", ()), ("bernoulli_log_prob_grad", (g,))):
        got, expected = (getattr(m, name)(*args, logits, target) for m in (loss, reference))
        np.testing.assert_array_equal(got, expected)
