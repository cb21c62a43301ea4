import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minigen.backends.reference import order


@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(-2, 1))
def test_positions_put_values_in_order_and_keep_that_of_equal_ones(seed, descending, axis):
    x = np.random.default_rng(seed).choice([0.0, 1.0, 2.0, np.nan], size=(4, 5))
    positions = order.argsort(x, axis, descending)
    rows = np.moveaxis(np.take_along_axis(np.where(np.isnan(x), 9.0, x), positions, axis), axis, -1)
    steps, places = np.diff(rows), np.diff(np.moveaxis(positions, axis, -1))
    assert (steps <= 0).all() if descending else (steps >= 0).all()
    assert (places[steps == 0] > 0).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["left", "right"]))
def test_searching_row_by_row_is_searching_each_row(seed, side):
    rng = np.random.default_rng(seed)
    sequence, values = np.sort(rng.integers(0, 9, size=(2, 3, 6)).astype(float)), rng.normal(4, 3, size=(2, 3, 5))
    found = order.searchsorted(sequence, values, side)
    for row in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[row], order.searchsorted(sequence[row], values[row], side))
