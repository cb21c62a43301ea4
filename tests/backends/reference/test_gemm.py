import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import gemm

sizes = st.integers(0, 4)


@given(sizes, sizes, sizes, st.sampled_from([(), (2,), (3, 1)]))
def test_matmul_is_the_sum_over_k_with_batches_broadcast(m, k, n, batch):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(*batch, m, k)), rng.normal(size=(2, k, n))[..., ::-1, :]
    expected = (a[..., :, :, None] * b[..., None, :, :]).sum(-2)
    np.testing.assert_allclose(gemm.matmul(a, b), expected, atol=1e-12)


@given(sizes, sizes, sizes, st.booleans())
def test_linear_is_a_matmul_plus_bias_and_writes_to_out(m, k, n, with_bias):
    rng = np.random.default_rng(1)
    x, weight, bias = rng.normal(size=(2, m, k)), rng.normal(size=(k, n)), rng.normal(size=n) if with_bias else None
    out = np.empty((2, m, n))
    assert gemm.linear(x, weight, bias, out=out) is out
    np.testing.assert_allclose(out, x @ weight + (0 if bias is None else bias), atol=1e-12)
    np.testing.assert_array_equal(out, gemm.linear(x, weight, bias))
