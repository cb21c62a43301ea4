import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.ladders import conv2d


@pytest.mark.parametrize("shape", [(2, 5, 6, 3, 4), (1, 1, 1, 1, 1), (2, 8, 8, 17, 33)])
def test_every_rung_computes_the_convolution(shape):
    errors = conv2d.validate(*conv2d.draw(*shape))
    assert list(errors) == ["seven_loops", "im2col", "direct", "winograd_2", "winograd_4"]


def test_a_wrong_rung_is_not_timed(monkeypatch):
    def wrong(x, weight):
        return conv2d.im2col(x, np.flip(weight, 0))

    monkeypatch.setattr(conv2d, "RUNGS", (wrong,))
    with pytest.raises(AssertionError, match="wrong is off"):
        conv2d.validate(*conv2d.draw(2, 5, 6, 3, 4))


@pytest.mark.needs_jit
def test_the_table_has_a_row_for_each_rung(monkeypatch, capsys):
    monkeypatch.setattr(conv2d, "SHAPES", ((1, 4, 4, 2, 3),))
    monkeypatch.setattr(conv2d.threads, "set_threads", lambda n: None)
    conv2d.main(["--rounds", "1"])
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert rows == ["N=1", "ms", *(rung.__name__ for rung in conv2d.RUNGS)]
