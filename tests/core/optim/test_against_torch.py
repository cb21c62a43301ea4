"""Optimisers and schedules along PyTorch's trajectories."""

import numpy as np
import pytest

from minigen.core import optim

pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")

from minigen.testing.optimisers import OPTIMISERS, SCHEDULES, optimiser_error, schedule_error

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_100_steps(name, backend):
    if backend == "cpu":
        pytest.importorskip("numba", reason="the cpu backend needs Numba")
    assert optimiser_error(name, backend=backend) <= 1e-12


@pytest.mark.parametrize("name", ["SGD with Nesterov", "Adam with l2", "AdamW"])
def test_100_steps_in_float32(name):
    assert optimiser_error(name, np.float32, lr=1e-3) <= 1e-6


@pytest.mark.parametrize("name", SCHEDULES)
def test_100_rates(name):
    assert schedule_error(name) <= 1e-9


def test_a_wrong_schedule_is_seen(monkeypatch):
    monkeypatch.setitem(SCHEDULES, "Step", (SCHEDULES["Exponential"][0], SCHEDULES["Step"][1]))
    assert schedule_error("Step") > 1e-3


def test_a_wrong_optimiser_is_seen(monkeypatch):
    monkeypatch.setattr(optim, "Adam", optim.AdamW)
    assert optimiser_error("Adam with l2") > 1e-3
