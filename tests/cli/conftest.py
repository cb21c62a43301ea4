"""Small trained runs, which all tests of the command line share and none trains further."""

import pytest

from minigen.cli.main import main
from minigen.evaluate import features, judgement

SMALL = {
    "gan": ["--latent", "3", "--hidden", "12"],
    "flow": ["--layers", "1", "--scales", "1", "--channels", "4", "--blocks", "1", "--hidden", "12", "--bins", "4"],
    "diffusion": ["--base", "8", "--multipliers", "1", "--blocks", "1", "--width", "16", "--depth", "1"],
    "ladder": [],
    "m2": ["--latent", "3", "--hidden", "12", "--labels", "50"],
    "vae": ["--latent", "3", "--hidden", "12"],
}
"""Options of each family that make it train in no time."""


@pytest.fixture(autouse=True)
def quick_judge(monkeypatch):
    """A feature network that has hardly learnt, and few samples for it."""
    monkeypatch.setattr(features, "STEPS", 5)
    monkeypatch.setattr(judgement, "MOST", 20)


@pytest.fixture(scope="session")
def small():
    """Options of a network that trains in no time."""
    return ["--latent", "3", "--hidden", "12", "--batch-size", "50"]


@pytest.fixture(scope="session")
def run(tmp_path_factory, small):
    """The folder of a run of 60 steps on the digits."""
    out = tmp_path_factory.mktemp("cli") / "run"
    assert main(["train", "vae", "--data", "digits", "--out", str(out), "--steps", "60", *small]) == 0
    return out


@pytest.fixture(scope="session")
def conditional(tmp_path_factory, small):
    """The folder of a VAE that takes labels."""
    out = tmp_path_factory.mktemp("cli") / "conditional"
    assert main(["train", "vae", "--conditional", "--out", str(out), "--steps", "3", *small]) == 0
    return out


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A function of a family's name and data that gives the folder of its run of 2 steps, trained once."""
    folders = {}

    def folder(family, data="digits"):
        if (family, data) not in folders:
            out = tmp_path_factory.mktemp("cli") / family
            more = ["--likelihood", "gaussian"] if data != "digits" and family in ("vae", "ladder", "m2") else []
            arguments = ["--data", data, "--out", str(out), "--steps", "2", "--batch-size", "20", *SMALL[family], *more]
            assert main(["train", family, *arguments]) == 0
            folders[family, data] = out
        return folders[family, data]

    return folder
