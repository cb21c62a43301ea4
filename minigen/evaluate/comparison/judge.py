"""Who judges: feature networks trained before any model, on rows that no model and no floor sees, and then frozen.

Images are judged by a classifier's features, and by a random network's as a check on the ranking; images without labels
by the random network alone; points by their coordinates, scaled to variance 1.
"""

from pathlib import Path

import numpy as np

from ... import data
from ...core.random import Stream
from ...data import in_order, split_for_features
from ...data.shapes.families import NAMES
from ...data.shapes.validity import check
from ...metrics import beside, kid, share
from ...train import read_checkpoint, write_checkpoint
from ..classifier import Classifier
from ..distances import compare_features, compare_samples
from ..features import FeatureNet, plain_reader, random_features, trained_features
from ..judgement import beside_data

CONFIDENT = 0.9
MOST = 5000
"""Validation data that a curve's points are held against."""


def generators_part(dataset):
    """The data set without the rows that the judge learns from; points keep all."""
    return split_for_features(dataset)[1] if dataset.kind == "images" else dataset


class Judge:
    """What samples are held against, and by what.

    Args:
        features: a function of data (n, *shape) to features (n, d).
        check: another, or None.
        reader: an ordinary classifier, or None, of which it is asked how often it is sure.
        facts: what to state beside every number.
    """

    def __init__(self, features, check, reader, facts):
        self.features, self.check, self.reader, self.facts = features, check, reader, facts

    @classmethod
    def train_and_save(cls, options, path):
        """Train the judge of `minigen.data.load(**options)` and write it; returns its facts."""
        dataset = data.load(**options)
        if dataset.kind != "images":
            mean, deviation = dataset.train.x.mean(0), dataset.train.x.std(0)
            facts = {"features": "coordinates, scaled to variance 1"}
            write_checkpoint(path, {"mean": mean, "deviation": deviation}, {"judge": facts})
            return facts
        part, nets = split_for_features(dataset)[0], {}
        if dataset.classes and dataset.classes > 1:
            nets["features"], nets["reader"] = trained_features(part), plain_reader(part)
        nets["check"] = random_features(part)
        states = {name: net.network.state_dict() for name, net in nets.items()}
        arrays = {f"{name}/{key}": array for name, state in states.items() for key, array in state.items()}
        facts = {name: net.facts | {"scale": float(net.scale)} for name, net in nets.items()}
        spec = {"shape": list(part.shape), "classes": part.classes or 2}
        write_checkpoint(path, arrays, {"judge": facts, "classifier": spec})
        return facts

    @classmethod
    def load(cls, path):
        """The judge in a file that `train_and_save` wrote."""
        arrays, known = read_checkpoint(Path(path))
        if "classifier" not in known:
            mean, deviation = arrays["mean"], arrays["deviation"]
            return cls(lambda x: (np.asarray(x, np.float64) - mean) / deviation, None, None, known["judge"])
        nets = {}
        for name, facts in known["judge"].items():
            spec = known["classifier"]
            network = Classifier(tuple(spec["shape"]), spec["classes"], rng=np.random.default_rng(0))
            prefix = f"{name}/"
            network.load_state_dict({k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)})
            nets[name] = FeatureNet(network.eval(), facts["scale"], facts)
        features, check = (nets["features"], nets["check"]) if "features" in nets else (nets["check"], None)
        return cls(features, check, nets.get("reader"), known["judge"])

    def distance(self, split, samples):
        """KID of samples (n, *shape) against a split, and its standard error."""
        x = np.concatenate([batch.x for batch in in_order(split, 5000)])[:MOST]
        found = kid(self.features(x), self.features(samples))
        return found.value, found.standard_error

    def scores(self, dataset, samples, seed=0):
        """Scores of samples against the test split by name, each beside its floor and noise, fit for JSON.

        The floor is that of training data of ``dataset`` against the same test data.
        """
        rng = Stream(seed).child("judge")
        sets, _ = beside_data(samples, dataset, rng, dataset.train)
        if dataset.kind == "images":
            found = compare_samples(sets, self.features, self.check, seed)
            if self.reader is not None:
                found |= self._shares("confident", self.confident, sets)
        else:
            found = compare_features(sets.map(self.features), rng)
            if dataset.kind == "outlines":
                found |= self._shares("valid", valid_outlines, sets)
        return {name: standing.as_dict() for name, standing in found.items()}

    def confident(self, images):
        """Of each image, whether the reader is more than 90 % sure what it is, bool (n,)."""
        return self.reader.network.predict(images).max(1) > CONFIDENT

    def _shares(self, name, passes, sets):
        """The share of each set that passes a test of single data."""
        return beside(lambda _, x: {name: share(passes(x))}, sets.real, sets.samples, sets.other, sets.noise)


def valid_outlines(x):
    """Which of outlines (n, 2P) hold the rules of some family of shapes, bool (n,)."""
    return np.any([check(x, family).valid for family in NAMES], axis=0)
