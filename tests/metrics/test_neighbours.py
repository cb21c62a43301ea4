"""Near neighbours, against all distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.errors import UserError
from minigen.metrics import nearest_distance, neighbours
from minigen.metrics.neighbours import squared_distances, squared_radii


@given(st.integers(2, 30), st.integers(1, 20), st.integers(1, 6), st.integers(1, 29), st.integers(0, 9999))
def test_against_all_distances(n, m, d, k, seed):
    rng = np.random.default_rng(seed)
    x, y, k = rng.normal(size=(n, d)), rng.normal(size=(m, d)), min(k, n - 1)
    across = np.linalg.norm(x[:, None] - y, axis=-1)
    np.testing.assert_allclose(squared_distances(x, y), across**2, atol=1e-12)
    np.testing.assert_allclose(nearest_distance(x, y), across.min(1))
    among = np.sort(np.linalg.norm(x[:, None] - x, axis=-1), axis=1)  # itself comes first
    np.testing.assert_allclose(squared_radii(x, k), among[:, k] ** 2, atol=1e-12)


@pytest.mark.parametrize("block", [1, 50])
def test_blocks_do_not_matter(block, monkeypatch):
    x = np.random.default_rng(0).normal(size=(20, 3))
    whole = squared_radii(x, 4), nearest_distance(x, x[:7] + 1)
    monkeypatch.setattr(neighbours, "BLOCK", block)
    np.testing.assert_allclose(squared_radii(x, 4), whole[0])
    np.testing.assert_allclose(nearest_distance(x, x[:7] + 1), whole[1])


def test_a_copy_is_at_no_distance_however_large():
    x = 1e6 + np.random.default_rng(0).normal(size=(40, 50))
    assert (nearest_distance(x[::-1], x) == 0).all()


@pytest.mark.parametrize("k", [0, 3])
def test_neighbours_that_do_not_exist_are_refused(k):
    with pytest.raises(UserError, match="neighbours 1 to 2"):
        squared_radii(np.zeros((3, 1)), k)
