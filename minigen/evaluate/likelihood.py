"""How probable a model finds data that it has not seen."""

import math
import time

import numpy as np

from ..core.random import Stream
from ..data import in_order


def evaluate(model, dataset, split="test", samples=100, seed=0, batch_size=1000):
    """Likelihoods of ``split`` under ``model``, as a dict of numbers and words.

    ``log_prob`` is the model's own log-probability (for a VAE the importance-weighted bound with ``samples`` draws)
    averaged over all N data, with its standard error s/√N; ``kind`` and ``of`` say what it is. For integer data,
    ``bits_per_dim`` = −log_prob / (D ln 2) over the data's own D values.

    Args:
        model: a `minigen.models.Model`.
        dataset: a `minigen.data.DataSet` of the model's shape.
        split: "train", "validation" or "test".
        samples: draws of the latent for each datum.
        seed: of the binarisation and of the draws.
    """
    data = getattr(dataset, split)
    begin = time.perf_counter()
    rng = Stream(seed).child("evaluate")
    parts = [model.log_prob(b.x, rng.at(i), samples=samples) for i, b in enumerate(in_order(data, batch_size))]
    values = np.concatenate([part.values for part in parts])
    result = {
        "split": split,
        "data": len(values),
        "log_prob": float(values.mean()),
        "standard_error": float(values.std(ddof=1) / math.sqrt(len(values))),
        "kind": parts[0].kind,
        "of": parts[0].of,
        "samples": samples,
        "seed": seed,
        "seconds": round(time.perf_counter() - begin, 2),
    }
    if result["of"] == "P(integer x)":
        result["bits_per_dim"] = -result["log_prob"] / (model.spec.size * math.log(2))
    return result
