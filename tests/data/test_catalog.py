"""``load``: names, paths, options that do not apply, and what importing it costs."""

import subprocess
import sys

import numpy as np
import pytest

from minigen.data import NAMES, load
from minigen.errors import DataError, UserError

OFFLINE = [name for name in NAMES if name not in ("mnist", "fashion")]


@pytest.mark.parametrize("name", OFFLINE)
def test_every_named_set_keeps_its_promises(name):
    data = load(name)
    assert data.name == name and data.provenance.endswith(".")
    for part in (data.train, data.validation, data.test):
        assert part.x.shape == (len(part), *data.shape) and part.levels == data.levels
        assert part.labels.dtype == np.int64 and part.labels.min() >= 0 and part.labels.max() < data.classes
        assert data.kind != "images" or part.x.max() <= data.levels - 1
    assert (data.kind == "images") == (len(data.shape) == 3) and (data.kind == "outlines") == (name == "shapes-points")
    assert (data.log_density is not None) == (data.kind == "points" and data.shape == (2,))


@pytest.mark.parametrize("name", ["moons", "shapes-points"])
def test_the_seed_decides_procedural_draws(name):
    first, again, other = load(name), load(name, seed=0), load(name, seed=1)
    np.testing.assert_array_equal(first.test.x, again.test.x)
    assert (first.test.x != other.test.x).any()
    assert not (first.validation.x[:100] == first.train.x[:100]).all()


def test_an_unknown_name_gets_a_hint_and_the_list():
    with pytest.raises(UserError, match=r"'mnits'.*Did you mean 'mnist'\? Known: digits.*path of a folder"):
        load("mnits")
    with pytest.raises(UserError, match=r"existing path\. Known") as caught:
        load("nowhere/at/all")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("digits", {"size": 16}, r"--image-size \(size=\) got 16, but it applies to a folder of images and to shapes"),
        ("shapes", {"size": 0}, r"--image-size \(size=\) got 0; wanted at least 1 pixel"),
        ("shapes", {"channels": 3}, r"--image-channels \(channels=\) got 3, but it applies to a folder of images,"),
        ("digits", {"channels": 2}, r"--image-channels \(channels=\) got 2; wanted 1"),
        ("digits", {"data_dir": "/x"}, r"--data-dir \(data_dir=\) got /x, but it applies to mnist and to fashion"),
        ("moons", {"seed": -1}, "seed got -1"),
    ],
)
def test_options_that_do_not_apply_are_refused(name, options, words):
    with pytest.raises(UserError, match=words):
        load(name, **options)


def test_the_folder_of_the_environment_does_not_bother_other_data(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGEN_DATA_DIR", str(tmp_path))
    assert "data_dir" not in load("digits").options


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000, "~nobody-of-this-name/x"])
def test_a_path_that_cannot_be_looked_for_is_told(name):
    with pytest.raises(UserError, match="cannot look for the data"):
        load(name)


def test_the_options_of_a_set_load_it_again(tmp_path):
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).standard_normal((20, 2)))
    for data in (load("shapes", size=16, seed=3), load(tmp_path / "mine.npy", seed=4)):
        again = load(**data.options)
        np.testing.assert_array_equal(again.test.x, data.test.x)
        assert again.options == data.options


def test_a_file_of_another_kind_is_refused(tmp_path):
    for name, words in (("table.csv", r"is a \.csv file"), ("plain", "suffixless")):
        (tmp_path / name).write_text("1,2")
        with pytest.raises(DataError, match=words):
            load(tmp_path / name)


def test_shapes_are_drawn_at_the_size_asked():
    assert load("shapes", size=16).shape == (16, 16, 1)


def test_importing_data_imports_no_heavy_library():
    code = "import sys, minigen.data; print([m for m in ('PIL', 'pooch', 'matplotlib') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_labels_are_kept_as_few_as_asked_for_and_remembered():
    found = load("digits", labels=30, seed=2)
    assert found.options["labels"] == 30
    known = found.train.labels >= 0
    assert len(np.unique(found.train.x[known], axis=0)) == 30
    again = load(**found.options)
    np.testing.assert_array_equal(again.train.x, found.train.x)
    np.testing.assert_array_equal(again.train.labels, found.train.labels)
    assert "labels" not in load("digits").options
