"""The measurements of quality run, count what they say they count, and name the worst."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.quality import QUALITY, gan_grid, mnist, toy_kl
from minigen import data
from minigen.errors import UserError
from minigen.models import FlowConfig, VAEConfig
from minigen.train import TrainConfig

SHORT = TrainConfig(steps=3, batch_size=50)


def test_kl_is_measured_on_fresh_points():
    setting = toy_kl.Setting("flow", "8gaussians", FlowConfig(coupling="affine", layers=2, hidden=(8,)), SHORT)
    found = toy_kl.measure(setting, points=500)
    assert found["points"] == 500
    assert found["kl_nats"] > 5 * found["standard_error"] > 0  # three steps do not find eight modes
    assert found["kind"] == "exact"
    json.dumps(found)


def test_every_setting_is_of_points_with_a_known_density():
    for name, setting in toy_kl.SETTINGS.items():
        assert setting.data in name
        assert setting.train.steps > 0
    with pytest.raises(UserError, match="no setting is named like 'flew'"):
        toy_kl.run("flew")


def test_the_grid_names_the_worst_seed(monkeypatch):
    monkeypatch.setattr(gan_grid, "MODEL", dataclasses.replace(gan_grid.MODEL, hidden=(16,)))
    monkeypatch.setattr(gan_grid, "TRAIN", SHORT)
    found = gan_grid.run(seeds=2, first_seed=3, n=500)
    assert [report["seed"] for report in found["seeds"]] == [3, 4]
    assert found["all_captured"] == 0
    assert found["perfect_sampler"]["captured"] == 25
    for name in ("captured", "high_quality"):
        assert found["worst"][name] == min(report[name] for report in found["seeds"])
    json.dumps(found)
    with pytest.raises(UserError, match="at least 1"):
        gan_grid.run(seeds=0)


def test_a_mark_is_trained_evaluated_drawn_and_can_go_on(monkeypatch, tmp_path):
    digits = data.load("digits")
    monkeypatch.setattr(mnist.data, "load", lambda name, data_dir: digits)
    monkeypatch.setattr(mnist, "RESULTS", tmp_path)
    monkeypatch.setitem(mnist.SETTINGS, "vae", (VAEConfig(hidden=(8,), latent=2), TrainConfig()))
    monkeypatch.setitem(mnist.DRAWS, "vae", 3)
    found = [mnist.FAMILIES["vae"](str(tmp_path / "run"), minutes=minutes, limit=20) for minutes in (0.002, 0.004)]
    assert found[1]["training"]["steps"] > found[0]["training"]["steps"] > 0
    assert found[1]["training"]["seconds"] >= 0.2
    assert found[1]["evaluation"]["data"] == 20
    assert found[1]["evaluation"]["samples"] == 3
    assert (tmp_path / found[1]["sampling"]["figure"]).exists()
    json.dumps(found)
    with pytest.raises(UserError, match="unknown family"):
        mnist.run("vea", str(tmp_path))


def test_all_are_on_the_command_line():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks", "quality"]
    told = subprocess.run([*command, "--help"], capture_output=True, text=True, cwd=root)
    assert told.returncode == 0, told.stderr
    assert all(name in told.stdout for name in QUALITY)
    wrong = subprocess.run([*command, "toy-kl", "--only", "flew"], capture_output=True, text=True, cwd=root)
    assert wrong.returncode != 0
    assert wrong.stderr.startswith("error: no setting is named like")
