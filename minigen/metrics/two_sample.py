"""The classifier two-sample test: can a classifier tell samples from data that it has not seen?

A small network is trained to tell them apart on one half of each, and asked about the other half. If the two have the
same distribution its accuracy there is a fair coin's, N(1/2, 1/(4 n_test)), whatever it learnt; what it can tell is a
difference that somebody can see. On pixels it finds what feature networks are blind to, such as noise or a wrong grid
of grey levels.

Reference: Revisiting Classifier Two-Sample Tests. Lopez-Paz, Oquab, 2017, https://arxiv.org/abs/1610.06545
"""

import math
from dataclasses import dataclass

import numpy as np

from .score import Score, two_sets

HIDDEN, EPOCHS, LEAST_STEPS, BATCH, RATE, DECAY = 32, 30, 500, 64, 3e-3, 1e-2


@dataclass(frozen=True)
class TwoSampleTest:
    """What `classifier_test` found.

    Args:
        accuracy: on the data left for testing; .5 is a coin, 1 tells all. Its p-value is P(N(0, 1) ≥ z): a classifier
            that is wrong more often than a coin tells nothing.
        z: (accuracy − 1/2) √(4 n_test), about N(0, 1) under equality.
    """

    accuracy: Score
    z: float


def classifier_test(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> TwoSampleTest:
    """Whether a network with one hidden layer tells x (n, d) from y (m, d).

    Of both the first n' = min(n, m) rows of a random order are taken, half of these to train on, so that a coin is
    right half of the time. Inputs are standardised by the half trained on.

    Raises:
        ShapeError: other shapes, or fewer than 4 rows.
        UserError: a value that is not finite.
    """
    x, y = two_sets("the classifier test", x, y, least=4)
    n = min(len(x), len(y))
    x, y = x[rng.permutation(len(x))[:n]], y[rng.permutation(len(y))[:n]]
    half = n // 2
    train, test = np.concatenate([x[:half], y[:half]]), np.concatenate([x[half:], y[half:]])
    is_x = np.repeat([1.0, 0.0], half), np.repeat([True, False], n - half)
    mean, deviation = train.mean(0), train.std(0)
    scale = 1 / np.where(deviation > 1e-9 * (np.abs(mean) + 1), deviation, 1.0)
    # a value that never varied in training may in the test, by any number of deviations
    train, test = ((np.clip((part - mean) * scale, -10, 10)) for part in (train, test))
    right = (_fit(train, is_x[0], rng)(test) > 0) == is_x[1]
    accuracy = float(right.mean())
    z = (accuracy - 0.5) * math.sqrt(4 * len(right))
    error = math.sqrt(max(accuracy * (1 - accuracy), 0.25 / len(right)) / len(right))
    p_value = math.erfc(z / math.sqrt(2)) / 2
    return TwoSampleTest(Score(accuracy, len(right), error, p_value=p_value), z)


def _fit(x, target, rng):
    """A function of rows (·, d) to logits (·,): Adam on the cross-entropy, with decay of the weights.

    h = relu(x W + b), l = h·v + c;  ∂/∂l = σ(l) − target, and back through the layers by the chain rule.
    """
    n, d = x.shape
    w, b = rng.normal(size=(d, HIDDEN)) * math.sqrt(2 / d), np.zeros(HIDDEN)
    v, c = rng.normal(size=HIDDEN) / math.sqrt(HIDDEN), np.zeros(1)
    parameters = [w, b, v, c]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    steps = max(LEAST_STEPS, EPOCHS * n // BATCH)
    for step in range(1, steps + 1):
        rows = rng.integers(n, size=min(n, BATCH))
        h = np.maximum(x[rows] @ w + b, 0)
        off = (_sigmoid(h @ v + c) - target[rows]) / len(rows)
        back = np.outer(off, v) * (h > 0)
        gradients = [x[rows].T @ back, back.sum(0), h.T @ off, off.sum(keepdims=True)]
        rate = RATE * (1 - (step - 1) / steps)
        for p, g, (first, second) in zip(parameters, gradients, moments, strict=True):
            first += 0.1 * (g - first)
            second += 0.01 * (g * g - second)
            p -= rate * (first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8) + DECAY * p)
    return lambda rows: np.maximum(rows @ w + b, 0) @ v + c[0]


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))
