"""Means, standard errors and marks of the table, by hand."""

import math

import pytest

from minigen.evaluate.comparison.table import Cell, markdown, rows_of

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
    rows = rows_of(four)
    assert "log density, nats" not in rows["vae"]
    assert rows["gan"]["P(integer x), bits/dim"].text(3) == "–"
    assert not rows["gan"]["P(integer x), bits/dim"].best
    assert "| P(integer x), bits/dim | **1.000 ± 0.010** | – |" in markdown(rows)


def test_nobody_at_all_is_told():
    assert "no family" in markdown(rows_of([]))


def test_large_numbers_are_read_in_thousands():
    assert Cell(1623169.0, math.nan, ()).text(0) == "1,623,169"
