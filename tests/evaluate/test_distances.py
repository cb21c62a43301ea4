"""Samples between the floor and noise: each measure sees what it should, and what may be ranked is said."""

import json
from functools import partial

import numpy as np
import pytest

from minigen import Stream, data
from minigen.errors import UserError
from minigen.evaluate import Sets, compare_features, compare_samples, random_features
from minigen.evaluate.distances import PER_FEATURE

MEASURES = {"kid", "mmd", "frechet", "precision", "recall", "density", "coverage", "classifier"}


def sets(samples, n=60, d=3, train=None):
    rng = np.random.default_rng(0)
    return Sets(rng.normal(size=(n, d)), samples(rng, (n, d)), rng.normal(size=(n, d)), 9 * rng.random((n, d)), train)


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def net(digits):
    return random_features(digits)


def images(digits, samples, train=None):
    x = next(data.in_order(digits.train, 10_000)).x
    noise = data.on_grid(np.random.default_rng(0).random((150, 8, 8, 1)), 17)
    return Sets(next(data.in_order(digits.test, 150)).x, samples, x[:150], noise, train)


def test_every_measure_stands_between_floor_and_noise():
    found = compare_features(sets(lambda rng, s: rng.normal(size=s) + 0.8), Stream(0))
    assert set(found) == MEASURES
    for name in ("kid", "mmd", "frechet"):
        one = found[name]
        assert one.floor.value < one.score.value < one.noise.value, name
    for name in ("precision", "density", "coverage"):
        one = found[name]
        assert one.floor.value >= one.score.value >= one.noise.value, name
    assert found["mmd"].score.p_value < 0.05 < found["mmd"].floor.p_value
    assert found["classifier"].noise.p_value < 1e-4 < found["classifier"].floor.p_value
    json.dumps({name: one.as_dict() for name, one in found.items()}, allow_nan=False)


def test_frechet_is_ranked_from_so_many_samples_on():
    few = compare_features(sets(lambda rng, s: rng.normal(size=s), PER_FEATURE * 3 - 1), Stream(0))
    enough = compare_features(sets(lambda rng, s: rng.normal(size=s), PER_FEATURE * 3), Stream(0))
    assert not few["frechet"].ranked and "59 samples" in few["frechet"].note
    assert enough["frechet"].ranked and few["kid"].ranked and few["mmd"].ranked


def test_copies_of_training_data_are_seen():
    train = np.random.default_rng(5).normal(size=(200, 3))
    copies = compare_features(sets(lambda rng, s: train[: s[0]], train=train), Stream(0))["nearer_to_train"]
    fresh = compare_features(sets(lambda rng, s: rng.normal(size=s), train=train), Stream(0))["nearer_to_train"]
    assert copies.score.value == 1 and 0.3 < fresh.score.value < 0.7
    assert copies.floor.value == 0.5 and not copies.ranked


def test_images_are_compared_by_features_by_others_and_by_pixels(digits, net):
    x = next(data.in_order(digits.train, 10_000)).x
    blurred = data.on_grid((x + np.roll(x, 1, 1) + np.roll(x, 1, 2))[150:300] / 3, 17)
    found = compare_samples(images(digits, blurred, x), net, random_features(digits, 1))
    assert set(found) == MEASURES | {"nearer_to_train", "kid_check", "classifier_pixels", "spectrum"}
    for name in ("kid", "kid_check", "spectrum", "classifier_pixels"):
        assert found[name].floor.value < found[name].score.value, name
    assert found["classifier_pixels"].score.p_value < 1e-3
    assert set(compare_samples(images(digits, blurred), None)) == {"classifier_pixels", "spectrum"}


def test_pixels_see_a_grid_that_is_not_the_data_s(digits):
    """Why samples are rounded: fresh digits with a little noise are fresh digits to the eye, not to a classifier."""
    x = next(data.in_order(digits.train, 10_000)).x[200:350]
    noisy = np.clip(x + np.random.default_rng(0).uniform(-0.02, 0.02, x.shape), 0, 1)
    raw, rounded = (compare_samples(images(digits, s), None) for s in (noisy, data.on_grid(noisy, 17)))
    assert raw["classifier_pixels"].score.p_value < 1e-3 < rounded["classifier_pixels"].score.p_value


def test_the_order_of_samples_does_not_matter():
    x = np.random.default_rng(3).normal(size=(60, 3))
    one, two = (
        compare_features(sets(lambda rng, s, x=x: x), Stream(0)),
        compare_features(sets(lambda rng, s: x[::-1]), Stream(0)),
    )
    for name in MEASURES - {"classifier"}:  # which draws what it trains on by their order
        assert one[name].score.value == pytest.approx(two[name].score.value, abs=1e-10), name


def test_the_seed_decides(digits, net):
    x = next(data.in_order(digits.train, 10_000)).x[300:450]
    told = [
        {k: v.as_dict() for k, v in compare_samples(images(digits, x), net, seed=seed).items()} for seed in (0, 0, 1)
    ]
    assert told[0] == told[1] != told[2]


def test_sets_are_equally_long():
    x = np.zeros((20, 2))
    with pytest.raises(UserError, match="equally many"):
        Sets(x, x, x[:19], x)
    with pytest.raises(UserError, match="at least 10"):
        Sets(*[x[:9]] * 4)
    assert Sets(x, x, x, x, x[:3]).map(partial(np.add, 1)).train.sum() == 6


def test_a_generator_of_one_image_gets_numbers_too(digits, net):
    black = np.zeros((150, 8, 8, 1), np.float32)
    found = compare_samples(images(digits, black, next(data.in_order(digits.train, 300)).x), net)
    told = {name: one.as_dict()["value"] for name, one in found.items()}
    assert None not in told.values()
    assert told["recall"] == 0 and told["classifier_pixels"] == 1 and told["coverage"] <= told["precision"] <= 1
