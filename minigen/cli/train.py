"""``minigen train FAMILY``: options of the data, of the training and of the model, side by side."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from tyro.conf import Suppress, arg, subcommand

from .. import data, train
from ..models import VAEConfig
from ..train import TrainConfig


@dataclass(frozen=True)
class DataOptions:
    """Which data."""

    data: str = "digits"
    """Name of a data set, or the path of a folder of images, of a .npy or of a .npz file."""
    data_dir: str | None = None
    """Folder that holds downloaded data sets; by default $MINIGEN_DATA_DIR, then a cache."""
    image_size: int | None = None
    """Side to which the images of a folder are resized and cropped."""
    image_channels: int | None = None
    """1 for grey, 3 for colour: what the images of a folder are converted to."""

    def load(self, seed):
        """The data set."""
        return data.load(
            self.data, data_dir=self.data_dir, size=self.image_size, channels=self.image_channels, seed=seed
        )


@dataclass(frozen=True)
class _TrainFamily:
    out: str | None = None
    """Run folder: config, metrics, sample grids and checkpoints; by default runs/FAMILY."""
    data: Annotated[DataOptions, arg(name="")] = field(default_factory=DataOptions)
    train: Annotated[TrainConfig, arg(name="")] = field(default_factory=TrainConfig)
    resume: bool = False
    """Go on where the run in the folder stopped, or start where it holds no checkpoint yet."""
    debug: bool = False
    """Show the traceback of an error."""

    def run(self):
        """Train, and say where the results are."""
        out = self.out or f"runs/{self.family}"
        dataset = self.data.load(self.train.seed)
        train.fit(self.family, dataset, self.model, self.train, out=out, resume=self.resume)
        print(f"The run is in {out}: samples/ and curves.png to look at, checkpoints/ to go on from.")
        print(f"More samples: minigen sample {out} -n 64 -o grid.png")


@dataclass(frozen=True)
class TrainVAE(_TrainFamily):
    """Train a variational autoencoder."""

    model: Annotated[VAEConfig, arg(name="")] = field(default_factory=VAEConfig)
    family: ClassVar[str] = "vae"


@dataclass(frozen=True)
class Train:
    """Train a model, watching it learn."""

    # a union with nothing makes tyro ask for the family by name even while there is but one
    family: Annotated[TrainVAE, subcommand("vae")] | Annotated[None, Suppress]

    @property
    def debug(self):
        """Whether to show tracebacks."""
        return self.family.debug

    def run(self):
        """Train the family that was named."""
        self.family.run()
