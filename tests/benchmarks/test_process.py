"""Contenders answer line by line, use the threads that they are given, and their death is told."""

import pytest

from benchmarks.process import Process, bound_to, cores

ECHO = """
import os
from benchmarks.process import cores, serve
serve(lambda question: [question, cores(), os.environ.get("OMP_NUM_THREADS")])
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(text):
        (tmp_path / "contender.py").write_text(text)
        return "contender"

    return write


def test_it_answers_on_so_many_threads(module):
    process = Process(module(ECHO), threads=1)
    try:
        question = {"shape": [1, 2.5, "a"]}
        assert process.ask(question) == [question, 1, "1"]
        assert process.ask(3)[0] == 3
    finally:
        process.close()


def test_one_that_stops_is_named(module):
    process = Process(module("import sys\nsys.exit(0)\n"))
    with pytest.raises(RuntimeError, match="contender"):
        process.read()
    process.close()


def test_cores_are_given_back():
    before = cores()
    with bound_to(1):
        assert cores() in (1, before)  # before, where the system binds none
    assert cores() == before
