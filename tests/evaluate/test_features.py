"""The feature network: frozen, named by its weights, scaled, and able to tell digits from noise."""

import numpy as np
import pytest

from minigen import data
from minigen.data.dataset import Split, from_splits
from minigen.errors import UserError
from minigen.evaluate import random_features, trained_features
from minigen.evaluate.features import plain_reader


@pytest.fixture(scope="module")
def part():
    return data.split_for_features(data.load("digits"))[0]


@pytest.fixture(scope="module")
def net(part):
    return trained_features(part, 100)


def test_features_are_float64_and_scaled_by_the_rows_trained_on(part, net):
    for one in (net, random_features(part)):
        x = next(data.in_order(part.train, 10_000)).x
        found = one(x)
        assert found.shape == (259, 128) and found.dtype == np.float64
        assert (found**2).mean() == pytest.approx(1, rel=1e-6)
        np.testing.assert_allclose(one(x[100:103]), found[100:103], rtol=1e-4, atol=1e-5)


def test_the_head_reads_off_the_features(net, part):
    """They are what the classifier decides by: its last layer on them gives its answers."""
    x = next(data.in_order(part.test, 50)).x
    linear = net.network.head[1]
    logits = net(x) / net.scale @ linear.weight.numpy() + linear.bias.numpy()
    np.testing.assert_array_equal(logits.argmax(1), net.network.predict(x).argmax(1))


def test_the_facts_are_those_of_the_network(part, net):
    assert net.facts["sha256"] == net.network.sha256 and net.facts["rows"] == 259
    assert net.facts["test_accuracy"] == net.network.accuracy(part.test) > 0.8
    assert net.facts["sha256"] != random_features(part).facts["sha256"]


def test_it_is_frozen_and_the_same_again(part, net):
    assert not net.network.training and not any(p.requires_grad for p in net.network.parameters())
    one, two, other = (trained_features(part, 2, seed=seed).facts["sha256"] for seed in (0, 0, 1))
    assert one == two != other
    assert random_features(part, 1).facts["sha256"] != random_features(part, 2).facts["sha256"]


@pytest.mark.needs_jit
def test_the_reader_is_sure_of_most_digits_and_the_features_network_of_no_noise(part):
    """An ordinary classifier is sure of about 89 % of the test digits, and of some noise."""
    real, noise = next(data.in_order(part.test, 400)).x, np.random.default_rng(0).integers(17, size=(500, 8, 8, 1)) / 16
    reader, smoothed = (
        [(net.network.predict(x).max(1) > 0.9).mean() for x in (real, noise)]
        for net in (plain_reader(part), trained_features(part))
    )
    assert 0.84 < reader[0] < 0.94 and smoothed[1] < 0.05 < reader[1] < 0.3


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_other_sizes(shape):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(256, size=(20, *shape), dtype=np.uint8), np.arange(20) % 3, 256)
    part = from_splits("noise", split, split, split, provenance="noise")
    x = rng.random((6, *shape))
    assert trained_features(part, 1)(x).shape == random_features(part)(x).shape == (6, 128)


def test_without_labels_there_is_the_random_one_alone(part):
    bare = from_splits("bare", *[Split(part.train.x[:30], None, 17)] * 3, provenance="")
    with pytest.raises(UserError, match="no labels"):
        trained_features(bare, 1)
    assert random_features(bare)(np.zeros((2, 8, 8, 1))).shape == (2, 128)


def test_images_of_another_shape_are_refused(net):
    with pytest.raises(UserError, match="made for images"):
        net(np.zeros((2, 9, 9, 1)))
