"""What the README says in Python runs from top to bottom, and what it points to is there."""

import json
import re
from pathlib import Path

import pytest

from minigen.evaluate.comparison.table import markdown_of
from minigen.testing.cases import CASES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.M | re.S)
LINKS = sorted({link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in link} - {""})


def test_the_python_blocks_run_in_order(tmp_path, monkeypatch):
    """In one namespace, as in one notebook; trained for three steps."""
    monkeypatch.chdir(tmp_path)
    short = [re.sub(r"minutes=\d+", "steps=3", block) for block in BLOCKS]
    assert len(short) >= 3 and any("steps=3)" in block for block in short)
    namespace = {}
    for block in short:
        exec(compile(block, "README.md", "exec"), namespace)
    assert (tmp_path / "runs" / "mine" / "checkpoints" / "last.safetensors").exists()
    assert namespace["minigen"].load("runs/mine").config == namespace["config"]


def test_the_number_of_ops():
    assert f"holds all {len(CASES)} ops" in README


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_somewhere(link):
    assert (ROOT / link).exists(), f"README.md links to {link}, which is not there"


def test_there_are_links_and_a_picture():
    assert len(LINKS) > 5 and any(link.endswith(".png") for link in LINKS)


@pytest.mark.parametrize("name", ["mnist", "shapes"])
def test_a_committed_comparison_is_whole(name):
    """Its table is that of its results, all four families ended, and its page shows its picture."""
    folder = ROOT / "benchmarks" / "results" / f"compare_{name}"
    results, table = json.loads((folder / "results.json").read_text()), (folder / "table.md").read_text()
    assert table == markdown_of(results) + "\n" and list(results["table"]) == ["vae", "gan", "flow", "diffusion"]
    assert f"--data {name}" in results["command"] and len(results["sentences"]) >= 12
    assert 'src="comparison.png"' in (folder / "index.html").read_text() and (folder / "comparison.png").exists()


def test_the_readme_shows_the_committed_comparison():
    folder = ROOT / "benchmarks" / "results" / "compare_mnist"
    command = json.loads((folder / "results.json").read_text())["command"]
    assert (folder / "table.md").read_text().strip() in README
    shown = re.search(r"minigen compare --data mnist --data-dir DIR (.*)", README)[1]
    assert all(option in command for option in re.findall(r"--\S+ \S+", shown))
