"""``minigen sample``: the same seed, the same samples; a picture or an array, whole or not at all."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import minigen
from minigen.cli.main import main
from minigen.cli.sample import OPTIONS
from minigen.models import FAMILIES


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


def test_labels_are_taken_in_turn(conditional, tmp_path):
    def draw(*labels):
        assert main(["sample", str(conditional), "-n", "6", "--label", *labels, "-o", str(tmp_path / "a.npy")]) == 0
        return np.load(tmp_path / "a.npy")

    turns, threes, fives = draw("3", "5"), draw("3"), draw("5")
    np.testing.assert_array_equal(turns[::2], threes[::2])
    np.testing.assert_array_equal(turns[1::2], fives[1::2])
    assert not np.array_equal(threes, fives)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--label", "10"], "label 10 does not exist; the data have the labels 0 to 9"),
        (["--label", "3", "-1"], "label -1 does not exist"),
        (["--guidance", "1.5"], "--guidance does not apply .* this vae, .* an option of: .*diffusion"),
        (["--sampler", "ddim"], "--sampler does not apply"),
        (["--steps", "9"], "--steps does not apply .* an option of: .*vae with --trajectory"),
    ],
)
def test_options_that_do_not_apply_are_told(arguments, word, conditional, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(conditional), *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and re.search(word, told[0]), told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--sampler", "euler"], "'euler' does not walk this path .EDMPath.; it allows: "),
        (["--sampler", "dimm"], "no sampler 'dimm'; choose one of"),
        (["--guidance", "2"], "guidance is 2.0, but this model was trained without labels"),
        (["--sampler", "ddim", "--eta", "2"], "wanted eta in .0, 1."),
        (["--temperature", "0.5"], "--temperature does not apply .* an option of: flow"),
    ],
)
def test_a_walk_that_a_diffusion_cannot_take_is_told(arguments, word, trained, tmp_path, monkeypatch, capsys):
    run = trained("diffusion")
    capsys.readouterr()
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(run), "-n", "2", *arguments, "--trajectory", "a.gif"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and re.search(word, told[0]), told
    assert list(tmp_path.iterdir()) == []


def test_a_label_for_a_model_without_is_told(run, tmp_path, capsys):
    assert main(["sample", str(run), "--label", "3", "-o", str(tmp_path / "a.png")]) == 2
    assert "trained without labels" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_trajectory_alone_or_beside_its_samples(run, tmp_path, monkeypatch):
    """`--steps` is the trajectory's alone here, so the samples do without; both are of the same seed."""
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(run), "-n", "4", "--trajectory", "way.gif", "--steps", "5"]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["way.gif"]
    with Image.open("way.gif") as gif:
        assert gif.n_frames == 5
    assert main(["sample", str(run), "-n", "4", "--trajectory", "way.PNG", "--steps", "5", "-o", "a.png"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "way.PNG", "way.gif"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_draws_samples_and_the_way_to_them(family, trained, tmp_path):
    for name in ("way.gif", "way.png"):
        files = ["--trajectory", str(tmp_path / name), "-o", str(tmp_path / "a.png")]
        assert main(["sample", str(trained(family)), "-n", "3", *files]) == 0
        with Image.open(tmp_path / name) as way:
            assert np.asarray(way.convert("L")).std() > 0
            assert name == "way.png" or way.n_frames > 1


@pytest.mark.parametrize("family", FAMILIES)
def test_every_option_of_a_family_is_one_of_the_command_line(family):
    assert set(FAMILIES[family].sample_options) <= set(OPTIONS)


def test_a_flow_in_the_plane_warps_a_grid(trained, tmp_path):
    for name in ("way.gif", "way.png"):
        assert main(["sample", str(trained("flow", "moons")), "--trajectory", str(tmp_path / name), "-n", "50"]) == 0
        with Image.open(tmp_path / name) as way:
            assert np.asarray(way.convert("L")).std() > 0


def test_the_saved_model_is_the_trained_one(run):
    assert minigen.load(run).config.hidden == (12,)
