"""``minigen evaluate RUN``: the likelihood of unseen data, and samples beside them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from .. import data, train
from ..errors import CheckpointError, UserError
from ..evaluate import evaluate, judge_samples, why_not
from ..files import write_bytes

BESIDE = "samples_beside_data"  # where evaluation.json says how samples compare


@dataclass(frozen=True)
class Evaluate:
    """Likelihood of unseen data under a trained model, and its samples beside them."""

    run_folder: Annotated[Positional[str], arg(metavar="RUN")]
    """Run folder."""
    split: Literal["test", "validation", "train"] = "test"
    """Which part of the data."""
    samples: Annotated[int | None, arg(aliases=["-k"])] = None
    """Draws for each datum, where the family takes any; by default the family's own number. vae, ladder, m2: guesses
    of the latent (the literature's −log p(x) takes 5000). flow of images: draws of the dequantisation. diffusion of
    images: terms of the bound drawn."""
    data_limit: int | None = None
    """Look at the likelihood of the first so many data only."""
    distances: int | None = None
    """Samples of images to draw and hold against as many test images; by default as many as there are, at most 1000;
    0: none."""
    checkpoint: Literal["last", "best"] = "last"
    """The newest weights, or those of the lowest validation loss."""
    data_dir: str | None = None
    """Folder that holds the data now, where it is another than in training (mnist, fashion)."""
    seed: int = 0
    """Of the binarisation and the draws."""
    debug: bool = False
    """Show the traceback of an error."""

    def run(self):
        """Evaluate, print a table and write evaluation.json into the run folder."""
        for name, value, least in (
            ("--samples", self.samples, 1), ("--data-limit", self.data_limit, 1), ("--distances", self.distances, 0),
        ):  # fmt: skip
            if value is not None and value < least:
                raise UserError(f"{name} is {value}; it must be at least {least}")
        if Path(self.run_folder).is_file():
            raise UserError(
                f"{self.run_folder} is a file; evaluate wants the run folder, and takes --checkpoint last or best in it"
            )
        options = self._options()
        dataset = self._load(options)
        model = train.load(self.run_folder, self.checkpoint)
        result = evaluate(
            model, dataset, self.split, self.samples, self.seed, limit=self.data_limit, progress=True
        )  # fmt: skip
        judged = self._judged(model, dataset, options)
        told = table(result)
        if judged is not None:
            result[BESIDE], told = judged, [*told, *distance_table(judged)]
        path = Path(self.run_folder) / "evaluation.json"
        write_bytes(path, json.dumps(result, indent=2, sort_keys=True).encode() + b"\n")
        print("\n".join(told))
        print(f"written to {path}")

    def _judged(self, model, dataset, options):
        """What there is to say about samples; None where nothing is asked for, or nothing can be said of such data."""
        if self.distances == 0 or (self.distances is None and why_not(dataset)):
            return None
        reserve = options.get("reserve")
        whole = {name: value for name, value in options.items() if name not in ("labels", "reserve")}
        dataset = dataset if whole == options else self._load(whole)
        return judge_samples(model, dataset, self.distances, reserve, self.seed, progress=True)

    def _options(self):
        """The options of the run's data that its configuration remembers, as they are now."""
        given = {} if self.data_dir is None else {"data_dir": self.data_dir}
        return {**train.RunFolder(self.run_folder).read_config()["data"], **given}

    def _load(self, options):
        """The data set that the options give."""
        try:
            return data.load(**options)
        except TypeError as error:
            config = train.RunFolder(self.run_folder).config
            raise CheckpointError(
                f"{config} does not say what data the run was trained on ({error}); if it was a DataSet made in "
                "Python, call minigen.evaluate.evaluate with it"
            ) from error


def table(result):
    """The lines of a result, a name and a value each; those of a dict within it bear its name."""
    rows = list(rows_of(result))
    width = max(len(name) for name, _ in rows)
    return [f"{name:>{width}}  {value}" for name, value in rows]


def rows_of(result, inside=""):
    """(name, value in words) of everything in a result."""
    for name, value in result.items():
        if isinstance(value, dict):
            yield from rows_of(value, f"{inside}{name}: ")
        elif isinstance(value, float):
            yield inside + name, f"{value:.2e}" if 0 < abs(value) < 1e-3 else f"{value:.4f}"
        else:
            yield inside + name, "none" if value is None else str(value)


def distance_table(judged):
    """The lines of what `judge_samples` found: each measure of the samples, of real data and of noise."""
    rows = [("", "samples", "real data", "noise")]
    for name, found in judged["distances"].items():
        told = [number(one) for one in (found, found["floor"], found["noise"])]
        rows.append((name if found["ranked"] else f"({name})", *told))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    network = judged["features"]
    by = "of random weights"
    if "test_accuracy" in network:
        by = f"right about {network['test_accuracy']:.1%} of the test data"
    seen = "which the model was trained on too" if network["trained_on"] else "which were kept from the model"
    return [
        f"{judged['n']} samples beside as many test data (in parentheses: not to rank models by)",
        *("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows),
        f"features: network {network['sha256'][:12]}, {by}, made on training rows {seen}",
    ]


def number(found):
    """A score in words: value ± standard error, and the p-value where there is one."""
    if found["value"] is None:
        return "none"
    error = "" if found["standard_error"] is None else f" ± {found['standard_error']:.4f}"
    return f"{found['value']:.4f}{error}" + (f" (p {found['p_value']:.3f})" if "p_value" in found else "")
