"""IDX, the file format of MNIST: a magic number, the dimensions, then the values, most significant byte first."""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from ..errors import DataError

DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The array in an IDX file, plain or gzip-compressed, in the machine's own byte order.

    The first two bytes are 0, the third names the type, the fourth the number of dimensions d; then d big-endian
    32-bit sizes and exactly the values they promise.
    Raises DataError where the file cannot be read, is not IDX, is truncated, or goes on after its last value.

    Reference: "The MNIST database of handwritten digits", LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/.
    """
    return parse_idx(read_bytes(path), os.fspath(path))


def read_bytes(path: str | os.PathLike) -> bytes:
    """The content of a file, decompressed if its first bytes say gzip; DataError if that fails."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from error
    return gunzip(content, os.fspath(path)) if content[:2] == b"\x1f\x8b" else content


def gunzip(content: bytes, name: str) -> bytes:
    """Decompress gzip bytes; DataError names the file where they are truncated or corrupt."""
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name} is a corrupt or truncated gzip file ({error}); fetch it again") from error


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """The array in the bytes of an IDX file; `name` is the file to be named in a DataError."""
    if len(content) < 4:
        raise DataError(f"{name} got {len(content)} bytes; wanted an IDX file, which has at least 4")
    zero, code, ndim = struct.unpack(">HBB", content[:4])
    if zero != 0 or code not in DTYPES:
        codes = ", ".join(f"0000{code:02x}" for code in DTYPES)
        raise DataError(
            f"{name} is not an IDX file: it starts with {content[:4].hex()}; wanted {codes} and a dimension"
        )
    header = 4 + 4 * ndim
    if len(content) < header:
        raise DataError(
            f"{name} is truncated in its header: got {len(content)} bytes, wanted {header} for {ndim} dimensions"
        )
    shape = struct.unpack(f">{ndim}I", content[4:header])
    dtype = np.dtype(DTYPES[code])
    wanted = header + math.prod(shape) * dtype.itemsize
    if len(content) != wanted:
        fault = "is truncated" if len(content) < wanted else "goes on after its last value"
        raise DataError(f"{name} {fault}: got {len(content)} bytes, wanted {wanted} for shape {shape} of {dtype.name}")
    values = np.frombuffer(content, dtype, offset=header).reshape(shape)
    return values.astype(dtype.newbyteorder("="))
