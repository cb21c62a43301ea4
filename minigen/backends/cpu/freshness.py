"""When a compiled kernel is out of date: as soon as its file has changed, or one that this file imports.

Numba keeps compiled code beside a stamp of the kernel's own file. A kernel holds what it calls, too: a reader who
changed ``transforms.py`` would still run, and time, Winograd's kernels as they were. So the stamps of this folder's
kernels cover all files whose functions they can hold.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from numba.core.caching import CacheImpl, InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

HERE = Path(__file__).parent
IMPORT = re.compile(rb"^from \.(\w*) import (?:\(([^)]*)\)|(.*))", re.MULTILINE)


@lru_cache
def _imports(path):
    """Files of this folder whose names the file at `path` imports at its top."""
    found = set()
    for module, block, line in IMPORT.findall(path.read_bytes()):
        names = [module] if module else re.findall(rb"\w+", block or line)
        found |= {path.with_name(f"{name.decode()}.py") for name in names}
    return {file for file in found if file.exists()}


def sources(path):
    """The file at `path`, all that it imports from its folder, what those import, and so on."""
    found, new = set(), {path}
    while new:
        found |= new
        new = set().union(*map(_imports, new)) - found
    return found


@lru_cache
def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _ByAllSources:
    def get_source_stamp(self):
        return sorted((path.name, _digest(path)) for path in sources(Path(self._py_file)))

    @classmethod
    def from_function(cls, py_func, py_file):
        return super().from_function(py_func, py_file) if Path(py_file).parent == HERE else None


class _InGivenFolder(_ByAllSources, UserProvidedCacheLocator):
    """NUMBA_CACHE_DIR."""


class _BesideSource(_ByAllSources, InTreeCacheLocator):
    """`__pycache__`."""


class _InUsersCache(_ByAllSources, UserWideCacheLocator):
    """Where the source's folder can't be written."""


CacheImpl._locator_classes[:0] = _InGivenFolder, _BesideSource, _InUsersCache  # all other files' kernels: as before
