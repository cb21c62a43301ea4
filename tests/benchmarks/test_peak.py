import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks import peak
from minigen.backends.cpu.vectors import VECTOR_BYTES


@pytest.mark.needs_jit
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_chain_does_all_its_steps(monkeypatch, dtype):
    """x ← x/2 + 1 from i is 2 + (i − 2)/2ⁿ after n steps: exact, and another number for each n."""
    out = np.zeros(peak.CHAINS * VECTOR_BYTES // np.dtype(dtype).itemsize, dtype)
    for steps in (0, 1, 9):
        peak._run(out, steps)
        expected = 2 + (np.arange(peak.CHAINS) - 2) / 2.0**steps
        np.testing.assert_array_equal(out.reshape(peak.CHAINS, -1), np.repeat(expected[:, None], out.size // 12, 1))
    _, operations = peak.burst(dtype)
    assert operations == 2 * out.size * peak.STEPS


@pytest.mark.needs_jit
def test_the_peak_is_a_rate():
    assert peak.peak(rounds=1) > 0
