"""A picture is written whole or not at all."""

import errno
import os

import pytest

from minigen.errors import UserError
from minigen.files import whole_file


def test_the_file_takes_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["a.png"]


def test_the_bytes_are_on_the_disk_before_the_name(tmp_path, monkeypatch):
    """A power cut between the two leaves the old file, never a new name on missing bytes."""
    happened = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (happened.append(os.fstat(number).st_size), fsync(number)))
    monkeypatch.setattr(os, "replace", lambda old, new: (happened.append("replace"), replace(old, new)))
    with whole_file(tmp_path / "a.png") as file:
        file.write(b"new")
    assert happened == [3, "replace"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), ValueError("other"), KeyboardInterrupt()]
)
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    expected = UserError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected) as caught, whole_file(path) as file:
        file.write(b"half of it")
        raise error
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.png"]
    if expected is UserError:
        assert str(path) in str(caught.value) and "No space left on device" in str(caught.value)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_a_full_disk_is_named(tmp_path):
    """What is buffered fails only when the file is closed: that is told too."""
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(UserError, match="No space left"), whole_file(tmp_path / "a.png") as file:
        os.dup2(full, file.fileno())
        file.write(b"x" * 100)
    os.close(full)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("where", ["missing/a.png", "file/a.png"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path, where):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match=f"cannot write .*{where}"), whole_file(tmp_path / where):
        pass
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(UserError, match="cannot write"), whole_file(tmp_path / "a.png") as file:
        file.write(b"new")
    assert os.listdir(tmp_path) == ["a.png"]
