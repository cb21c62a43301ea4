"""A classifier of images that no generator has met: the judge of whether a sample is what was asked for.

It is a small convolutional network in the manner of LeNet-5, and shares nothing with a generator but the training
split. That it was trained on the data a generator imitates does not favour any generator; its own mistakes, 1 − its
accuracy on the test split, blur each agreement by about as much, so state the two together.

References:
    Gradient-Based Learning Applied to Document Recognition. LeCun, Bottou, Bengio, Haffner, 1998,
    https://doi.org/10.1109/5.726791
    Conditional Image Synthesis with Auxiliary Classifier GANs. Odena, Olah, Shlens, 2017,
    https://arxiv.org/abs/1610.09585 (judging conditional samples by a classifier's agreement)
"""

import hashlib
import math

import numpy as np
from tqdm.auto import tqdm

from ..core import functional as F
from ..core import nn, optim
from ..core.autograd import no_grad
from ..core.random import Stream
from ..core.tensor import Tensor
from ..data import Batches, in_order
from ..errors import UserError

SHIFT = 16  # images are moved by at most a sixteenth of their side, rounded, in training
SMOOTHING = 0.01
"""Of the labels in training: just enough that noise is not read with confidence.

Taught on 259 of the bundled digits, the classifier is more than 90 % sure of 92 % of the test digits and 28 % of
uniform noise without it, of 87 and 1 % with it, and of 73 and 0 % with .05.
"""


class Classifier(nn.Module):
    """Images (N, H, W, C) in [0, 1] to logits (N, K): twice 3×3 convolutions, ReLU and a pool that halves; two layers.

    Args:
        shape: (H, W, C); H and W at least 4.
        classes: K.
        rng: NumPy generator for the initial weights.
    Raises:
        UserError: the data are no images, or there is nothing to tell apart.
    """

    def __init__(self, shape, classes, *, rng):
        super().__init__()
        if len(shape) != 3 or min(shape[:2]) < 4:
            raise UserError(f"the classifier is one of images of at least 4×4 pixels; the data have shape {shape}")
        if not classes or classes < 2:
            raise UserError(f"the classifier needs at least 2 classes; the data have {classes or 'no labels'}")
        height, width, channels = shape
        self.shape, self.classes = tuple(shape), classes
        self.body = nn.Sequential(
            nn.Conv2d(channels, 32, 3, padding=1, rng=rng),  # (N, H, W, 32)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, H/2, W/2, 32)
            nn.Conv2d(32, 64, 3, padding=1, rng=rng),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, H/4, W/4, 64)
            nn.Flatten(),
            nn.Linear(height // 4 * (width // 4) * 64, 128, rng=rng),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Dropout(0.3, rng=rng), nn.Linear(128, classes, rng=rng))

    def forward(self, x):
        return self.head(self.body(x - 0.5))

    def predict(self, x):
        """Probabilities (N, K), float32, of images x (N, H, W, C) in [0, 1].

        Raises:
            UserError: images of another shape.
        """
        return self._in_parts(lambda part: F.softmax(self(part), -1), x, self.classes)

    def features(self, x):
        """The 128 numbers that the last layer decides by: images x (N, H, W, C) in [0, 1] to (N, 128), float32.

        Raises:
            UserError: images of another shape.
        """
        return self._in_parts(lambda part: self.body(part - 0.5), x, 128)

    @no_grad()
    def _in_parts(self, function, x, width):
        """``function`` of 500 images at a time, in evaluation mode: an array (N, width)."""
        x = np.asarray(x, np.float32)
        if x.shape[1:] != self.shape:
            raise UserError(f"the classifier was made for images (N, {self.shape}); got {x.shape}")
        training = self.training
        self.eval()
        parts = [np.array(function(Tensor(x[a : a + 500])).numpy()) for a in range(0, len(x), 500)]
        self.train(training)
        return np.concatenate(parts) if parts else np.empty((0, width), np.float32)

    def accuracy(self, data):
        """The share of a labelled `minigen.data.Split` that the most probable class is right about."""
        right = [self.predict(batch.x).argmax(1) == batch.labels for batch in in_order(data, 1000)]
        return float(np.concatenate(right).mean())

    @property
    def sha256(self):
        """Of the weights: two results are comparable where the same judge gave them."""
        digest = hashlib.sha256()
        for name, array in sorted(self.state_dict().items()):
            digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def train_classifier(
    dataset, steps=3000, batch_size=64, learning_rate=2e-3, seed=0, progress=False, label_smoothing=SMOOTHING
):
    """A `Classifier` of a labelled data set of images, trained on its training split; the same seed, the same weights.

    Cross-entropy, AdamW with a warm-up and a cosine's half wave to zero, and images moved about a little.
    How many of the test images it tells is `Classifier.accuracy`.

    Raises:
        UserError: data without labels, or no images, or a number that is not positive.
    """
    if steps < 1 or not 0 < learning_rate < math.inf:
        raise UserError(f"the classifier got steps={steps}, learning_rate={learning_rate}; both must be positive")
    data, rng = dataset.train, Stream(seed).child("classifier")
    classifier = Classifier(dataset.shape, dataset.classes, rng=rng.child("initial weights").generator())
    batches = Batches(data, min(batch_size, len(data)), seed)
    warmup = max(1, steps // 10)
    rate = optim.LinearWarmup(warmup, optim.Cosine(learning_rate, max(1, steps - warmup)))
    optimizer = optim.AdamW(classifier.parameters(), lr=rate, weight_decay=0.01)
    classifier.train()
    for step in tqdm(range(steps), desc="classifier", disable=None if progress else True, delay=2, leave=False):
        batch = batches.at(step)
        optimizer.zero_grad()
        logits = classifier(Tensor(moved(batch.x, rng.child("moves").at(step).generator())))
        F.cross_entropy(logits, batch.labels, label_smoothing=label_smoothing).backward()
        optimizer.step()
    classifier.eval()
    return classifier


def moved(x, rng):
    """Images (N, H, W, C), each moved by up to a sixteenth of its sides up, down and sideways; zeros move in."""
    n, height, width, _ = x.shape
    down, right = round(height / SHIFT), round(width / SHIFT)
    padded = np.pad(x, ((0, 0), (down, down), (right, right), (0, 0)))
    rows = rng.integers(2 * down + 1, size=(n, 1)) + np.arange(height)  # (N, H)
    columns = rng.integers(2 * right + 1, size=(n, 1)) + np.arange(width)  # (N, W)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def label_agreement(classifier, samples, labels):
    """The share of samples (N, H, W, C) whose most probable class is the label (N,), and its standard error.

    The error is that of a binomial share p, √(p (1 − p)/N); where all agree, or none, it is taken at half a sample's
    distance from there, since a share of exactly 1 was not shown to be one.

    Raises:
        UserError: as many labels as samples are wanted, at least one.
    """
    labels = np.asarray(labels)
    if len(samples) == 0 or labels.shape != (len(samples),):
        raise UserError(f"agreement got {len(samples)} samples and labels {labels.shape}; wanted equally many, N ≥ 1")
    n = len(samples)
    share = float((classifier.predict(samples).argmax(1) == labels).mean())
    inside = min(max(share, 0.5 / n), 1 - 0.5 / n)
    return share, math.sqrt(inside * (1 - inside) / n)
