"""How often a conditional model draws what was asked for: ``python -m benchmarks.quality.labels RUN --data-dir …``."""

import json
import time
from pathlib import Path

import numpy as np
import tyro

from minigen import Stream, data, train
from minigen.errors import UserError
from minigen.evaluate import label_agreement, train_classifier


def run(
    run_folder: str,
    data_dir: str | None = None,
    n: int = 1000,
    guidances: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 3.0),
    sampler: str | None = None,
    steps: int | None = None,
    judge_steps: int = 3000,
    seed: int = 0,
    out: str | None = None,
):
    """The share of a run's samples in which a classifier sees the label asked for, at each guidance scale.

    Args:
        run_folder: of a conditional model of images; the classifier learns from the data that it was trained on.
        data_dir: folder that holds the data now, where it is another than in training.
        n: samples for each guidance, the labels in turn; the same noise for all.
        guidances: scales w of classifier-free guidance; a model that takes none is asked once.
        sampler: as in `minigen sample`.
        steps: as in `minigen sample`.
        judge_steps: steps of the classifier's training.
        seed: of the classifier and of the samples.
        out: a .json file to write.
    """
    if n < 1:
        raise UserError(f"n is {n}; it must be at least 1")
    model = train.load(run_folder)
    if not model.conditional:
        raise UserError(f"{run_folder} holds a {model.family} that was trained without labels; train one of them first")
    config = train.RunFolder(run_folder).read_config()
    options = config["data"]
    dataset = data.load(**{**options, **({} if data_dir is None else {"data_dir": data_dir})})
    classifier = train_classifier(dataset, steps=judge_steps, seed=seed, progress=True)
    walk = {name: value for name, value in (("sampler", sampler), ("steps", steps)) if value is not None}
    guided = "guidance" in model.sample_options
    result = {
        "run": Path(run_folder).name,
        "family": model.family,
        "model": config["model"],
        "train": config["train"],
        "n": n,
        "seed": seed,
        "options": walk,
        "classifier": {"test_accuracy": classifier.accuracy(dataset.test), "sha256": classifier.sha256},
        "agreement": [
            agreement(model, classifier, n, seed, {**walk, **({"guidance": w} if guided else {})})
            for w in (guidances if guided else (0.0,))
        ],
    }
    if out is not None:
        Path(out).write_text(json.dumps(result, indent=2) + "\n")
    return result


def agreement(model, classifier, n, seed, options):
    """Draw n samples of all labels in turn, and let the classifier judge them: a line of the result."""
    labels = np.resize(np.arange(model.spec.classes), n)
    begin = time.perf_counter()
    drawn = model.sample(n, Stream(seed).child("labels"), labels=labels, **options)
    seconds = time.perf_counter() - begin
    share, error = label_agreement(classifier, drawn, labels)
    return {**options, "share": share, "standard_error": error, "seconds": round(seconds, 2)}


if __name__ == "__main__":
    print(json.dumps(tyro.cli(run, prog="python -m benchmarks.quality.labels"), indent=2))
