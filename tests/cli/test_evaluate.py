"""``minigen evaluate``: the likelihood, of the data that the run remembers."""

import hashlib
import json
import math
import re
import shutil
import struct
from dataclasses import replace

import numpy as np
import pytest

from minigen.cli.main import main
from minigen.data import mnist
from minigen.models import FAMILIES


def test_evaluate_prints_and_writes(run, capsys):
    assert main(["evaluate", str(run), "--samples", "3", "--split", "validation"]) == 0
    result = json.loads((run / "evaluation.json").read_text())
    assert result["data"] == 100
    assert result["kind"] == "bound"
    assert result["of"] == "P(binarised x)"
    assert -60 < result["log_prob"] < -10
    assert f"{result['log_prob']:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_evaluated(family, trained, capsys):
    run = trained(family)
    assert main(["evaluate", str(run), "--data-limit", "20"]) == 0
    result = json.loads((run / "evaluation.json").read_text())
    assert result["data"] == 20
    told = capsys.readouterr().out
    if family == "gan":
        assert result["log_prob"] is None and result["kind"] == "undefined" and re.search("log_prob +none", told)
        assert main(["evaluate", str(run), "-k", "5"]) == 2
        assert "takes no number of draws" in capsys.readouterr().err
    else:
        assert math.isfinite(result["log_prob"]) and f"{result['log_prob']:.4f}" in told
    assert ("classification_error" in result) == (family == "m2")


def test_where_the_density_is_known_the_divergence_is_told(trained, capsys):
    run = trained("flow", "8gaussians")
    assert main(["evaluate", str(run), "--data-limit", "500"]) == 0
    result = json.loads((run / "evaluation.json").read_text())
    assert result["kind"] == "exact" and result["kl_from_truth"] > 0 and result["modes"]["modes"] == 8
    told = capsys.readouterr().out
    assert "modes: captured" in told and "kl_from_truth" in told


@pytest.mark.parametrize("content", ["{}", "[]", "3", '{"data": 3}', '{"data": {"colour": 1}}', "junk", "\xff"])
def test_a_configuration_that_says_nothing_is_told(run, tmp_path, content, capsys):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (copy / "config.json").write_bytes(content.encode("latin-1"))
    assert main(["evaluate", str(copy)]) == 2
    told = capsys.readouterr().err
    assert str(copy / "config.json") in told and len(told.splitlines()) == 1


def test_a_run_whose_data_have_no_options_is_told(run, tmp_path, capsys):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "data": {}}))
    assert main(["evaluate", str(copy)]) == 2
    assert "does not say what data" in capsys.readouterr().err


def test_evaluate_wants_the_folder(run, capsys):
    assert main(["evaluate", str(run / "checkpoints" / "last.safetensors")]) == 2
    assert "wants the run folder" in capsys.readouterr().err


def test_evaluate_finds_the_data_where_training_did(tmp_path, monkeypatch, capsys, small):
    """Both remembered, from another working folder, and named anew after the files have moved."""
    sets, run = tmp_path / "sets", tmp_path / "run"
    sets.mkdir()
    rng = np.random.default_rng(0)
    contents = [idx(s, rng.integers(0, 9, s, np.uint8).tobytes()) for s in ((450, 28, 28), (450,), (9, 28, 28), (9,))]
    for file, content in zip(mnist.FILES, contents, strict=True):
        (sets / file).write_bytes(content)
    digests = tuple(hashlib.sha256(content).hexdigest() for content in contents)
    monkeypatch.setitem(mnist.SETS, "mnist", replace(mnist.SETS["mnist"], sha256=digests))
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "vae", "--data", "mnist", "--data-dir", "sets", "--steps", "1", "--out", str(run), *small]
    assert main(arguments) == 0
    monkeypatch.chdir("/")
    assert main(["evaluate", str(run), "-k", "2"]) == 0
    sets.rename(tmp_path / "moved")
    capsys.readouterr()
    assert main(["evaluate", str(run), "-k", "2"]) == 2
    assert f"mnist is not in {sets}" in capsys.readouterr().err
    assert main(["evaluate", str(run), "-k", "2", "--data-dir", str(tmp_path / "moved")]) == 0


def idx(shape, values):
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(values)


def compared(run, *options):
    assert main(["evaluate", str(run), "--data-limit", "20", "-k", "2", *options]) == 0
    return json.loads((run / "evaluation.json").read_text()).get("samples_beside_data")


def test_samples_stand_beside_data_in_the_table_and_in_the_file(run, capsys):
    found = compared(run, "--distances", "60")
    told = capsys.readouterr().out
    assert found["n"] == 60 and found["features"]["trained_on"]
    kid = found["distances"]["kid"]
    for one in (kid, kid["floor"], kid["noise"]):
        assert f"{one['value']:.4f} ± {one['standard_error']:.4f}" in told
    assert "(frechet)" in told and not found["distances"]["frechet"]["ranked"]
    assert found["features"]["sha256"][:12] in told and "was trained on too" in told
    assert f"(p {found['distances']['mmd']['p_value']:.3f})" in told


def test_none_are_compared_where_none_are_asked_for_or_none_can_be(run, trained, capsys):
    assert compared(run, "--distances", "0") is None
    points = trained("flow", "8gaussians")
    assert main(["evaluate", str(points), "--data-limit", "50"]) == 0
    assert "samples_beside_data" not in json.loads((points / "evaluation.json").read_text())
    assert main(["evaluate", str(points), "--data-limit", "50", "--distances", "20"]) == 2
    assert "images of at least 4×4" in capsys.readouterr().err
    assert main(["evaluate", str(run), "--distances", "-1"]) == 2
    assert "--distances is -1" in capsys.readouterr().err


def test_rows_kept_from_the_model_are_the_judge_s(tmp_path, small, capsys):
    out = tmp_path / "kept"
    assert main(["train", "vae", "--reserve", "0.3", "--steps", "1", "--out", str(out), *small]) == 0
    found = compared(out, "--distances", "30")
    assert found["features"]["rows"] == 389 and not found["features"]["trained_on"]
    assert "kept from the model" in capsys.readouterr().out
