"""The classifier two-sample test: a coin under equality, and sure where there is something to see."""

import math

import numpy as np
import pytest

from minigen.errors import ShapeError
from minigen.metrics import classifier_test


def test_under_equality_it_is_a_fair_coin():
    """z ~ N(0, 1): its mean, its spread, and how often p is small."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found.append(classifier_test(rng.exponential(size=(40, 3)), rng.exponential(size=(40, 3)), rng))
    z, p = np.array([f.z for f in found]), np.array([f.accuracy.p_value for f in found])
    assert abs(z.mean()) < 4 / math.sqrt(40)
    assert 0.65 < z.std() < 1.35
    assert (p <= 0.1).mean() < 0.25 and (p <= 0.5).mean() > 0.3
    assert found[0].accuracy.n == 40


@pytest.mark.parametrize(("shift", "width"), [(1.5, 1.0), (0.0, 3.0)])
def test_a_shift_and_a_width_are_found(shift, width):
    """The second has no linear boundary."""
    rng = np.random.default_rng(0)
    found = classifier_test(rng.normal(size=(400, 4)), rng.normal(size=(400, 4)) * width + shift, rng)
    assert found.accuracy.value > 0.75 and found.accuracy.p_value < 1e-6


def test_z_and_p_are_of_the_accuracy():
    rng = np.random.default_rng(1)
    found = classifier_test(rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + 0.5, rng)
    assert found.z == pytest.approx((found.accuracy.value - 0.5) * math.sqrt(4 * 100))
    stats = pytest.importorskip("scipy.stats")
    assert found.accuracy.p_value == pytest.approx(stats.norm.sf(found.z))


def test_values_that_do_not_vary_and_sets_of_different_length():
    rng = np.random.default_rng(0)
    x, y = np.c_[rng.normal(size=(50, 2)), np.ones(50)], np.c_[rng.normal(size=(70, 2)), np.ones(70)]
    found = classifier_test(x, y, rng)
    assert found.accuracy.n == 50 and abs(found.z) < 4
    perfect = classifier_test(np.zeros((40, 1)), np.ones((40, 1)), rng)
    assert perfect.accuracy.value == 1 and perfect.accuracy.standard_error > 0


def test_the_same_generator_gives_the_same_answer():
    x, y = np.random.default_rng(0).normal(size=(2, 60, 3))
    assert classifier_test(x, y, np.random.default_rng(5)) == classifier_test(x, y, np.random.default_rng(5))


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match="n, m ≥ 4"):
        classifier_test(np.zeros((3, 2)), np.zeros((9, 2)), np.random.default_rng(0))
