"""How probable a model finds data that it has not seen."""

import math
import time

import numpy as np

from ..core.random import Stream
from ..data import in_order
from ..models import LogProb


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
    found = LogProb(np.concatenate([part.values for part in parts]), parts[0].kind, parts[0].of)
    error = found.standard_error
    result = {
        "split": split,
        "data": len(found.values),
        "log_prob": found.mean,
        "standard_error": error if math.isfinite(error) else None,
        "kind": found.kind,
        "of": found.of,
        "samples": samples,
        "seed": seed,
        "seconds": round(time.perf_counter() - begin, 2),
    }
    if found.of == "P(integer x)":
        result["bits_per_dim"] = -found.mean / (model.spec.size * math.log(2))
    return result
