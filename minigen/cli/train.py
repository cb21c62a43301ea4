"""``minigen train FAMILY``: options of the data, of the training and of the model, side by side."""

import inspect
from dataclasses import dataclass, field, make_dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Union

from tyro.conf import Suppress, arg, subcommand

from .. import data, train
from ..errors import UserError
from ..models import FAMILIES
from ..train import TrainConfig

DATA = f"{', '.join(data.NAMES)}; or the path of a folder of images, of an .npy or of an .npz file."


@dataclass(frozen=True)
class DataOptions:
    """Which data."""

    data: Annotated[str, arg(help=DATA)] = "digits"
    data_dir: str | None = None
    """mnist and fashion: folder of their files; by default $MINIGEN_DATA_DIR, then a cache, then a download."""
    image_size: int | None = None
    """Side in pixels to which the images of a folder are cropped and scaled, or at which shapes are drawn."""
    image_channels: int | None = None
    """1 for grey, 3 for colour: what the images of a folder are converted to."""
    labels: int | None = None
    """Keep the labels of so many training data, equally many of each class, and hide the others."""
    reserve: float | None = None
    """Train without this share of the training data, so that the network that judges samples may learn from them."""

    def load(self, seed):
        """The data set."""
        return data.load(**self.options(), seed=seed)

    def options(self):
        """The arguments of `minigen.data.load`, but for the seed."""
        return {
            "name_or_path": self.data, "data_dir": self.data_dir, "size": self.image_size,
            "channels": self.image_channels, "labels": self.labels, "reserve": self.reserve,
        }  # fmt: skip


@dataclass(frozen=True)
class _TrainFamily:
    out: str | None = None
    """Run folder: config, metrics, sample grids and checkpoints; by default runs/FAMILY."""
    data: Annotated[DataOptions, arg(name="")] = field(default_factory=DataOptions)
    train: Annotated[TrainConfig, arg(name="")] = field(default_factory=TrainConfig)
    model: Any = None
    resume: bool = False
    """Go on where the run in the folder stopped, or start where it holds no checkpoint yet."""
    debug: bool = False
    """Show the traceback of an error."""

    family: ClassVar[str]

    def run(self):
        """Train, and say where the results are."""
        if self.out == "":
            raise UserError("--out is empty; name a run folder, or leave the option out")
        out = self.out or f"runs/{self.family}"
        dataset = self.data.load(self.train.seed)
        train.fit(self.family, dataset, self.model, self.train, out=out, resume=self.resume)
        print(f"The run is in {out}: samples/ and curves.png to look at, checkpoints/ to go on from.")
        print(f"More samples: minigen sample {out} -n 64 -o grid.png")


def _command(name, family):
    """The subcommand of a family: its configuration, and its habits in place of the general ones."""
    settled = TrainConfig().settled(family.habits)
    habits = replace(settled, steps=None)  # a length shown as given would stand beside the one that the user names
    options = [
        ("train", Annotated[TrainConfig, arg(name="")], field(default_factory=partial(replace, habits))),
        ("model", Annotated[family.Config, arg(name="")], field(default_factory=family.Config)),
    ]
    story = inspect.getdoc(inspect.getmodule(family)).splitlines()[0]
    made = make_dataclass(f"Train{family.__name__}", options, bases=(_TrainFamily,), frozen=True)
    made.family = name
    made.__doc__ = f"{story} Takes {settled.steps:,} steps unless told otherwise."
    return Annotated[made, subcommand(name)]


@dataclass(frozen=True)
class Train:
    """Train a model, watching it learn."""

    # a union with nothing makes tyro ask for the family by name even while there is but one
    family: Union[(*(_command(name, family) for name, family in FAMILIES.items()), Annotated[None, Suppress])]
    """Which model."""

    def run(self):
        """Train the family that was named."""
        self.family.run()
