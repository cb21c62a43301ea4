"""The judge: it learns the digits, is the same for the same seed, and its agreement is a share with its error."""

import numpy as np
import pytest

from minigen import data
from minigen.data.dataset import Split, from_splits
from minigen.errors import UserError
from minigen.evaluate import Classifier, label_agreement, train_classifier
from minigen.evaluate.classifier import moved


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def judge(digits):
    return train_classifier(digits, steps=400)


def test_it_tells_the_digits_apart(digits, judge):
    assert judge.accuracy(digits.test) >= 0.97
    x = digits.test.x[:300] / np.float32(16)
    probabilities = judge.predict(x)
    assert probabilities.shape == (300, 10) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    share, error = label_agreement(judge, x, digits.test.labels[:300])
    assert share == pytest.approx((probabilities.argmax(1) == digits.test.labels[:300]).mean())
    assert 0 < error < 0.02
    shuffled, _ = label_agreement(judge, x, np.roll(digits.test.labels[:300], 1))
    assert shuffled < 0.3


def test_the_same_seed_gives_the_same_weights(digits):
    one, two, other = (train_classifier(digits, steps=3, seed=seed).sha256 for seed in (1, 1, 2))
    assert one == two != other and len(one) == 64


def test_judging_leaves_the_weights(digits, judge):
    before = judge.sha256
    judge.predict(digits.test.x[:3] / np.float32(16))
    assert judge.sha256 == before and not judge.training


def test_the_error_of_a_unanimous_verdict_is_not_zero(judge, digits):
    x = digits.test.x[:1] / np.float32(16)
    seen = judge.predict(x).argmax(1)
    for label in (seen, (seen + 1) % 10):
        share, error = label_agreement(judge, np.repeat(x, 50, axis=0), np.repeat(label, 50))
        assert share in (0, 1) and 0 < error < 0.05


def test_moves_keep_the_image_and_bring_zeros():
    x = np.zeros((200, 16, 32, 1), np.float32)
    x[:, 8, 16] = 1
    there = moved(x, np.random.default_rng(0))
    assert there.shape == x.shape and (there.sum((1, 2, 3)) == 1).all()
    rows, columns = np.nonzero(there.sum((0, 3)))
    assert set(rows) == {7, 8, 9} and set(columns) == {14, 15, 16, 17, 18}
    small = np.random.default_rng(0).random((5, 7, 7, 1))
    np.testing.assert_array_equal(moved(small, np.random.default_rng(0)), small)  # 7/16 of a pixel is none


@pytest.mark.parametrize(
    ("shape", "classes", "word"),
    [((2,), 8, "images"), ((3, 8, 1), 2, "4×4"), ((8, 8, 1), None, "no labels"), ((8, 8, 1), 1, "2 classes")],
)
def test_data_that_it_cannot_judge_are_refused(shape, classes, word):
    with pytest.raises(UserError, match=word):
        Classifier(shape, classes, rng=np.random.default_rng(0))


def test_unlabelled_data_are_refused(digits):
    x = Split(digits.train.x, None, 17)
    with pytest.raises(UserError, match="no labels"):
        train_classifier(from_splits("bare", x, x, x, provenance="digits without labels"), steps=1)


@pytest.mark.parametrize("options", [{"steps": 0}, {"steps": -5}, {"learning_rate": 0.0}, {"learning_rate": np.nan}])
def test_numbers_that_are_not_positive_are_refused(digits, options):
    with pytest.raises(UserError, match="must be positive"):
        train_classifier(digits, **options)


@pytest.mark.parametrize(("n", "labels"), [(0, []), (2, [1]), (2, [[1, 2]])])
def test_agreement_wants_a_label_for_each_sample(judge, n, labels):
    with pytest.raises(UserError, match="wanted equally many"):
        label_agreement(judge, np.zeros((n, 8, 8, 1)), labels)


def test_images_of_another_shape_are_refused(judge):
    with pytest.raises(UserError, match="made for images"):
        judge.predict(np.zeros((2, 9, 9, 1)))
