"""Downloading a file from the first mirror that has it whole; needs pooch, the extra ``data``."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import DataError, UserError
from .idx import gunzip


def cache_folder() -> Path:
    """minigen's folder for downloads, in the place the platform keeps caches; it need not exist yet."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "minigen"


def download(file: str, sha256: str, mirrors: tuple[str, ...], folder: Path) -> bytes:
    """Fetch the gzip file MIRROR + file, store it in `folder` and return its decompressed content.

    The mirrors are tried in turn. `sha256` is that of the decompressed content, since mirrors compress differently;
    only a file that has it is put in place. Raises DataError naming every mirror and what it answered, UserError
    where pooch is missing or the folder cannot be written.
    """
    fetch = _downloader()
    partial = folder / f".{file}.{os.getpid()}.part"
    answers = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.touch()
    except OSError as error:
        raise UserError(f"cannot write to the cache {folder}: {error.strerror or error}") from error
    try:
        for mirror in mirrors:
            try:
                fetch(mirror + file, str(partial), None)
                content = gunzip(partial.read_bytes(), mirror + file)
            except (OSError, DataError) as error:
                answers.append(f"{mirror}: {error}")
                continue
            got = hashlib.sha256(content).hexdigest()
            if got == sha256:
                os.replace(partial, folder / file)
                return content
            answers.append(f"{mirror}: SHA-256 of the content got {got}, wanted {sha256}")
    finally:
        partial.unlink(missing_ok=True)
    raise DataError(
        f"{file} could not be downloaded: {'; '.join(answers)}. Put the file into a folder by hand and name that "
        "with --data-dir (data_dir=) or $MINIGEN_DATA_DIR"
    )


def _downloader() -> Callable:
    try:
        import pooch  # an extra: only a download needs it
    except ImportError as error:
        raise UserError(
            "downloading needs pooch, which is not installed: run `pip install 'minigen[data]'`, or name a folder "
            "that holds the files with --data-dir (data_dir=) or $MINIGEN_DATA_DIR"
        ) from error
    return pooch.HTTPDownloader(timeout=30)
