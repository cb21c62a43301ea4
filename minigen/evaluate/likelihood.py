"""How probable a model finds data that it has not seen."""

import inspect
import math

import numpy as np
from tqdm.auto import tqdm

from ..core.random import Stream
from ..data import in_order
from ..models import LogProb

AT_ONCE = {"images": 250, "points": 10_000}  # data in one call: small enough for a bar that moves


def default_samples(model):
    """The draws k that a family's ``log_prob`` takes where nobody names a number; None where it takes none."""
    known = inspect.signature(model.log_prob).parameters
    return known["samples"].default if "samples" in known else None


def log_prob(model, data, seed=0, samples=None, batch_size=None, progress=False):
    """`LogProb` of all of ``data`` under ``model``.

    A conditional model's is of x given its label. One of an undefined likelihood is asked for the first batch only.

    Args:
        model: a `minigen.models.Model`.
        data: a `minigen.data.Split`, not empty.
        seed: of the binarisation, the dequantisation and the draws.
        samples: k, draws for each datum, where the family takes any; None: its default.
        batch_size: data in one call; the draws depend on it.
        progress: show a bar where it takes longer than a few seconds.
    """
    options = {} if samples is None else {"samples": samples}
    batch_size = batch_size or AT_ONCE["images" if data.levels else "points"]
    rng, parts = Stream(seed).child("evaluate"), []
    bar = tqdm(
        total=len(data), desc="log p(x)", unit="data", leave=False, delay=2, dynamic_ncols=True,
        disable=None if progress else True,  # None: shown in a terminal, not in a file or a pipe
    )  # fmt: skip
    with bar:
        for i, batch in enumerate(in_order(data, batch_size)):
            # not `model.conditional`: M2 could be asked for p(x | label) too, but p(x) compares with the others
            if getattr(model.config, "conditional", False):
                options["labels"] = batch.labels
            parts.append(model.log_prob(batch.x, rng.at(i), **options))
            bar.update(len(batch.x))
            if parts[0].kind == "undefined":
                break
    return LogProb.concatenate(parts)


def in_words(found, size):
    """A `LogProb` of data of ``size`` values, as a dict of numbers and words; means are over the data.

    ``log_prob`` in nats with its ``standard_error`` s/√N; ``kind`` and ``of`` say what it is. For integer data
    ``bits_per_dim`` = −log_prob/(D ln 2) over the data's own D values; ``parts`` are in bits/dim then, else in nats.
    """
    bits = 1 / (size * math.log(2))
    integer = found.of == "P(integer x)"
    defined = found.kind != "undefined"
    result = {
        "log_prob": found.mean if defined else None,
        "standard_error": found.standard_error if defined and len(found.values) > 1 else None,
        "kind": found.kind,
        "of": found.of,
    }
    if not defined:
        result["note"] = found.facts.get("reason", "this model draws samples but gives data no probability")
        return result
    if integer:
        result["bits_per_dim"] = -found.mean * bits
        if result["standard_error"] is not None:
            result["bits_per_dim_standard_error"] = result["standard_error"] * bits
    if found.parts:
        result["unit_of_parts"] = "bits/dim" if integer else "nats"
        result["parts"] = {n: float(v.mean()) * (bits if integer else 1) for n, v in found.parts.items()}
    if found.facts:
        result["facts"] = dict(found.facts)
    return result


def divergence(found, log_density, x):
    """KL(p_true ‖ p_model) = E[log p_true(x) − log p_model(x)] of data x (N, D) ~ p_true, where p_true is known.

    On the same data the two terms vary together, so that their difference is known better than either: its standard
    error is s/√N of the differences. Where the model's log p is a bound, so is this, from above.

    Args:
        found: `LogProb` of x under the model.
        log_density: log p_true, float64 (N, D) -> (N,), in nats.
    """
    difference = log_density(np.asarray(x, np.float64)) - found.values
    error = difference.std(ddof=1) / math.sqrt(len(difference)) if len(difference) > 1 else math.nan
    return {
        "kl_from_truth": float(difference.mean()),
        "kl_standard_error": float(error) if math.isfinite(error) else None,
    }
