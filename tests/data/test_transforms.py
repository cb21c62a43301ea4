"""Stored integers to unit values and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data import binarize, dequantize, from_unit, on_grid, quantize, to_unit

levels = st.sampled_from([2, 3, 8, 17, 100, 256])
seeds = st.integers(0, 2**32 - 1)


@given(levels)
def test_unit_values_span_zero_to_one_and_return(levels):
    x = np.arange(levels, dtype=np.uint8)
    unit = to_unit(x, levels)
    assert unit.dtype == np.float32 and unit[0] == 0 and unit[-1] == 1
    np.testing.assert_array_equal(from_unit(unit, levels), x)
    np.testing.assert_array_equal(from_unit(np.array([-1.0, 2.0]), levels), [0, levels - 1])


@given(levels, seeds)
def test_samples_are_brought_to_the_nearest_level_that_data_have(levels, seed):
    """On the grid, as the data's own batches are; the nearest point of it; and there is nothing left to do."""
    x = np.random.default_rng(seed).normal(0.5, 0.6, (5, 3, 2, 1)).astype(np.float32)
    found, grid = on_grid(x, levels), to_unit(np.arange(levels, dtype=np.uint8), levels)
    assert found.dtype == np.float32 and np.isin(found, grid).all()
    np.testing.assert_array_equal(on_grid(found, levels), found)
    inside = np.clip(x, 0, 1)
    assert (np.abs(found - inside) <= 0.5 / (levels - 1) + 1e-6).all()


@given(levels, seeds)
def test_quantize_undoes_dequantize(levels, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(levels, size=(3, 4, 4, 1), dtype=np.uint8)
    v = dequantize(x, levels, rng.random(x.shape))
    assert v.dtype == np.float32 and v.min() >= 0 and v.max() < 1
    np.testing.assert_array_equal(quantize(v, levels), x)


@pytest.mark.parametrize("levels", [2, 3, 17, 100, 256])
@pytest.mark.parametrize("u", [0.0, np.nextafter(1.0, 0.0), np.nextafter(np.float32(1), np.float32(0))])
def test_quantize_undoes_dequantize_at_the_cells_edges(levels, u):
    x = np.arange(levels, dtype=np.uint8)
    np.testing.assert_array_equal(quantize(dequantize(x, levels, np.full(levels, u)), levels), x)


def test_dequantised_values_are_uniform_within_a_cell():
    u = np.random.default_rng(0).random(20_000)
    v = dequantize(np.full(20_000, 5, np.uint8), 17, u)
    np.testing.assert_allclose(v * 17 - 5, u, atol=2e-6)


def test_binarised_mean_is_the_grey_value():
    rng = np.random.default_rng(0)
    x01 = np.repeat(np.linspace(0, 1, 17, dtype=np.float32)[:, None], 40_000, axis=1)
    b = binarize(x01, rng.random(x01.shape))
    assert b.dtype == np.float32 and set(np.unique(b)) == {0, 1}
    assert b[0].max() == 0 and b[-1].min() == 1
    error = np.abs(b.mean(axis=1) - x01[:, 0])
    assert (error <= 4.5 * np.sqrt(x01[:, 0] * (1 - x01[:, 0]) / 40_000) + 1e-6).all()
