"""``minigen doctor``: what minigen runs on here, and what slows it."""

import os
from dataclasses import dataclass

from .. import backends
from ..machine import machine

try:
    from threadpoolctl import threadpool_info
except ImportError:
    threadpool_info = None


@dataclass(frozen=True)
class Doctor:
    """What minigen runs on here, and what slows it."""

    debug: bool = False
    """Show the traceback of an error."""

    def run(self):
        """Print versions, processor, tile, threads, pools and cache, then a sentence for each thing that slows."""
        facts, troubles = backends.describe()
        facts = {**host(), **facts, "thread pools": pools()}
        width = max(map(len, facts))
        for name, value in facts.items():
            print(f"{name:>{width}}  {value}")
        troubles += busy()
        print("\n".join(f"! {trouble}" for trouble in troubles) or "Nothing here slows minigen.")


def host():
    """Processor and versions in words, by name."""
    found = machine()
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if version)
    return {
        "processor": f"{found['processor']}, {found['cores']} cores",
        "versions": f"{versions}, Python {found['python']}, {found['system']}",
    }


def pools():
    """The libraries beside Numba that keep threads of their own, in words."""
    if threadpool_info is None:
        return "unknown (pip install threadpoolctl shows them)"
    found = [f"{pool.get('internal_api', pool['user_api'])} {pool['num_threads']}" for pool in threadpool_info()]
    return ", ".join(found) or "none"


def busy():
    """A sentence where other programs hold the cores."""
    if not hasattr(os, "getloadavg"):
        return []
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load < 0.5 * cores:
        return []
    return [f"{load:.1f} programs want the {cores} cores (load average): training shares them, and benchmarks mislead"]
