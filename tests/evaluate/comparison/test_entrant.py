import numpy as np
import pytest

from minigen import data, tensor
from minigen.evaluate.comparison.entrant import chosen


class Model:
    """Its loss is one number and noise: that of the step, common to all models, and its own, up and down in turn."""

    def __init__(self, level, own=0.0, common=0.0):
        self.level, self.own, self.common = level, own, common

    def loss(self, batch, rng):
        noise = self.common * rng.normal((1,), np.float64) + self.own * (-1) ** rng.step
        return {"loss": tensor(self.level + noise).mean()}


@pytest.mark.parametrize(
    ("best", "last", "first"),
    [
        (Model(1.0), Model(1.01), True),
        (Model(1.0), Model(0.99), False),
        (Model(1.0), Model(1.1, own=1.0), False),  # it may have been luck
        (Model(1.0), Model(2.0, own=1.0), True),
        (Model(1.0, common=9.0), Model(1.02, common=9.0), True),  # the same images and noise for both
    ],
)
def test_earlier_weights_must_be_better_by_more_than_noise(best, last, first):
    assert chosen(last, best, data.load("digits").validation, seed=3) is (best if first else last)
