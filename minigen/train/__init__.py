"""Training: one loop for every model, checkpoints, and the run folder that holds both."""

from .checkpoint import read_checkpoint, write_checkpoint
from .config import TrainConfig
from .folder import RunFolder
from .loop import Trainer
from .restore import load
from .session import fit

__all__ = ["RunFolder", "TrainConfig", "Trainer", "fit", "load", "read_checkpoint", "write_checkpoint"]
