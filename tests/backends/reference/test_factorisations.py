import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import factorisations
from minigen.errors import UserError


@given(st.integers(0, 5), st.integers(0, 3), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1))
def test_substitution_solves_the_triangle(n, k, upper, unitriangular, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 1, n, n)) + 4 * np.eye(n), rng.normal(size=(3, n, k))
    before = b.copy()
    x = factorisations.solve_triangular(a, b, upper, unitriangular)
    triangle = np.triu(a, 1) if upper else np.tril(a, -1)
    triangle = triangle + np.eye(n) * (1 if unitriangular else a)
    assert x.shape == (2, 3, n, k)
    np.testing.assert_allclose(triangle @ x, np.broadcast_to(b, x.shape), atol=1e-11)
    np.testing.assert_array_equal(b, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_keep_the_dtype(dtype):
    a, b = np.eye(3, dtype=dtype), np.ones((3, 2), dtype)
    results = [
        factorisations.inv(a),
        factorisations.solve(a, b),
        factorisations.solve_triangular(a, b, True, False),
        factorisations.cholesky(a),
        *factorisations.slogdet(a),
    ]
    assert all(x.dtype == dtype for x in results)


def test_one_singular_matrix_of_a_batch_is_an_error():
    a = np.stack([np.eye(2), np.zeros((2, 2))])
    for call in (
        lambda: factorisations.inv(a),
        lambda: factorisations.solve(a, a),
        lambda: factorisations.solve_triangular(a, a, False, False),
        lambda: factorisations.cholesky(a),
    ):
        with pytest.raises(UserError, match=r"\(2, 2, 2\)"):
            call()
