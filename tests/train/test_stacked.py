"""Two storeys: latents as a data set, and M1+M2 trained on a few labels."""

from dataclasses import replace

import numpy as np
import pytest

from minigen import Stream, data
from minigen.data.dataset import Split
from minigen.models import VAE, DataSpec, M2Config, VAEConfig
from minigen.train import TrainConfig, encode_dataset, fit_stacked


@pytest.fixture(scope="module")
def few():
    return data.few_labels(data.load("digits"), 20, share=0.2)


def test_latents_are_posterior_means(few):
    vae = VAE(VAEConfig(latent=3, hidden=(8,)), DataSpec((8, 8, 1), 17, 10), rng=np.random.default_rng(0))
    points = encode_dataset(vae, few)
    assert points.kind == "points"
    assert points.shape == (3,)
    assert points.classes == 10
    assert points.levels is None
    for part in ("train", "validation", "test"):
        before, after = getattr(few, part), getattr(points, part)
        np.testing.assert_array_equal(after.labels, before.labels)
        np.testing.assert_allclose(
            after.x, vae.encode(data.take(before, np.arange(len(before))).x)[0], rtol=1e-5, atol=1e-6
        )


def test_a_split_without_data_has_no_latents(few):
    vae = VAE(VAEConfig(latent=3, hidden=(8,)), DataSpec((8, 8, 1), 17, 10), rng=np.random.default_rng(0))
    empty = replace(few, validation=Split(few.validation.x[:0], few.validation.labels[:0], 17))
    assert encode_dataset(vae, empty).validation.x.shape == (0, 3)


def test_a_few_labels_and_many_digits_make_a_classifier(few):
    short = TrainConfig(steps=300, batch_size=100, learning_rate=3e-3)
    both = fit_stacked(few, VAEConfig(latent=10, hidden=(64,)), M2Config(latent=5, hidden=(32,)), short, progress=False)
    test = next(data.in_order(few.test, 400))
    error = np.mean(both.classify(test.x).argmax(1) != test.labels)
    assert error < 0.45  # a guess errs in 90 %
    assert both.sample(2, Stream(0), labels=3).shape == (2, 8, 8, 1)
    again = fit_stacked(few, None, M2Config(latent=5, hidden=(32,)), short, m1=both.m1, progress=False)
    assert again.m1 is both.m1
    np.testing.assert_array_equal(again.classify(test.x), both.classify(test.x))
