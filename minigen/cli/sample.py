"""``minigen sample RUN``: new data as a picture, or as an array."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from tyro.conf import Positional, arg

from .. import train
from ..core.random import Stream
from ..errors import UserError
from ..files import whole_file
from ..viz import save_grid
from ..viz.points import save_points


@dataclass(frozen=True)
class Sample:
    """Draw samples of a trained model."""

    run_folder: Annotated[Positional[str], arg(metavar="RUN")]
    """Run folder, or a checkpoint in it."""
    n: Annotated[int, arg(aliases=["-n"])] = 64
    """How many."""
    out: Annotated[str, arg(aliases=["-o"])] = "samples.png"
    """A .png picture, or an .npy array of all values."""
    checkpoint: Literal["last", "best"] = "last"
    """The newest weights, or those of the lowest validation loss."""
    seed: int = 0
    """The same seed draws the same samples."""
    debug: bool = False
    """Show the traceback of an error."""

    def run(self):
        """Draw, and write the file whole or not at all."""
        if self.n < 1:
            raise UserError(f"-n is {self.n}; it must be at least 1")
        kind = Path(self.out).suffix
        if kind not in (".png", ".npy"):
            raise UserError(f"the output {self.out!r} must end in .png or .npy")
        model = train.load(self.run_folder, self.checkpoint)
        drawn = model.sample(self.n, Stream(self.seed).child("sample"))
        if kind == ".npy":
            with whole_file(self.out) as file:
                np.save(file, drawn)
        elif drawn.ndim == 4:
            save_grid(drawn, self.out)
        else:
            save_points(drawn, self.out)
        print(f"{self.n} samples in {self.out}")
