"""Training: one loop for every model, checkpoints, and the run folder that holds both."""

from .checkpoint import read_checkpoint, write_checkpoint
from .config import TrainConfig
from .folder import RunFolder
from .loop import Trainer
from .restore import load
from .session import fit, make_trainer, placed
from .stacked import encode_dataset, fit_stacked

__all__ = [
    "RunFolder",
    "TrainConfig",
    "Trainer",
    "encode_dataset",
    "fit",
    "fit_stacked",
    "load",
    "make_trainer",
    "placed",
    "read_checkpoint",
    "write_checkpoint",
]
