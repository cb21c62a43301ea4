"""Settings that every test shares: hypothesis draws the same cases on every machine."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", deadline=None, max_examples=20, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def torch():
    """PyTorch, as the oracle; a test that asks for it carries the mark `oracle`."""
    return pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")


def pytest_collection_modifyitems(items):
    for item in items:
        if "torch" in getattr(item, "fixturenames", ()):
            item.add_marker("oracle")
