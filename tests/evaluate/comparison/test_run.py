"""A small comparison from beginning to end: what it leaves, that it goes on where it was, and that failures stay in."""

import json
import os

import numpy as np
import pytest

from minigen.errors import NonFiniteError, UserError
from minigen.evaluate import features
from minigen.evaluate.comparison import Comparison, Plan, entrant, quality, run

DIGITS = {"name_or_path": "digits"}


@pytest.fixture
def here(monkeypatch):
    """Everything in this process, with a judge that learns little: seconds instead of minutes."""
    monkeypatch.setattr(Comparison, "_at_once", lambda self, *calls: [function(*args) for function, *args in calls])
    monkeypatch.setattr(features, "STEPS", 20)
    monkeypatch.setattr(features, "PLAIN_STEPS", 20)
    monkeypatch.setattr(entrant, "TIMED_STEPS", 1)
    monkeypatch.setattr(quality, "SAMPLES", 60)
    monkeypatch.setattr(run, "extra_measurements", lambda plan: {})


def small(**changes):
    return Plan(**{"data": DIGITS, "budget": 0.3, "samples": 60, "entrants": ("vae",), **changes})


def test_it_leaves_a_table_a_picture_and_results_that_say_what_they_hold(here, tmp_path):
    plan = small(entrants=("vae", "gan"), seeds=2)
    results = Comparison(plan, tmp_path / "out", say=lambda line: None).run(command="minigen compare")
    assert json.loads((tmp_path / "out" / "results.json").read_text())["plan"]["seeds"] == 2
    assert set(results) - {"schema", "notes"} == set(results["schema"])
    assert [(e["family"], e["seed"]) for e in results["entrants"]] == [("vae", 0), ("vae", 1), ("gan", 0), ("gan", 1)]
    for e in results["entrants"]:
        assert e["status"] == "ok"
        assert e["seconds"]["train"] >= 0.3
        assert e["quality"][-1]["fraction"] == 1.0
        assert {"floor", "noise", "standard_error"} <= set(e["scores"]["kid"])
        assert 0 <= e["scores"]["confident"]["value"] <= 1
    assert results["table"]["gan"]["KID"]["mean"] == pytest.approx(
        np.mean([e["scores"]["kid"]["value"] for e in results["entrants"] if e["family"] == "gan"])
    )
    assert results["entrants"][2]["likelihood"]["kind"] == "undefined"
    assert (tmp_path / "out" / "comparison.png").read_bytes()[:4] == b"\x89PNG"
    assert "| KID |" in (tmp_path / "out" / "table.md").read_text()


def test_equal_operations_are_counted_and_timed_first(here, tmp_path):
    plan = small(equal="flops", entrants=("vae", "gan"))
    results = Comparison(plan, tmp_path, say=lambda line: None).run()
    spent = {e["family"]: e["steps"] * e["gflop_per_step"] for e in results["entrants"]}
    assert all(cost["seconds"] > 0 and cost["compile_seconds"] > 0 for cost in results["pilots"].values())
    assert abs(spent["vae"] - spent["gan"]) <= sum(e["gflop_per_step"] for e in results["entrants"])


def test_interrupted_it_continues_where_it_was(here, tmp_path, monkeypatch):
    first = Comparison(small(), tmp_path, say=lambda line: None).run()
    monkeypatch.setattr(run, "enter", None)  # so that a second training would fail
    monkeypatch.setattr(run, "compile_kernels", None)
    again = Comparison(small(), tmp_path, say=lambda line: None).run()
    assert again["entrants"] == first["entrants"]


def test_another_plan_or_other_files_are_refused(tmp_path):
    Comparison(small(), tmp_path / "a")
    with pytest.raises(UserError, match="another plan"):
        Comparison(small(seeds=2), tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("…")
    with pytest.raises(UserError, match="not empty"):
        Comparison(small(), tmp_path / "b")


def test_a_training_that_fails_stays_in(here, tmp_path, monkeypatch):
    def diverge(*args, **options):
        raise NonFiniteError("first NaN in Exp")

    monkeypatch.setattr(entrant.train, "fit", diverge)
    results = Comparison(small(), tmp_path, say=lambda line: None).run()
    assert results["entrants"][0]["status"] == "NonFiniteError: first NaN in Exp"
    assert results["table"] == {}


def test_trials_are_chosen_by_validation(here, tmp_path, monkeypatch):
    def enter(plan, family, seed, trial, steps, folder, judge_file):
        kid = {0: 0.3, 1: 0.1, 2: 0.2}[trial]
        return {
            "family": family,
            "seed": seed,
            "trial": trial,
            "status": f"stopped at {kid}",
            "quality": [{"kid": kid}],
        }

    monkeypatch.setattr(run, "_final_kid", lambda e: e["quality"][-1]["kid"])
    monkeypatch.setattr(run, "enter", enter)
    results = Comparison(small(trials=3, seeds=2), tmp_path, say=lambda line: None).run()
    assert [(e["seed"], e["trial"]) for e in results["entrants"]] == [(0, 1), (1, 1)]


def test_each_call_has_a_process_of_its_own(tmp_path):
    found = Comparison(small(), tmp_path)._at_once((os.getpid,), (os.getpid,))
    assert len({os.getpid(), *found}) == 3


def test_data_without_likelihood_of_integers_are_compared_too(here, tmp_path):
    plan = small(data={"name_or_path": "8gaussians"}, entrants=("flow",))
    (entrant,) = Comparison(plan, tmp_path, say=lambda line: None).run()["entrants"]
    assert entrant["status"] == "ok"
    assert entrant["likelihood"]["density"] == entrant["likelihood"]["log_prob"]
    assert entrant["likelihood"]["kl_from_truth"] > 0
    assert entrant["traits"]["inverse_error"] < 1e-3
