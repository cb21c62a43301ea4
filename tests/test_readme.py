"""What the README says in Python runs from top to bottom, and what it points to is there."""

import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_somewhere(link):
    assert (ROOT / link).exists(), f"README.md links to {link}, which is not there"


def test_there_are_links_and_a_picture():
    assert len(LINKS) > 5 and any(link.endswith(".png") for link in LINKS)
