"""Writing a file whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import UserError


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A file to write to, which takes its name only when the block ends without an error.

    It lies beside its target until then, so that the move is atomic; whatever was at `path` before stays until it is
    replaced, and an error leaves nothing behind. Raises UserError where the folder is missing or cannot be written
    to, or the disk is full.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with open(partial, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())  # a power cut must not leave the name on a file whose bytes are not there yet
            os.replace(partial, path)
        finally:
            if os.path.exists(partial):
                os.unlink(partial)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; choose another place or make room") from error


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Write `content` to `path` whole or not at all; see `whole_file`."""
    with whole_file(path) as file:
        file.write(content)
