"""Everything that is known about a trained model on data it has not seen, on one page."""

import math
import time

import numpy as np

from ..core.random import Stream
from ..data import in_order
from ..data.dataset import Split
from ..data.shapes import NAMES as SHAPES
from ..data.shapes import check
from ..errors import UserError
from ..metrics import Standing, mode_report, share
from ..models.gan_health import known_modes
from .likelihood import default_samples, divergence, in_words, log_prob

MODE_SAMPLES = 2500
"""As many as published counts of modes are of."""
OUTLINES = 1000  # sampled, to see whether they are shapes


def evaluate(model, dataset, split="test", samples=None, seed=0, limit=None, batch_size=None, progress=False):
    """A dict of numbers and words about ``model`` on ``split``, fit for JSON.

    Always the log-probability, see `likelihood.in_words`; where the data's own density is known, the divergence from
    it; where their modes are, how 2,500 samples cover these; of outlines, how many samples are shapes; of a model that
    classifies, the share of its errors.

    Args:
        model: a `minigen.models.Model`.
        dataset: a `minigen.data.DataSet` of the model's shape.
        split: "train", "validation" or "test".
        samples: draws for each datum, where the family takes any (a VAE's guesses of the latent, of which the
            literature's −log p(x) takes 5,000; a flow's draws of the dequantisation; a diffusion's drawn terms of
            the bound); None: the family's default.
        seed: of the binarisation, the dequantisation and all draws.
        limit: look at the first so many data only.
        batch_size: data in one call of the model; the draws depend on it.
        progress: show a bar where it takes longer than a few seconds.
    Raises:
        UserError: ``samples`` for a family that takes none; a split without data.
    """
    default = default_samples(model)
    if samples is not None and default is None:
        raise UserError(f"samples is {samples}, but a {model.family}'s log_prob takes no number of draws; leave it out")
    data = first(getattr(dataset, split), limit)
    if len(data) == 0:
        raise UserError(f"the {split} split of {dataset.name} is empty; evaluate another split")
    begin = time.perf_counter()
    found = log_prob(model, data, seed, samples, batch_size, progress)
    result = {"split": split, "data": len(data), **in_words(found, model.spec.size)}
    conditional = getattr(model.config, "conditional", False)
    if conditional:
        result["given"] = "label"
    density = getattr(dataset, "log_density", None)
    if density is not None and not conditional and found.kind != "undefined":
        result |= divergence(found, density, data.x)
    if hasattr(model, "classify") and data.labels is not None:
        result["classification_error"] = classification_error(model.classify, data)
    modes = known_modes(dataset.train) if data.levels is None else None
    if modes is not None:
        drawn = model.sample(MODE_SAMPLES, Stream(seed).child("modes"))
        report = mode_report(drawn, *modes).as_dict()
        result["modes"] = {name: value if math.isfinite(value) else None for name, value in report.items()}
    if dataset.kind == "outlines":
        result["valid_shapes"] = shape_validity(model, data, seed).as_dict()
    if default is not None and found.kind == "bound":  # others take no draws
        result["samples"] = default if samples is None else samples
    return {**result, "seed": seed, "seconds": round(time.perf_counter() - begin, 2)}


def first(data, limit):
    """The first ``limit`` rows of a `Split`, or all of them where that is None."""
    if limit is None:
        return data
    if limit < 1:
        raise UserError(f"the number of data to look at is {limit}; it must be at least 1")
    return Split(data.x[:limit], None if data.labels is None else data.labels[:limit], data.levels)


def classification_error(classify, data):
    """The share of a `Split`'s labelled data of which the most probable class by ``classify(x)`` (N, K) is another."""
    told = data.labels >= 0  # few_labels hides some of the training's
    labelled = Split(data.x[told], data.labels[told], data.levels)
    wrong = [classify(batch.x).argmax(1) != batch.labels for batch in in_order(labelled, 1000)]
    return float(np.concatenate(wrong).mean())


def shape_validity(model, data, seed=0):
    """`Standing` of the share of sampled outlines that are shapes: closed, simple, of the size and width of a family.

    Of the family that the model was asked for, or of any where it takes no labels. The floor is the share of ``data``
    (of any family where labels are hidden), the noise that of uniform points; there are 1,000 of each, or as many as
    there are data.

    Args:
        model: a `minigen.models.Model` of outlines (2P,).
        data: a labelled `minigen.data.Split` of them.
        seed: of the samples and the noise.
    """
    real, rng = data.x[:OUTLINES], Stream(seed).child("shapes")
    labels = np.resize(np.arange(len(SHAPES)), len(real)) if model.conditional else None
    drawn = model.sample(len(real), rng.child("samples"), **({} if labels is None else {"labels": labels}))
    noise = rng.child("noise").uniform(real.shape) * 2 - 1

    def valid(points, families):
        if families is not None:
            return share(check(points, families).valid)
        return share(np.any([check(points, name).valid for name in SHAPES], axis=0))

    told = model.conditional and (data.labels[:OUTLINES] >= 0).all()
    floor = valid(real, data.labels[:OUTLINES] if told else None)
    return Standing(valid(drawn, labels), floor, valid(noise, labels))
