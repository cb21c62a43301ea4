"""The workload is the one that is defined, and its twin trains as it does."""

import numpy as np
import pytest

from benchmarks import race
from benchmarks.vae import Contender, make_batch, make_model
from minigen import data


def test_the_workload_is_burda_s_network_on_binary_images():
    assert make_batch().shape == (100, 28, 28, 1)
    assert set(np.unique(make_batch())) == {0.0, 1.0}
    shapes = [p.shape for p in make_model().parameters()]
    assert shapes[::2] == [(784, 200), (200, 200), (200, 100), (50, 200), (200, 200), (200, 784)]


def test_a_contender_learns():
    contender = Contender()
    losses = [contender.step() for _ in range(30)]
    assert losses[-1] < 0.8 * losses[0]


def test_the_table_says_what_was_measured():
    result = {
        "workload": "vae", "rounds": 2, "steps": 3, "not_installed": ["JAX jit"], "ratio_to_fastest_peer": 0.5,
        "contenders": {"minigen": {"median_ms": 1.0, "min_ms": 0.9, "first_seconds": 3.0, "peak_mib": 9,
                                   "peak_above_import_mib": 2}},
    }  # fmt: skip
    told = race.table(result)
    assert "1.00 (0.90)" in told
    assert "JAX jit          not installed" in told
    assert "minigen / fastest peer: 0.50" in told


def test_contenders_race_in_processes_of_their_own(monkeypatch):
    monkeypatch.setitem(
        race.CONTENDERS, "vae",
        {"minigen": ("benchmarks.vae", "Contender", "numpy"), "nobody": ("benchmarks.nobody", "Contender", "nobody")},
    )  # fmt: skip
    result = race.race("vae", rounds=2, steps=2)
    assert result["not_installed"] == ["nobody"]
    ours = result["contenders"]["minigen"]
    assert 0 < ours["min_ms"] <= ours["median_ms"]
    assert ours["peak_mib"] >= ours["peak_above_import_mib"] >= 0
    assert result["ratio_to_fastest_peer"] is None
    assert result["machine"]["cores"] >= 1


@pytest.mark.oracle
def test_losses_agree_with_the_twin_and_keep_agreeing():
    """500 steps of training are a benchmark (`python -m benchmarks follow`); 60 are a test."""
    pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")
    from benchmarks.follow import Pair, agree

    agree()
    shapes = data.load("shapes", size=28)
    pair = Pair(shapes)
    for _ in range(60):
        ours, theirs = pair.step()
        assert ours == pytest.approx(theirs, rel=1e-5)
    ours, theirs = pair.test_elbos(shapes)
    np.testing.assert_allclose(ours.mean(), theirs.mean(), rtol=1e-5)
