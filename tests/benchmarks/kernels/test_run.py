"""A quick run times what it says, checks results before, writes nothing; a figure is drawn of what it found."""

import importlib.util
import json

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.kernels import figure, race, report, run, scaling
from benchmarks.kernels.shapes import Product

TWO = {name: package for name, package in race.LIBRARIES.items() if package in ("numba", "numpy")}


@pytest.fixture
def quick(monkeypatch):
    """Two libraries, the products of one workload, short ladders; of the limits those of the rounds are measured."""
    monkeypatch.setattr(race, "LIBRARIES", TWO)
    monkeypatch.setattr(run, "QUICK", ("flow2d",))
    ladders = {"convolution": {"size": (4, 8)}, "product": {"rows": (4, 8)}}
    monkeypatch.setattr(scaling, "LADDERS", ladders)
    limits = {"threads": 1, "gflops": 1.0, "gbps": {"memory": 1e6}, "bytes": {"cache": 1 << 20}}
    monkeypatch.setattr(run, "limits_of", lambda threads, quick: limits)


@pytest.mark.needs_jit
def test_a_quick_run(quick, tmp_path, capsys):
    result = json.loads(json.dumps(run.run(quick=True, threads=1)))
    assert [found["kind"] for found in result["shapes"]] == ["matmul NN", "matmul NT", "matmul TN"]
    for found in result["shapes"]:
        assert set(found["times"]) == {"minigen", "NumPy"} and found["fastest_peer"] == "NumPy"
        ours, theirs = (found["times"][name]["median"] for name in ("minigen", "NumPy"))
        assert found["ratio"] == pytest.approx(ours / theirs, rel=1e-3)
        assert 0 < found["times"]["minigen"]["min"] <= found["times"]["minigen"]["median"]
        assert found["limits"]["gbps"].keys() == {found["memory"]}
        assert 1.0 < found["limits"]["gflops"] <= result["limits"]["gflops"]
    assert result["limits"]["gbps"]["memory"] == 1e6
    assert [(step["axis"], step["value"]) for step in result["scaling"]] == [
        ("size", 4), ("size", 8), ("rows", 4), ("rows", 8), ("threads", 1), ("threads", 1),
    ]  # fmt: skip
    told = capsys.readouterr().out
    assert "a step of flow2d" in told and "peak" in told
    figure.save_kernels(result, tmp_path / "kernels.png")
    assert (tmp_path / "kernels.png").stat().st_size > 10_000


def test_results_that_differ_are_not_timed():
    shape, right = Product(2, 2, 2), np.eye(2)
    race.check(shape, {"minigen": right, "NumPy": right + 1e-6})
    for wrong in (right.T[::-1], right + 1e-3, np.full((2, 2), np.nan), np.eye(3)):
        with pytest.raises(AssertionError, match=r"matmul NN \(2,2\)"):
            race.check(shape, {"minigen": right, "NumPy": wrong})


def test_the_fastest_peer_counts():
    times = {name: {"median": t, "min": t / 2} for name, t in (("minigen", 2.0), ("A", 4.0), ("B", 1.0))}
    assert race.ratio(times) == (2.0, "B")
    assert race.ratio({"minigen": times["minigen"]}) == (None, None)


def test_every_peer_has_a_colour_and_a_package():
    for module in race.LIBRARIES:
        assert importlib.util.find_spec(module)
    assert next(iter(race.LIBRARIES)) == "benchmarks.kernels.calls_minigen"


def test_numbers_are_rounded_and_nothing_else():
    assert run.rounded({"a": [1.23456789e-7, 3, None], "b": "x"}) == {"a": [1.2346e-7, 3, None], "b": "x"}


def test_threads_are_climbed_to_the_last():
    assert [scaling.counts(n) for n in (1, 2, 3, 4, 6)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4], [1, 2, 4, 6]]


def test_a_summary_counts_the_goals():
    shape = {
        "kind": "matmul NN", "name": "a", "method": "product", "share_of_bound": 0.9, "ratio": 1.04,
        "fastest_peer": "NumPy", "calls": {"vae": 3}, "times": {"minigen": {"median": 2.0}, "NumPy": {"median": 1.0}},
    }  # fmt: skip
    lines = report.summary([shape, shape | {"share_of_bound": 0.5, "ratio": 2.0, "name": "b"}])
    assert lines[0].startswith("1 of 2 shapes") and "b" in lines[1]
    assert any(line.startswith("1 of 2 take") for line in lines)
    assert report.totals([shape], "vae") == (6.0, 3.0)
    assert not any("fastest" in line for line in report.summary([shape | {"ratio": None, "fastest_peer": None}]))
