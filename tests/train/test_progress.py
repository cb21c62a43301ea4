"""The bar says what the time goes into."""

from types import SimpleNamespace

import pytest

from minigen.train.progress import Progress

numba = pytest.importorskip("numba")


def trainer(steps):
    return SimpleNamespace(
        total=steps, done=0, config=SimpleNamespace(batch_size=2), dataset=SimpleNamespace(shape=(8, 8, 1))
    )


@pytest.mark.needs_jit
def test_a_kernel_that_is_compiled_is_named_until_a_step_ends(capsys):
    @numba.njit
    def slow_kernel(x):
        return 2 * x

    with Progress(trainer(2), show=True) as bar:
        assert bar.bar.desc.startswith("first step")
        slow_kernel(1.0)
        assert bar.bar.desc.startswith("compiling slow_kernel")
        bar.advance({"loss": 1.0})
        assert bar.bar.desc.startswith("training")
    assert "compiling slow_kernel" in capsys.readouterr().err


def test_nothing_is_shown_where_nothing_is_asked_for(capsys):
    with Progress(trainer(1), show=False) as bar:
        bar.compiling("kernel")
        bar.advance({"loss": 1.0})
    assert capsys.readouterr().err == ""
