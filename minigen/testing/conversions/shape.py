"""Values rearranged."""

from ...core import functional as F
from .conversion import Conversion, Refused, direct


def _cat(tensors, dim=0):
    if any(x.shape == (0,) for x in tensors) and any(x.ndim > 1 for x in tensors):
        raise Refused("cat of an empty vector beside matrices, which torch skips for old programs' sake")
    return F.cat(tensors, dim)


def _pad(x, pad, mode="constant", value=None):
    return F.pad(x, pad, mode, 0.0 if value is None else value)


def _repeat_interleave(x, repeats, dim=None, output_size=None):
    return F.repeat_interleave(x, repeats, dim)


def _diagonal(x, offset=0, dim1=-2, dim2=-1):
    return F.diagonal(x, offset, dim1, dim2)


CONVERSIONS = (
    *direct(
        "reshape", "flatten", "transpose", "permute", "expand", "squeeze", "unsqueeze", "stack", "split", "chunk",
        "flip", "roll", "tile", "tril", "triu", "diagonal", "movedim", "narrow",
    ),
    *(Conversion(f"nn.functional.pad/{mode}", "pad", _pad)
      for mode in ("constant", "reflect", "replicate", "replicate_negative")),
    Conversion("constant_pad_nd", "pad", lambda x, pad, value=0: F.pad(x, pad, value=value)),
    Conversion("cat", "cat", _cat),
    Conversion("view", "reshape", F.reshape),
    Conversion("squeeze/multiple", "squeeze", F.squeeze),
    Conversion("split/list_args", "split", F.split),
    Conversion("split_with_sizes", "split", F.split),
    Conversion("repeat_interleave", "repeat_interleave", _repeat_interleave),
    Conversion("linalg.diagonal", "diagonal", _diagonal),
    Conversion("sum_to_size", "sum_to_size",
               lambda x, *shape: F.sum_to_size(x, shape[0] if isinstance(shape[0], tuple | list) else shape)),
)  # fmt: skip
