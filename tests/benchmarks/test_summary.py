"""What README.md and docs/speed.md say of speed is what the committed results say."""

import re
from pathlib import Path

import pytest

pytest.importorskip("numba")

from benchmarks import race, summary

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "table"),
    [("README.md" if table is summary.workloads_table else "docs/speed.md", table) for table in summary.TABLES],
)
def test_a_page_shows_the_committed_numbers(page, table):
    assert table() in (ROOT / page).read_text(), "python -m benchmarks.summary prints the tables as they should be"


def test_every_workload_and_every_shape_counts():
    assert [row.split("|")[1].strip() for row in summary.workloads_table().splitlines()[2:]] == list(race.CONTENDERS)
    counted = [int(row.split("|")[3]) for row in summary.kernels_table().splitlines()[2:]]
    assert sum(counted) == len(summary._read("kernels")["shapes"]) > 100


def test_links_of_the_page_lead_somewhere():
    links = re.findall(r"\]\(([^)#\s]+)[)#]", (ROOT / "docs" / "speed.md").read_text())
    assert len(links) >= 3 and all((ROOT / "docs" / link).exists() for link in links if "://" not in link)
