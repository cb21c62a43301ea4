"""``minigen sample RUN``: new data as a picture or an array, and the way there as an animation."""

import inspect
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
from ..models import FAMILIES
from ..viz import lines, save_animation, save_samples, save_strip, save_warp

OPTIONS = ("sampler", "steps", "guidance", "eta", "temperature")
"""Options that only some families take."""


@dataclass(frozen=True)
class Sample:
    """Draw samples of a trained model."""

    run_folder: Annotated[Positional[str], arg(metavar="RUN")]
    """Run folder, or a checkpoint in it."""
    n: Annotated[int | None, arg(aliases=["-n"])] = None
    """How many; by default 64, of points 2,000."""
    out: Annotated[str | None, arg(aliases=["-o"])] = None
    """A .png picture, or an .npy array of all values; by default samples.png, where no trajectory is asked for."""
    label: tuple[int, ...] = ()
    """What to draw, of a conditional model: one label for all, or several in turn; by default any."""
    sampler: str | None = None
    """diffusion: the algorithm, such as ancestral, ddim, heun, dpm or euler; by default the path's own."""
    steps: int | None = None
    """diffusion: of the way from noise to data; gan, vae, ladder, m2: frames of a trajectory."""
    guidance: float | None = None
    """diffusion with labels: w of (1 + w) ε(x, label) − w ε(x); 0 is the plain conditional model."""
    eta: float | None = None
    """ddim: share of fresh noise, 0 for none, 1 for as much as ancestral sampling takes."""
    temperature: float | None = None
    """flow: factor of the base distribution's deviation; below 1 samples are more typical and less varied."""
    trajectory: Annotated[str | None, arg(metavar="FILE")] = None
    """Also draw the way there: .gif, an animation, or .png, a strip of frames."""
    checkpoint: Literal["last", "best"] = "last"
    """The newest weights, or those of the lowest validation loss."""
    seed: int = 0
    """The same seed draws the same samples."""
    debug: bool = False
    """Show the traceback of an error."""

    def run(self):
        """Draw, and write each file whole or not at all."""
        self._check()
        model, kind = train.load(self.run_folder, self.checkpoint), self._kind()
        n = self.n or (2000 if kind == "points" else 64)
        options = {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}
        calls = [model.sample] * (self._out is not None) + [model.trajectory] * (self.trajectory is not None)
        self._refuse(options, model, calls)
        drawn = [self._call(draw, model, n, options) for draw in calls]
        if self._out is not None:
            self._write(drawn[0], kind)
            print(f"{n} samples in {self._out}")
        if self.trajectory is not None:
            self._draw(drawn[-1], model, kind)
            print(f"the way of {n} samples in {self.trajectory}")

    @property
    def _out(self):
        return self.out or ("samples.png" if self.trajectory is None else None)

    def _check(self):
        for name, value in (("-n", self.n), ("--steps", self.steps)):
            if value is not None and value < 1:
                raise UserError(f"{name} is {value}; it must be at least 1")
        if self._out is not None and Path(self._out).suffix.lower() not in (".png", ".npy"):
            raise UserError(f"the output {self._out!r} must end in .png or .npy; an animation is --trajectory FILE.gif")
        if self.trajectory is not None and Path(self.trajectory).suffix.lower() not in (".gif", ".png"):
            raise UserError(f"the trajectory {self.trajectory!r} must end in .gif (an animation) or .png (a strip)")

    def _refuse(self, options, model, calls):
        """Raise UserError where no call takes one of the options."""
        takes = set().union(*(takes_of(model, call) for call in calls))
        for name in options:
            if name not in takes:
                known = ", ".join(f"--{option}" for option in OPTIONS if option in takes) or "none of these options"
                raise UserError(
                    f"--{name} does not apply to what is asked of this {model.family}, which takes {known} here; "
                    f"it is an option of: {', '.join(whose(name)) or 'no family'}"
                )

    def _call(self, draw, model, n, options):
        """Draw n with those of the options that this call takes: the same stream, so that both show the same data."""
        taken = {name: value for name, value in options.items() if name in takes_of(model, draw)}
        labels = np.resize(self.label, n) if self.label else None
        return draw(n, Stream(self.seed).child("sample"), labels=labels, **taken)

    def _write(self, drawn, kind):
        if Path(self._out).suffix.lower() == ".npy":
            content = io.BytesIO()  # np.save to a file itself does not say why a write failed
            np.save(content, drawn)
            write_bytes(self._out, content.getbuffer())
        elif not save_samples(drawn, self._out, kind):
            raise UserError(f"samples of {drawn.shape[1]} numbers have no picture; write them with -o samples.npy")

    def _draw(self, panels, model, kind):
        """The trajectory; of a flow in the plane, which has no frames in between, a grid that its layers warp."""
        if hasattr(model, "warp") and model.spec.shape == (2,) and not model.conditional:
            grid = lines()
            layers = model.warp(grid.reshape(-1, 2))  # (F, L P, 2)
            save_warp(layers.reshape(-1, *grid.shape), self.trajectory, next(iter(panels.values())))
            return
        save = save_animation if Path(self.trajectory).suffix.lower() == ".gif" else save_strip
        if not save(panels, self.trajectory, kind):
            raise UserError(f"samples of {model.spec.shape[0]} numbers have no picture, and so no trajectory")

    def _kind(self):
        """Whether the model was trained on images, points or outlines."""
        path = Path(self.run_folder)
        if path.is_dir():
            path = getattr(train.RunFolder(path), self.checkpoint)
        _, facts = train.read_checkpoint(path)
        return facts.get("kind", "images" if len(facts["spec"]["shape"]) == 3 else "points")


def takes_of(model, call):
    """Which of OPTIONS a model's method takes: those that it names, and those that the family declares."""
    return {*OPTIONS} & {*model.sample_options, *inspect.signature(call).parameters}


def whose(name):
    """The families that take an option, for their samples or only for a trajectory."""
    for family, made in FAMILIES.items():
        if name in takes_of(made, made.sample):
            yield family
        elif name in takes_of(made, made.trajectory):
            yield f"{family} with --trajectory"
