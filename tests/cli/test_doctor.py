"""``minigen doctor`` tells what it runs on, and names each thing that slows it, with its cure."""

import os

import pytest

import minigen
from minigen import backends
from minigen.cli import doctor
from minigen.cli.main import main


def test_it_shows_versions_processor_and_backend(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for fact in (minigen.__version__, "numpy", "processor", "backend", backends.current().name):
        assert fact in printed


def test_the_reference_backend_is_a_trouble(capsys):
    with minigen.backend("reference"):
        assert main(["doctor"]) == 0
    assert "many times slower" in capsys.readouterr().out


@pytest.mark.needs_jit
def test_the_cpu_backend_tells_tile_threads_and_cache(capsys):
    with minigen.backend("cpu"):
        assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for fact in ("tile", "threading layer", "threads", "cache", "compiled kernels"):
        assert fact in printed


@pytest.mark.needs_jit
def test_each_trouble_has_its_sentence(monkeypatch, tmp_path):
    facts = pytest.importorskip("minigen.backends.cpu.facts")
    monkeypatch.setattr(facts, "threading_layer", lambda: "workqueue")
    monkeypatch.setattr(facts, "get_threads", lambda: 1)
    monkeypatch.setattr(facts.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(facts, "VECTOR_BYTES", 16)
    monkeypatch.setattr(facts, "FEATURES", frozenset())
    monkeypatch.setattr(facts, "cache_directory", lambda: tmp_path / "sealed" / "cache")
    monkeypatch.setattr(facts.os, "access", lambda path, mode: False)
    found = facts.troubles()
    for word in ("workqueue", "NUMBA_NUM_THREADS", "NUMBA_CPU_FEATURES", "NUMBA_CACHE_DIR"):
        assert sum(word in sentence for sentence in found) == 1


@pytest.mark.skipif(not hasattr(os, "getloadavg"), reason="this system tells no load")
@pytest.mark.parametrize(("load", "told"), [(0.1, 0), (3.0, 1)])
def test_other_programs_are_told_of(monkeypatch, load, told):
    monkeypatch.setattr(doctor.os, "getloadavg", lambda: (load, load, load))
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 2)
    assert len(doctor.busy()) == told
