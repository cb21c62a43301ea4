"""Checkpoints: a safetensors file of arrays with one key of sorted JSON, written whole or not at all.

The JSON holds what the arrays are of (format, family, configuration, step, …) and the SHA-256 of their bytes,
which is verified on reading. The same contents give the same bytes.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..errors import CheckpointError
from ..files import whole_file

FORMAT = 1
"""The newest format that this version writes and reads."""


def write_checkpoint(path, arrays, facts):
    """Write ``arrays`` (name -> ndarray) and ``facts`` (JSON-able) to ``path``.

    Raises:
        UserError: the file cannot be written.
    """
    # safetensors writes the memory of a non-contiguous array in the wrong order without a word
    arrays = {name: np.asarray(array, order="C") for name, array in sorted(arrays.items())}
    described = {**facts, "format": FORMAT, "sha256": _digest(arrays)}
    with whole_file(path) as file:
        file.write(save(arrays, metadata={"minigen": json.dumps(described, sort_keys=True)}))


def read_checkpoint(path):
    """The arrays and facts of a checkpoint.

    Raises:
        CheckpointError: no such file, not a minigen checkpoint, of a newer format, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
        facts = json.loads(metadata["minigen"])
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged, or no safetensors file: {error}") from error
    except KeyError:
        raise CheckpointError(f"{path} is a safetensors file, but not one of minigen's") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise CheckpointError(f"{path} is damaged: its description states no format")
    if facts["format"] > FORMAT:
        raise CheckpointError(
            f"{path} has format {facts['format']}, newer than this minigen reads ({FORMAT}); install the newer minigen"
        )
    if facts.pop("sha256", None) != _digest(arrays):
        raise CheckpointError(f"{path} is damaged: its arrays do not match their SHA-256; use another checkpoint")
    return arrays, facts


def _digest(arrays):
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
