"""``minigen train``: a run, its continuation, every data set; data that cannot be used, and a full disk."""

import gzip
import json
import os
import re
import shutil
import struct
import subprocess
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from minigen.cli.main import main
from minigen.cli.train import DataOptions, _TrainFamily
from minigen.data import NAMES, load
from minigen.models import FAMILIES
from minigen.train import TrainConfig, read_checkpoint


def step(run):
    """The step that a run has reached."""
    return read_checkpoint(run / "checkpoints" / "last.safetensors")[1]["step"]


def test_train_leaves_a_run_and_says_where(tmp_path, capsys, small):
    run = tmp_path / "run"
    assert main(["train", "vae", "--data", "digits", "--out", str(run), "--steps", "3", *small]) == 0
    told = capsys.readouterr().out
    assert f"The run is in {run}: samples/ and curves.png" in told
    command = re.search(r"minigen (sample .*)", told)[1].split()  # what it advises works
    assert main([*command[:-1], str(tmp_path / command[-1])]) == 0
    assert (tmp_path / "grid.png").exists() and (run / "samples" / "00000003.png").exists()
    assert (run / "curves.png").exists() and step(run) == 3
    config = json.loads((run / "config.json").read_text())
    assert config["model"]["latent"] == 3
    assert config["train"]["steps"] == 3


def test_resume_continues(run, tmp_path, capsys, small):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    arguments = ["train", "vae", "--data", "digits", "--out", str(copy), *small]
    assert step(copy) == 60
    assert main([*arguments, "--steps", "70", "--resume"]) == 0
    assert step(copy) == 70
    assert main([*arguments, "--steps", "80"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert step(copy) == 70


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("mnist", "fashion")])
def test_every_data_set_trains_and_is_drawn(name, tmp_path, capsys, small):
    run = tmp_path / "run"
    image = name in ("digits", "shapes")
    arguments = ["--likelihood", "bernoulli" if image else "gaussian", "--out", str(run), "--steps", "2", *small]
    assert main(["train", "vae", "--data", name, *arguments]) == 0
    assert step(run) == 2
    assert main(["sample", str(run), "-n", "4", "-o", str(tmp_path / "a.png")]) == 0
    for path in (tmp_path / "a.png", run / "samples" / "00000002.png"):
        with Image.open(path) as picture:
            assert np.asarray(picture).std() > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_trains_from_its_options(family, trained):
    config = json.loads((trained(family) / "config.json").read_text())
    assert config["family"] == family and step(trained(family)) == 2
    assert config["train"]["steps"] == 2 and config["train"]["batch_size"] == 20
    assert config["train"]["ema"] == FAMILIES[family].habits.get("ema", 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_option_of_a_family_hides_one_of_the_training_or_the_data(family):
    of_family = {f.name for f in fields(FAMILIES[family].Config)}
    assert not of_family & {f.name for shared in (TrainConfig, DataOptions, _TrainFamily) for f in fields(shared)}


def test_labels_are_hidden_and_the_run_remembers(trained):
    options = json.loads((trained("m2") / "config.json").read_text())["data"]
    assert options["labels"] == 50
    again = load(**options)
    assert len(np.unique(again.train.x[again.train.labels >= 0], axis=0)) == 50
    assert (again.test.labels >= 0).all()


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
