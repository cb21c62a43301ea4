"""The judge of a model: what is compared is what is said, and what cannot be compared is told."""

import json

import numpy as np
import pytest

from minigen import Stream, data
from minigen.data.dataset import Split, from_splits
from minigen.errors import UserError
from minigen.evaluate import features, judge_samples, why_not
from minigen.evaluate.judgement import draw, draw_sets


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(features, "STEPS", 30)


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


class Copier:
    """Samples training images, of which it has so many; every tenth is broken where asked for."""

    def __init__(self, dataset, broken=False):
        self.x, self.broken = next(data.in_order(dataset.train, 10_000)).x, broken

    def sample(self, n, rng):
        x = self.x[rng.generator().integers(len(self.x), size=n)] + 0.01
        if self.broken:
            x[::10] = np.nan
        return x


def test_a_copier_is_caught(digits):
    kept = data.load("digits", reserve=0.2)
    found = judge_samples(Copier(kept), digits, 100, reserve=0.2)
    assert found["n"] == 100 and found["not_finite"] == 0
    assert found["distances"]["nearer_to_train"]["value"] == 1
    assert not found["distances"]["frechet"]["ranked"]
    assert found["features"]["trained_on"] is False and found["features"]["rows"] == 259
    assert judge_samples(Copier(digits), digits, 50)["features"]["trained_on"] is True
    json.dumps(found, allow_nan=False)


def test_the_sets_are_on_the_grid_apart_and_equally_long(digits):
    for_features, rest = data.split_for_features(digits)
    sets, lost = draw_sets(Copier(digits, broken=True), rest, 200, seed=3, train=digits.train)
    assert lost == 20 and len(sets.real) == len(sets.samples) == len(sets.other) == len(sets.noise) == 180
    grid = data.to_unit(np.arange(17, dtype=np.uint8), 17)
    for x in (sets.real, sets.samples, sets.other, sets.noise):
        assert np.isin(x, grid).all() and np.isfinite(x).all()
    rows = {x.tobytes() for x in data.to_unit(rest.train.x, 17)}
    assert {x.tobytes() for x in sets.other} <= rows
    assert {x.tobytes() for x in sets.other}.isdisjoint(x.tobytes() for x in data.to_unit(for_features.train.x, 17))
    assert {x.tobytes() for x in sets.real} <= {x.tobytes() for x in data.to_unit(digits.test.x, 17)}
    assert len(sets.train) == len(digits.train)
    again, _ = draw_sets(Copier(digits, broken=True), rest, 200, seed=3)
    np.testing.assert_array_equal(again.samples, sets.samples)
    assert again.train is None


def test_samples_are_drawn_in_parts(digits):
    copier = Copier(digits)
    x = draw(copier, 600, Stream(0))
    assert x.shape == (600, 8, 8, 1)
    np.testing.assert_array_equal(x[500:], copier.sample(100, Stream(0).at(500)))


def test_data_without_labels_are_compared_by_a_random_network(digits):
    bare = from_splits("bare", *(Split(s.x, None, 17) for s in (digits.train, digits.test, digits.test)), provenance="")
    found = judge_samples(Copier(bare), bare, 50)
    assert "test_accuracy" not in found["features"] and "kid_check" not in found["distances"]
    assert found["distances"]["kid"]["noise"]["value"] > 0


def test_what_cannot_be_compared_is_told(digits):
    moons = data.load("moons")
    assert "points of shape (2,)" in why_not(moons) and not why_not(digits)
    with pytest.raises(UserError, match="images of at least 4×4"):
        judge_samples(Copier(digits), moons)
    few = from_splits(
        "few", digits.train, digits.test, Split(digits.test.x[:9], digits.test.labels[:9], 17), provenance=""
    )
    assert "at least 10 test data" in why_not(few)
    for n in (9, 401):
        with pytest.raises(UserError, match=f"comparison of {n} samples .* at most 400"):
            judge_samples(Copier(digits), digits, n)
