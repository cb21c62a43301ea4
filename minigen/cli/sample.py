"""``minigen sample RUN``: new data as a picture, or as an array."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from tyro.conf import Positional, arg

from .. import train
from ..core.random import Stream
from ..errors import UserError
from ..files import write_bytes
from ..viz import save_samples


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
        suffix = Path(self.out).suffix.lower()
        if suffix not in (".png", ".npy"):
            raise UserError(f"the output {self.out!r} must end in .png or .npy")
        model = train.load(self.run_folder, self.checkpoint)
        drawn = model.sample(self.n, Stream(self.seed).child("sample"))
        if suffix == ".npy":
            content = io.BytesIO()  # np.save to a file itself does not say why a write failed
            np.save(content, drawn)
            write_bytes(self.out, content.getbuffer())
        elif not save_samples(drawn, self.out, self._kind(drawn)):
            raise UserError(f"samples of {drawn.shape[1]} numbers have no picture; write them with -o samples.npy")
        print(f"{self.n} samples in {self.out}")

    def _kind(self, drawn):
        """Whether the model was trained on images, points or outlines."""
        path = Path(self.run_folder)
        if path.is_dir():
            path = getattr(train.RunFolder(path), self.checkpoint)
        _, facts = train.read_checkpoint(path)
        return facts.get("kind", "images" if drawn.ndim == 4 else "points")
