"""Settings that every test shares: hypothesis draws the same cases on every machine.

With NUMBA_DISABLE_JIT=1 the kernels are plain Python, so that coverage sees their lines. Then fewer and smaller cases
are drawn, everything that asks for no backend runs on the reference, and tests marked `needs_jit` are left out.
"""

import importlib

import pytest
from hypothesis import HealthCheck, settings

try:
    JIT = not importlib.import_module("numba").config.DISABLE_JIT
except ImportError:
    JIT = True  # nothing is switched off where nothing could compile; tests of the cpu backend skip themselves

for name, examples in (("suite", 20), ("plain", 4)):
    settings.register_profile(
        name,
        deadline=None,
        max_examples=examples,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("suite" if JIT else "plain")


@pytest.fixture(scope="session")
def torch():
    """PyTorch, as the oracle; a test that asks for it carries the mark `oracle`."""
    return pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")


def pytest_collection_modifyitems(items):
    for item in items:
        if "torch" in getattr(item, "fixturenames", ()):
            item.add_marker("oracle")
        if not JIT and item.get_closest_marker("needs_jit"):
            item.add_marker(pytest.mark.skip(reason="needs compiled kernels (NUMBA_DISABLE_JIT is set)"))
