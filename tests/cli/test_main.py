"""The command line: every mistake is one sentence with exit code 2."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import minigen
from minigen.cli.main import main
from minigen.data import NAMES
from minigen.models import FAMILIES
from minigen.train import read_checkpoint


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["train", "vae", "--data", "digitz"], "Did you mean 'digits'"),
        (["train", "vae", "--latent", "0"], "latent is 0"),
        (["train", "vae", "--steps", "5", "--epochs", "2"], "only one"),
        (["train", "vae", "--beta", "2", "--objective", "iwae"], "^minigen: beta is 2"),
        (["train", "vae", "--out", ""], "--out is empty"),
        (["train", "vae", "--out", "a" * 300], "minigen: .*File name too long"),
        (["train", "vae", "--data", "a" * 300], "cannot look for the data.*File name too long"),
        (["train", "vae", "--data-dir", "."], r"^minigen: --data-dir .* applies to mnist and to fashion"),
        (["train", "vae", "--image-size", "9"], r"^minigen: --image-size"),
        (["train", "vae", "--image-channels", "2"], r"^minigen: --image-channels"),
        (["train", "vae", "--batch-size", "5000", "--steps", "1"], "batch"),
        (["train", "vae", "--data", "moons", "--steps", "1"], "Bernoulli"),
        (["train", "vae", "--network", "lstm"], "lstm"),
        (["train", "vae", "--colour", "red"], "colour"),
        (["train", "gam"], "gam"),
        (["train", "vae", "--steps", "0"], "steps is 0; it must be positive"),
        (["train", "flow", "--epochs", "-2"], "epochs is -2; it must be positive"),
        (["train", "gan", "--minutes", "-1"], "minutes is -1.0; it must be positive"),
        (["train", "vae", "--network", "conv", "--data", "shapes", "--image-size", "9"], "9×9 is not divisible by 4"),
        (["train", "gan", "--network", "dcgan", "--data", "shapes", "--image-size", "9"], "9×9 cannot be halved"),
        (["train", "flow", "--data", "shapes", "--image-size", "9"], "even sides, got .9, 9, 1."),
        (["train", "diffusion", "--data", "shapes", "--image-size", "9"], "9×9 cannot be halved so often"),
        (["train", "diffusion", "--path", "linear", "--betas", "0.5", "-0.1"], "schedule is not monotone"),
        (["train", "diffusion", "--path", "edm", "--sigmas", "80", "0.002"], "schedule is not monotone"),
        (["train", "diffusion", "--timesteps", "0"], "timesteps is 0; it must be at least 2"),
        (["train", "gan", "--norm", "batch", "--penalties", "r1"], "penalty .* BatchNorm, whose statistics"),
        (["train", "vae", "--conditional", "--data", "nothing-labelled.npy"], "needs labelled data"),
        (["train", "m2", "--data", "nothing-labelled.npy"], "some have labels"),
        (["train", "m2", "--labels", "55"], "55.* multiple of the 10 classes"),
        (["train", "m2", "--labels", "-10"], "-10.* positive multiple"),
        (["train", "m2", "--labels", "50000"], "choose at most"),
        (["train", "vae", "--labels", "10", "--data", "nothing-labelled.npy"], "no labels"),
        (["train", "vae", "--backend", "tpu"], "tpu"),
        (["train", "vae", "--backend", "cpu", "--threads", "4096", "--steps", "1"], "4096 threads"),
        (["sample", "nowhere"], "nowhere"),
        (["sample", "nowhere", "-n", "0"], "at least 1"),
        (["sample", "nowhere", "-n", "-3"], "at least 1"),
        (["sample", "nowhere", "--steps", "0"], "--steps is 0; it must be at least 1"),
        (["sample", "nowhere", "-o", "grid.gif"], r"\.png"),
        (["sample", "nowhere", "--trajectory", "way.mp4"], r"must end in \.gif"),
        (["evaluate", "nowhere"], "no run folder"),
        (["evaluate", "nowhere", "--samples", "0"], "at least 1"),
        (["evaluate", "nowhere", "--data-limit", "-1"], "--data-limit is -1; it must be at least 1"),
    ],
)
def test_mistakes_are_told_in_one_sentence(arguments, word, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("nothing-labelled.npy", np.random.default_rng(0).random((300, 8, 8, 1)))
    try:
        code = main(arguments)
    except SystemExit as stop:  # tyro's own box
        code = stop.code
    assert code == 2
    captured = capsys.readouterr()
    told = captured.err + captured.out
    assert re.search(word, told), told
    assert "Traceback" not in told
    assert "tyro" not in told
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize("option", [["--data", "digitz"], ["--latent", "0"]])
def test_debug_shows_where(option):
    with pytest.raises(minigen.errors.UserError):
        main(["train", "vae", *option, "--debug"])


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (MemoryError("Unable to allocate 9.00 TiB"), "^minigen: out of memory .Unable to allocate 9.00 TiB"),
        (MemoryError(), "^minigen: out of memory"),
        (OSError(5, "Input/output error", "disk"), "^minigen: disk: Input/output error"),
        (OSError("strange"), "^minigen: strange"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(error, word, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr("minigen.cli.sample.Sample.run", fail)
    assert main(["sample", "run"]) == 2
    told = capsys.readouterr().err
    assert re.search(word, told) and len(told.splitlines()) == 1
    with pytest.raises(type(error)):
        main(["sample", "run", "--debug"])


def test_help_tells_what_there_is(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    assert "Which model." in told and "tyro" not in told
    assert set(FAMILIES) <= set(re.findall(r"[\w-]+", told))


@pytest.mark.parametrize("family", FAMILIES)
def test_help_of_a_family_tells_its_options_and_habits(family, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", family, "--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    words = set(re.findall(r"[\w-]+", told))
    assert set(NAMES) <= words
    assert {"--" + f.name.replace("_", "-") for f in fields(FAMILIES[family].Config)} <= words
    settled = minigen.train.TrainConfig().settled(FAMILIES[family].habits)
    assert f"(default: {settled.batch_size})" in told and f"(default: {settled.learning_rate})" in told


def damage(kind, good):
    """The bytes of a checkpoint with one fault."""
    if kind == "cut":
        return good.read_bytes()[:-100]
    if kind == "flipped":
        content = bytearray(good.read_bytes())
        content[-1] ^= 1
        return bytes(content)
    arrays, facts = read_checkpoint(good)
    if kind == "foreign":
        return safetensors.numpy.save(arrays)
    return safetensors.numpy.save(arrays, metadata={"minigen": json.dumps({**facts, "format": 99})})


@pytest.mark.parametrize(
    ("kind", "word"),
    [("cut", "damaged"), ("flipped", "SHA-256"), ("foreign", "not one of minigen"), ("newer", "newer")],
)
def test_damaged_foreign_and_newer_checkpoints(kind, word, run, tmp_path, capsys, small):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    last = copy / "checkpoints" / "last.safetensors"
    last.write_bytes(damage(kind, last))
    resume = ["train", "vae", "--data", "digits", "--out", str(copy), "--steps", "70", "--resume", *small]
    for arguments in (["sample", str(copy), "-o", str(tmp_path / "a.png")], ["evaluate", str(copy)], resume):
        assert main(arguments) == 2
        told = capsys.readouterr().err.splitlines()[-1]
        assert told.startswith("minigen: ") and re.search(word, told) and str(last) in told
    assert not (tmp_path / "a.png").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_an_output_that_cannot_be_written_is_told(run, tmp_path, capsys, small):
    """A folder without the right to write; for root, whom no right stops, /proc, where nobody can make a file."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.access(closed, os.W_OK):
        closed = Path("/proc")
        if not closed.is_dir():
            pytest.skip("root may write everywhere here, and there is no /proc")
    for arguments in (
        ["train", "vae", "--out", str(closed / "run"), "--steps", "2", *small],
        ["sample", str(run), "-o", str(closed / "a.png")],
        ["sample", str(run), "-o", str(closed / "a.npy")],
    ):
        assert main(arguments) == 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1 and told[0].startswith("minigen: cannot ") and str(closed) in told[0]


def test_the_installed_command_runs_in_a_process_of_its_own(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "minigen", "train", "vae", "--data", "nothing-here"], capture_output=True, text=True,
        cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.startswith("minigen: 'nothing-here' is neither")
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="the shell is a POSIX one")
def test_a_reader_that_leaves_early_is_no_mistake(run):
    """`minigen evaluate RUN | head -1`: nothing on standard error, and the evaluation is written."""
    command = f"{sys.executable} -u -m minigen evaluate {run} --samples 1 --split validation | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
    assert (run / "evaluation.json").exists()
