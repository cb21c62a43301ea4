"""The bias over n: the Fréchet distance's falls like 1/n, KID has none."""

import math

import numpy as np
import pytest

from minigen.errors import UserError
from minigen.metrics import bias_curve, frechet, kid


def test_frechet_is_biased_and_kid_is_not():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 4000, 6))
    sizes = (50, 100, 200)
    biased = [values.mean() for values in bias_curve(frechet, x, y, sizes, rng, 20)]
    assert biased[0] > 1.5 * biased[1] > 2.25 * biased[2] > 0
    unbiased = bias_curve(kid, x, y, sizes, rng, 20)
    assert [len(values) for values in unbiased] == [80, 40, 20]
    whole = kid(x, y).value
    for values in unbiased:
        assert abs(values.mean() - whole) < 4 * values.std() / math.sqrt(len(values))


def test_a_size_beyond_the_data_is_refused():
    with pytest.raises(UserError, match="one is 9"):
        bias_curve(frechet, np.zeros((8, 2)), np.zeros((10, 2)), (4, 9), np.random.default_rng(0))
