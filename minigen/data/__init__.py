"""Data sets as plain arrays: load them by name or path, cut them into batches, bring them to the unit interval.

Nothing here knows tensors or models. Pillow is imported when a folder of images is read, pooch when something is
downloaded.
"""

from .batching import Batch, Batches, in_order, take
from .catalog import NAMES, load
from .dataset import DataSet, Split
from .feature_split import split_for_features
from .few_labels import few_labels
from .idx import read_idx
from .transforms import binarize, dequantize, from_unit, on_grid, quantize, to_unit

__all__ = [
    "NAMES",
    "Batch",
    "Batches",
    "DataSet",
    "Split",
    "binarize",
    "dequantize",
    "few_labels",
    "from_unit",
    "in_order",
    "load",
    "on_grid",
    "quantize",
    "read_idx",
    "split_for_features",
    "take",
    "to_unit",
]
