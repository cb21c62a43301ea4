import pytest

pytest.importorskip("numba")

from benchmarks.ladders.conv2d import LADDER


@pytest.mark.parametrize("shape", [(2, 5, 6, 3, 4), (1, 1, 1, 1, 1), (2, 8, 8, 17, 33)])
def test_every_rung_computes_the_convolution(shape):
    errors = LADDER.validate(*LADDER.draw(*shape))
    assert list(errors) == ["seven_loops", "im2col", "direct", "winograd_2", "winograd_4"]
