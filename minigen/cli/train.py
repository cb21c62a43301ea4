"""``minigen train FAMILY``: options of the data, of the training and of the model, side by side."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from tyro.conf import Suppress, arg, subcommand

from .. import data, train
from ..errors import UserError
from ..models import VAEConfig
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
        if self.out == "":
            raise UserError("--out is empty; name a run folder, or leave the option out")
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
    """Which model."""

    def run(self):
        """Train the family that was named."""
        self.family.run()
