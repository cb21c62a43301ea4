"""The scoreboard as JSON."""

import json
import math
from pathlib import Path


def write_json(board, path):
    """Write a scoreboard; an infinite error, which JSON lacks, is written as "inf"."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain(board), indent=1, allow_nan=False) + "\n")


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
