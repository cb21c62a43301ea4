"""How good samples were after how much training: a few points of each run, for a curve of quality against time."""

import json

from ...core.random import Stream
from ...files import write_bytes

FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
SAMPLES = 400


class QualityCurve:
    """An observer of `minigen.train.fit`: at some fractions of a run, the KID of its samples against validation data.

    Args:
        judge: a `Judge`.
        dataset: whose validation split the samples are held against.
        seed: of the samples.
        path: a JSON file in which the points are kept, so that a continued run keeps them.
    """

    def __init__(self, judge, dataset, seed, path):
        self.judge, self.dataset, self.seed, self.path = judge, dataset, seed, path
        self.points = json.loads(path.read_text()) if path.exists() else []

    def __call__(self, trainer):
        due = [f for f in FRACTIONS if f <= trainer.fraction and all(f > p["fraction"] for p in self.points)]
        if not due:
            return
        with trainer.averaged() as model:
            samples = model.sample(SAMPLES, Stream(self.seed).child("quality"))
        kid, error = self.judge.distance(self.dataset.validation, samples)
        point = {"fraction": due[-1], "step": trainer.done, "seconds": trainer.seconds, "kid": kid, "error": error}
        self.points.append(point)
        write_bytes(self.path, json.dumps(self.points).encode())
