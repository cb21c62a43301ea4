from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from minigen.backends.cpu import mlp
from minigen.backends.cpu.columns import ROWS
from minigen.backends.cpu.simd import GROUP
from minigen.backends.reference import mlp as reference

rows = st.sampled_from([0, 1, 7, mlp.BLOCK - 1, mlp.BLOCK + 1, ROWS + 3])
sizes = st.sampled_from([0, 1, 2, 3, GROUP, GROUP + 1, 17, 40])
layouts = st.sampled_from(["contiguous", "reversed", "strided", "transposed", "broadcast"])
activations = st.sampled_from(sorted(mlp.CODES))


def network(draw_array, n, sizes, layout="contiguous"):
    """x, weights and biases of a network that keeps numbers near 1."""
    x = draw_array((n, sizes[0]), 0, np.float32, layout)
    shapes = list(pairwise(sizes))
    weights = tuple(draw_array(s, i, np.float32) / np.float32(max(1, s[0]) ** 0.5) for i, s in enumerate(shapes, 1))
    return x, weights, tuple(draw_array((s[1],), i, np.float32) for i, s in enumerate(shapes, 7))


def wide(arrays):
    return tuple(a.astype(np.float64) for a in arrays)


@pytest.mark.needs_jit
@given(rows, st.tuples(sizes, sizes, sizes), layouts, st.booleans(), activations)
def test_both_kernels_are_the_reference(draw_array, n, features, layout, input_too, activation):
    """In float32 within rounding of the float64 reference, whatever the layout; gradients go where there is room."""
    x, weights, biases = network(draw_array, n, features, layout)
    outputs = mlp.multilayer_perceptron(x, weights, biases, activation)
    exact = reference.multilayer_perceptron(*wide((x,)), wide(weights), wide(biases), activation)
    for got, right in zip(outputs, exact, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, right, rtol=1e-4, atol=1e-5)
    g, inputs = draw_array(outputs[-1].shape, 5, np.float32, layout), (x, *outputs[:-1])
    rooms = [room for w in weights for room in (np.full(w.shape, np.nan, np.float32), None)]
    found = mlp.multilayer_perceptron_grad(g, inputs, weights, rooms, input_too, activation)
    wider, nowhere = (*wide((g,)), wide(inputs), wide(weights)), [None] * len(rooms)
    exact = reference.multilayer_perceptron_grad(*wider, nowhere, input_too, activation)
    assert found[0] is rooms[0] and found[2] is rooms[2]
    for a, b in zip(found, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5 * max(1, n))


@pytest.mark.needs_jit
@pytest.mark.parametrize("activation", mlp.CODES)
@pytest.mark.parametrize("n", [511, 2100])
def test_threads_do_not_change_a_bit(draw_array, one_and_many_threads, n, activation):
    x, weights, biases = network(draw_array, n, (2, 128, 130, 2))
    one_and_many_threads(lambda: mlp.multilayer_perceptron(x, weights, biases, activation))
    outputs = mlp.multilayer_perceptron(x, weights, biases, activation)
    backward = outputs[-1], (x, *outputs[:-1]), weights, [None] * 6, True, activation
    one_and_many_threads(lambda: mlp.multilayer_perceptron_grad(*backward))


@pytest.mark.needs_jit
@pytest.mark.parametrize("n", [2, 41, 300])
def test_parts_share_the_halves_of_the_rows_without_a_change(draw_array, monkeypatch, n):
    """Of weights that weigh less than the rows, and of those that weigh more: any number of parts, odd or even."""
    x, weights, biases = network(draw_array, n, (30, 60, 50, 3))
    outputs, found = mlp.multilayer_perceptron(x, weights, biases, "relu"), []
    for parts in (1, 2, 3, 4, 7, 8):
        monkeypatch.setattr(mlp, "parts_for", lambda operations, parts=parts: parts)
        backward = outputs[-1], (x, *outputs[:-1]), weights, [None] * 6, True, "relu"
        found.append(mlp.multilayer_perceptron_grad(*backward))
    exact = reference.multilayer_perceptron_grad(*backward)
    for got in found:
        for a, b, c in zip(got, found[0], exact, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=1e-3, atol=1e-3 * abs(c).max())


def test_layers_that_do_not_fit_raise(draw_array):
    x, weights, biases = network(draw_array, 3, (2, 4, 5))
    with pytest.raises(ValueError):
        mlp.multilayer_perceptron(x, weights[::-1], biases[::-1], "relu")
    with pytest.raises(ValueError):
        mlp.multilayer_perceptron(x, weights, (biases[0], biases[0]), "tanh")


@pytest.mark.needs_jit
@pytest.mark.parametrize("activation", mlp.CODES)
def test_not_a_number_stays_in_its_row(draw_array, activation):
    x, weights, biases = network(draw_array, 9, (3, 8, 2))
    x[4, 1] = np.nan
    for y in mlp.multilayer_perceptron(x, weights, biases, activation):
        np.testing.assert_array_equal(np.isnan(y).any(1), np.arange(9) == 4)
