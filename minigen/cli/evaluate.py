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
    samples: Annotated[int, arg(aliases=["-k"])] = 100
    """Draws of the latent for each datum; the literature's −log p(x) takes 5000."""
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
        if self.samples < 1:
            raise UserError(f"--samples is {self.samples}; it must be at least 1")
        if Path(self.run_folder).is_file():
            raise UserError(
                f"{self.run_folder} is a file; evaluate wants the run folder, and takes --checkpoint last or best in it"
            )
        dataset = self._dataset()
        model = train.load(self.run_folder, self.checkpoint)
        result = evaluate(model, dataset, self.split, self.samples, self.seed)
        path = Path(self.run_folder) / "evaluation.json"
        write_bytes(path, json.dumps(result, indent=2, sort_keys=True).encode() + b"\n")
        for name, value in result.items():
            print(f"{name:>15}  {value:.4f}" if isinstance(value, float) else f"{name:>15}  {value}")
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
