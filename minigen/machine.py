"""On what, and with which versions, something was measured."""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

LIBRARIES = ("minigen", "numpy", "numba", "torch")


def machine():
    """The processor, its cores, Python, the libraries' versions (None where absent) and the date, as a dictionary."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in LIBRARIES},
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def _processor():
    """Its name: Linux tells it in a file, other systems by `platform`."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
