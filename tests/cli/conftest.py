"""One small trained run, which all tests of the command line share and none trains further."""

import pytest

from minigen.cli.main import main


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
