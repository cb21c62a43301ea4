"""``minigen sample``: the same seed, the same samples; a picture or an array, whole or not at all."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import minigen
from minigen.cli.main import main


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


@pytest.mark.parametrize("name", ["a.PNG", "a.Npy"])
def test_sample_takes_a_suffix_in_capitals(run, tmp_path, name):
    assert main(["sample", str(run), "-n", "2", "-o", str(tmp_path / name)]) == 0
    start = (tmp_path / name).read_bytes()[:6]
    assert start == (b"\x89PNG\r\n" if name == "a.PNG" else b"\x93NUMPY")


def test_samples_without_a_picture_go_to_an_array(tmp_path, capsys, small):
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).standard_normal((200, 6)))
    arguments = ["--data", str(tmp_path / "mine.npy"), "--likelihood", "gaussian", "--steps", "2", *small]
    assert main(["train", "vae", *arguments, "--out", str(tmp_path / "run")]) == 0
    assert main(["sample", str(tmp_path / "run"), "-o", str(tmp_path / "a.png")]) == 2
    assert "samples of 6 numbers have no picture; write them with -o samples.npy" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()
    assert main(["sample", str(tmp_path / "run"), "-n", "7", "-o", str(tmp_path / "a.npy")]) == 0
    assert np.load(tmp_path / "a.npy").shape == (7, 6)


@pytest.mark.skipif(os.name != "posix", reason="this system has no limit on the size of files")
@pytest.mark.parametrize("name", ["a.npy", "a.png"])
def test_why_samples_cannot_be_written_is_told(run, tmp_path, name):
    """The limit on file sizes stands for a full disk: it needs no rights. The process is one of its own."""
    out = tmp_path / "out"
    out.mkdir()
    code = (
        "import resource, sys; from minigen.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY)); "
        f"sys.exit(main(['sample', {str(run)!r}, '-n', '500', '-o', {str(out / name)!r}]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith(f"minigen: cannot write {out / name}: File too large")
    assert list(out.iterdir()) == []


def test_the_saved_model_is_the_trained_one(run):
    assert minigen.load(run).config.hidden == (12,)
