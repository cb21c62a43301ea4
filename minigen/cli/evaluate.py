"""``minigen evaluate RUN``: the likelihood of unseen data."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from .. import data, train
from ..errors import CheckpointError, UserError
from ..evaluate import evaluate
from ..files import write_bytes


@dataclass(frozen=True)
class Evaluate:
    """Likelihood of unseen data under a trained model."""

    run_folder: Annotated[Positional[str], arg(metavar="RUN")]
    """Run folder."""
    split: Literal["test", "validation", "train"] = "test"
    """Which part of the data."""
    samples: Annotated[int | None, arg(aliases=["-k"])] = None
    """Draws for each datum, where the family takes any; by default the family's own number. vae, ladder, m2: guesses
    of the latent (the literature's −log p(x) takes 5000). flow of images: draws of the dequantisation. diffusion of
    images: terms of the bound drawn."""
    data_limit: int | None = None
    """Look at the first so many data only."""
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
        for name, value in (("--samples", self.samples), ("--data-limit", self.data_limit)):
            if value is not None and value < 1:
                raise UserError(f"{name} is {value}; it must be at least 1")
        if Path(self.run_folder).is_file():
            raise UserError(
                f"{self.run_folder} is a file; evaluate wants the run folder, and takes --checkpoint last or best in it"
            )
        dataset = self._dataset()
        model = train.load(self.run_folder, self.checkpoint)
        result = evaluate(
            model, dataset, self.split, self.samples, self.seed, limit=self.data_limit, progress=True
        )  # fmt: skip
        path = Path(self.run_folder) / "evaluation.json"
        write_bytes(path, json.dumps(result, indent=2, sort_keys=True).encode() + b"\n")
        for line in table(result):
            print(line)
        print(f"written to {path}")

    def _dataset(self):
        """The data of the run, from the options that its configuration remembers."""
        folder = train.RunFolder(self.run_folder)
        given = {} if self.data_dir is None else {"data_dir": self.data_dir}
        options = folder.read_config()["data"]
        try:
            return data.load(**{**options, **given})
        except TypeError as error:
            raise CheckpointError(
                f"{folder.config} does not say what data the run was trained on ({error}); if it was a DataSet made "
                "in Python, call minigen.evaluate.evaluate with it"
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
