"""Measurements for the course's sentences that belong to none of the four entrants."""

import math
import time

import numpy as np

from ... import data, train
from ...core.random import Stream
from ...models import M2Config
from ...models.networks.made import MADE
from ...train import TrainConfig
from ..evaluation import classification_error
from ..few_labels import supervised
from .judge import generators_part

LABELS_PER_CLASS = 10
SHARE = 0.1
"""Of the training rows that are labelled, once these are repeated."""


def extra_measurements(plan):
    """{"semisupervised": …, "made_seconds": …} for data that allow them."""
    dataset = generators_part(data.load(**plan.data))
    found = {}
    if dataset.kind == "images" and dataset.classes:
        found["semisupervised"] = semisupervised(dataset, plan.budget / 3, plan.threads)
    if dataset.kind == "images":
        found["made_seconds"] = made_seconds(dataset.shape)
    return found


def semisupervised(dataset, seconds, threads=None, seed=0):
    """Test errors with few labels: M2 trained for so many seconds, and its classifier trained on the labels alone."""
    few = data.few_labels(dataset, LABELS_PER_CLASS * dataset.classes, seed, SHARE)
    config = M2Config(latent=10, hidden=(200,), alpha=2.0)
    training = TrainConfig(
        minutes=seconds / 60, schedule="linear", seed=seed, batch_size=100, learning_rate=3e-3, threads=threads
    )
    m2 = train.fit("m2", few, config, training, progress=False)
    errors = {
        name: classification_error(classify, dataset.test)
        for name, classify in (("m2", m2.classify), ("supervised", supervised(few, config, seed)))
    }
    n = len(dataset.test)
    variance = sum(p * (1 - p) / n for p in errors.values())
    return {**errors, "labels": LABELS_PER_CLASS * dataset.classes, "standard_error": math.sqrt(variance)}


def made_seconds(shape, n=200, hidden=(500,)):
    """Seconds in which an untrained MADE draws n binary images, one network evaluation for each pixel."""
    made = MADE(math.prod(shape), hidden=hidden, rng=np.random.default_rng(0))
    begin = time.perf_counter()
    made.sample(n, Stream(0))
    return time.perf_counter() - begin
