from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.ladders import ladder
from benchmarks.ladders.conv2d import LADDER as CONV2D
from benchmarks.ladders.matmul import LADDER as MATMUL


@pytest.fixture
def quick(monkeypatch):
    """No thread is taken from other tests, and the processor's limit is not asked for."""
    monkeypatch.setattr(ladder.threads, "set_threads", lambda n: None)
    monkeypatch.setattr(ladder, "peak", lambda: 1e9)


def test_a_wrong_rung_is_not_timed(capsys, quick):
    def wrong(a, b):
        return np.flip(a @ b, 0)

    with pytest.raises(AssertionError, match="wrong is off"):
        replace(MATMUL, rungs=(wrong,), shapes=((5, 6, 3),)).main("", ["--rounds", "1"])
    assert "wrong" not in capsys.readouterr().out


@pytest.mark.parametrize(("whole", "shape"), [(CONV2D, (1, 4, 4, 2, 3)), (MATMUL, (3, 4, 5))])
def test_the_table_has_a_row_for_each_rung(quick, capsys, whole, shape):
    replace(whole, shapes=(shape,)).main("", ["--rounds", "1"])
    _, title, _, *rows = (line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip())
    assert title == whole.title.format(*shape).split()[0]
    assert rows == [rung.__name__ for rung in whole.rungs]


@pytest.mark.parametrize("whole", [CONV2D, MATMUL])
def test_the_least_of_all_rounds_counts(monkeypatch, whole):
    times = iter([*range(9, 9 - len(whole.rungs), -1)] + [5] * len(whole.rungs))
    monkeypatch.setattr(ladder, "seconds", lambda call: next(times))
    least = whole.climb((), 2)
    assert list(least.values()) == [min(9 - i, 5) for i in range(len(whole.rungs))]
