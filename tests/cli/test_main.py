"""The command line: train, sample, evaluate; and every mistake is one sentence with exit code 2."""

import gzip
import json
import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import minigen
from minigen.cli.main import main

SMALL = ["--latent", "3", "--hidden", "12", "--batch-size", "50"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "run"
    assert main(["train", "vae", "--data", "digits", "--out", str(out), "--steps", "60", *SMALL]) == 0
    return out


def test_train_leaves_a_run_and_says_where(run, capsys):
    assert (run / "checkpoints" / "last.safetensors").exists()
    config = json.loads((run / "config.json").read_text())
    assert config["model"]["latent"] == 3
    assert config["train"]["steps"] == 60


def test_resume_continues(run, capsys):
    arguments = ["train", "vae", "--data", "digits", "--out", str(run), *SMALL]
    assert main([*arguments, "--steps", "70", "--resume"]) == 0
    assert main([*arguments, "--steps", "80"]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_sample_draws_the_same_for_the_same_seed(run, tmp_path, capsys):
    for name, seed in (("a.npy", 1), ("b.npy", 1), ("c.npy", 2)):
        assert main(["sample", str(run), "-n", "5", "-o", str(tmp_path / name), "--seed", str(seed)]) == 0
    a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert main(["sample", str(run), "-n", "16", "-o", str(tmp_path / "grid.png")]) == 0
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size[0] > 32
    assert "16 samples" in capsys.readouterr().out


def test_evaluate_prints_and_writes(run, capsys):
    assert main(["evaluate", str(run), "--samples", "3", "--split", "validation"]) == 0
    result = json.loads((run / "evaluation.json").read_text())
    assert result["data"] == 100
    assert result["kind"] == "bound"
    assert result["of"] == "P(binarised x)"
    assert -60 < result["log_prob"] < -10
    assert f"{result['log_prob']:.4f}" in capsys.readouterr().out


def test_the_saved_model_is_the_trained_one(run):
    assert minigen.load(run).config.hidden == (12,)


def idx(shape, values):
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(values)


def bad_data(kind, folder):
    """A folder or file with one fault; returns the options that name it."""
    path = folder / "data"
    path.mkdir()
    if kind == "not an image":
        (path / "a.png").write_text("not a picture")
    elif kind == "sizes differ":
        for name, side in (("a.png", 8), ("b.png", 9)):
            Image.new("L", (side, side)).save(path / name)
    elif kind in ("truncated idx", "corrupt idx"):
        content = idx((4, 28, 28), [0] * (4 * 784))
        packed = gzip.compress(content[:-1] if kind == "truncated idx" else b"\1\1\1\1" + content[4:])
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
            (path / f"{part}-ubyte.gz").write_bytes(packed)
        return ["--data", "mnist", "--data-dir", str(path)]
    elif kind == "nan":
        x = np.zeros((9, 4, 4, 1), np.float32)
        x[2, 1, 1, 0] = np.nan
        np.save(path / "x.npy", x)
        return ["--data", str(path / "x.npy")]
    return ["--data", str(path)]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("empty folder", "empty|no image"),
        ("not an image", "a.png"),
        ("sizes differ", "size"),
        ("truncated idx", "idx"),
        ("corrupt idx", "idx"),
        ("nan", "NaN"),
    ],
)
def test_bad_data_is_one_sentence(kind, word, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "vae", *bad_data(kind, tmp_path), "--out", str(out), "--steps", "2"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert told[0].startswith("minigen: ")
    assert re.search(word, told[0]), told[0]
    assert not out.exists()  # nothing half-written


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["train", "vae", "--data", "digitz"], "Did you mean 'digits'"),
        (["train", "vae", "--latent", "0"], "latent is 0"),
        (["train", "vae", "--steps", "5", "--epochs", "2"], "only one"),
        (["train", "vae", "--batch-size", "5000", "--steps", "1"], "batch"),
        (["train", "vae", "--data", "moons", "--steps", "1"], "Bernoulli"),
        (["train", "vae", "--network", "lstm"], "lstm"),
        (["train", "vae", "--colour", "red"], "colour"),
        (["train", "gan"], "gan"),
        (["train", "vae", "--backend", "tpu"], "tpu"),
        (["train", "vae", "--threads", "4096", "--steps", "1"], "4096 threads"),
        (["sample", "nowhere"], "nowhere"),
        (["sample", "nowhere", "-n", "0"], "at least 1"),
        (["sample", "nowhere", "-o", "grid.gif"], r"\.png"),
        (["evaluate", "nowhere"], "no run folder"),
        (["evaluate", "nowhere", "--samples", "0"], "at least 1"),
    ],
)
def test_mistakes_are_told_in_one_sentence(arguments, word, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as stop:  # tyro's own box
        code = stop.code
    assert code == 2
    captured = capsys.readouterr()
    told = captured.err + captured.out
    assert re.search(word, told), told
    assert "Traceback" not in told
    assert not list(tmp_path.rglob("*.safetensors"))


def test_debug_shows_where(tmp_path):
    with pytest.raises(minigen.errors.UserError):
        main(["train", "vae", "--data", "digitz", "--debug"])


def test_damaged_and_foreign_checkpoints(run, tmp_path, capsys):
    copy = tmp_path / "run"
    (copy / "checkpoints").mkdir(parents=True)
    good = (run / "checkpoints" / "last.safetensors").read_bytes()
    (copy / "checkpoints" / "last.safetensors").write_bytes(good[: len(good) // 2])
    assert main(["sample", str(copy), "-o", str(tmp_path / "a.png")]) == 2
    assert "damaged" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="a tiny file system needs root on Linux")
def test_a_full_disk_is_one_sentence(run, tmp_path, capsys):
    """On a real file system of 64 KiB: the sentence names the file, and nothing half-written stays."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("this machine does not let tests mount a file system")
    try:
        code = main(["train", "vae", "--out", str(disk / "run"), "--steps", "3", "--hidden", "200", "200"])
        left = [p.name for p in (disk / "run").rglob("*") if p.is_file() and "safetensors" in p.name]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert code == 2
    assert "No space left" in capsys.readouterr().err
    assert left == []


def test_the_installed_command_runs_in_a_process_of_its_own(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "minigen", "train", "vae", "--data", "nothing-here"], capture_output=True, text=True,
        cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.startswith("minigen: 'nothing-here' is neither")
    assert len(result.stderr.strip().splitlines()) == 1
