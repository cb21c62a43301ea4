"""Means, standard errors and marks of the table, by hand."""

import json
import math

import pytest

from minigen.evaluate.comparison.page import write_page
from minigen.evaluate.comparison.run import as_json
from minigen.evaluate.comparison.sentences import NOTES
from minigen.evaluate.comparison.table import Cell, markdown, markdown_of, rows_of

from .conftest import entrant


def test_mean_and_standard_error_are_those_over_seeds():
    rows = rows_of([entrant("vae", seed, kid) for seed, kid in enumerate((0.1, 0.2, 0.6))])
    cell = rows["vae"]["KID"]
    assert cell.mean == pytest.approx(0.3)
    assert cell.error == pytest.approx(math.sqrt(((0.2**2 + 0.1**2 + 0.3**2) / 2) / 3))
    assert cell.each == (0.1, 0.2, 0.6)


def test_a_single_seed_keeps_the_error_of_the_number_itself(four):
    rows = rows_of(four)
    assert rows["vae"]["KID"].error == 0.01
    assert rows["vae"]["P(integer x), bits/dim"].error == 0.01


@pytest.mark.parametrize(("gap", "alone"), [(0.02, False), (0.04, True)])
def test_nothing_is_ranked_inside_two_standard_errors(gap, alone):
    """Each error is .01, so that of the difference is .0141: twice that is .0283."""
    rows = rows_of([entrant("vae", kid=0.1), entrant("gan", kid=0.1 + gap)])
    assert rows["vae"]["KID"].best
    assert rows["gan"]["KID"].best is not alone


def test_what_nobody_has_is_left_out_and_what_one_lacks_is_a_dash(four):
    four[1]["likelihood"] = {"kind": "undefined"}
    four[2]["scores"] = {}
    rows = rows_of(four)
    assert "log density, nats" not in rows["vae"]
    assert rows["flow"]["KID"].text(3) == "–"
    assert not rows["gan"]["P(integer x), bits/dim"].best
    assert "| P(integer x), bits/dim | **1.000 ± 0.010 (bound)** | undefined |" in markdown(rows)


def test_what_is_biased_at_this_n_is_not_ranked(four):
    for each in four:
        each["scores"]["kid"]["ranked"] = False
    assert not any(row["KID"].best for row in rows_of(four).values())


def test_results_read_from_their_file_give_the_same_table_and_page(four, tmp_path):
    """JSON has no NaN."""
    four[1]["likelihood"] = {"kind": "undefined"}
    rows = rows_of(four)
    table = {f: {title: vars(c) for title, c in row.items()} for f, row in rows.items()}
    results = {
        "table": table, "entrants": four, "data": "four by hand", "notes": NOTES, "sentences": [],
        "plan": {"budget": 1.0, "equal": "seconds", "seeds": 1, "trials": 1},
        "machine": {"processor": "none", "cores": 2, "date": "", "python": "", "versions": {"numpy": "2"}},
        "judge": {"features": {"sha256": "0" * 64, "test_accuracy": 0.96571}},
    }  # fmt: skip
    path = tmp_path / "results.json"
    path.write_bytes(as_json(results))
    again = json.loads(path.read_bytes())
    assert again["table"]["gan"]["P(integer x), bits/dim"]["mean"] is None
    assert markdown_of(again) == markdown(rows)
    for name, each in (("a", results), ("b", again)):
        write_page(each, tmp_path / name)
    page = (tmp_path / "a").read_text()
    assert page == (tmp_path / "b").read_text()
    assert "test accuracy\n0.9657 <small>(SHA-256 0000000000000000…)" in page and "1.000 ± 0.010 (bound)" in page


def test_nobody_at_all_is_told():
    assert "no family" in markdown(rows_of([]))


def test_large_numbers_are_read_in_thousands():
    assert Cell(1623169.0, math.nan, ()).text(0) == "1,623,169"
