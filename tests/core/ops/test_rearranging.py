"""Sorting, repeating, triangles, pixels and channels: conventions at ties and NaN, laws, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import functional as F
from minigen.errors import ShapeError


def tensor(x, **options):
    return minigen.tensor(np.asarray(x, dtype=np.float64), **options)


def gradient(f, x):
    x = tensor(x, requires_grad=True)
    f(x).backward()
    return x.grad.tolist()


@pytest.mark.parametrize("descending", [False, True])
def test_equal_values_keep_their_order_and_take_their_own_gradient(descending):
    x = [1.0, 0.0, 1.0, 0.0]
    _, order = F.sort(tensor(x), descending=descending)
    assert order.tolist() == ([0, 2, 1, 3] if descending else [1, 3, 0, 2])
    weights = tensor([1.0, 2.0, 3.0, 4.0])
    wanted = [1.0, 3.0, 2.0, 4.0] if descending else [3.0, 1.0, 4.0, 2.0]
    assert gradient(lambda x: (F.sort(x, descending=descending)[0] * weights).sum(), x) == wanted


def test_nan_is_larger_than_every_number():
    x = tensor([math.nan, 1.0, math.inf])
    assert F.sort(x)[1].tolist() == [1, 2, 0]
    assert F.sort(x, descending=True)[1].tolist() == [0, 2, 1]
    assert F.topk(x, 1)[1].tolist() == [0]
    assert F.topk(x, 1, largest=False)[1].tolist() == [1]


def test_a_number_alone_is_in_order():
    for values, positions in (F.sort(tensor(3.0)), F.topk(tensor(3.0), 1)):
        assert (values.item(), positions.item()) == (3.0, 0)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_searchsorted_of_its_own_entries(seed, right):
    x = np.sort(np.random.default_rng(seed).normal(size=7))
    assert F.searchsorted(tensor(x), tensor(x), right=right).tolist() == [i + right for i in range(7)]
    assert F.searchsorted(tensor(x), x[3], right=right).item() == 3 + right


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_unshuffled_pixels_are_shuffled_back(seed, r):
    x = tensor(np.random.default_rng(seed).normal(size=(2, 2 * r, 3 * r, 2)))
    np.testing.assert_array_equal(F.pixel_shuffle(F.pixel_unshuffle(x, r), r), x)


@given(st.integers(0, 2**32 - 1), st.integers(-4, 4))
def test_both_triangles_make_the_matrix(seed, k):
    x = tensor(np.random.default_rng(seed).normal(size=(2, 3, 4)))
    np.testing.assert_array_equal(F.tril(x, k) + F.triu(x, k + 1), x)


def test_triangles_keep_the_dtype():
    for x in (np.ones((2, 2), bool), np.ones((2, 2), int), np.ones((2, 2), np.float32)):
        for f in (F.tril, F.triu):
            assert f(minigen.tensor(x)).dtype == x.dtype


def test_products_before_a_zero_have_the_right_gradient():
    assert gradient(lambda x: F.cumprod(x, 0).sum(), [2.0, 0.0, 3.0]) == [1.0, 8.0, 0.0]


def test_indices_and_values_broadcast_off_the_axis():
    index = np.array([[0, 2]])
    assert gradient(lambda x: F.take_along_dim(x, index, 1).sum(), np.ones((2, 3))) == [[1, 0, 1], [1, 0, 1]]
    index = np.array([[0, 2], [1, 1]])
    assert gradient(lambda x: F.take_along_dim(x, index, 1).sum(), np.ones((1, 3))) == [[1, 2, 1]]


def test_a_short_index_scatters_what_it_reaches():
    x, src = tensor(np.zeros((2, 3))), tensor(np.ones((2, 4)), requires_grad=True)
    y = F.scatter_add(x, 1, np.array([[0, 2]]), src)
    assert y.tolist() == [[1, 0, 1], [0, 0, 0]]
    y.sum().backward()
    assert src.grad.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]


def test_axes_of_a_number_exchange_to_itself():
    assert F.transpose(tensor(2.0), 0, -1).item() == 2.0


REFUSED = {
    "scatter_add": lambda x: F.scatter_add(x, 0, np.zeros((3, 3), int), x),
    "gather": lambda x: F.gather(x, 0, np.zeros((1, 4), int)),
    "take_along_dim": lambda x: F.take_along_dim(x, np.zeros((4, 3), int), 1),
    "index_select": lambda x: F.index_select(x, 0, np.zeros((1, 1), int)),
    "topk": lambda x: F.topk(x, 4),
    "searchsorted": lambda x: F.searchsorted(x, tensor(np.ones((3, 3)))),
    "tile": lambda x: F.tile(x, -1),
    "repeat_interleave": lambda x: F.repeat_interleave(x, np.array([1, -1, 1]), 1),
    "roll": lambda x: F.roll(x, (1, 2), 0),
    "tril": lambda x: F.tril(x[0]),
    "triu": lambda x: F.triu(x[0]),
    "diagonal": lambda x: F.diagonal(x, 0, 1, -1),
    "movedim": lambda x: F.movedim(x, (0, 1), 0),
    "pad": lambda x: F.pad(x, (-4, 3)),
    "outer": lambda x: F.outer(x, x),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x[None], 2),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x[None], 2),
    "norm": lambda x: F.norm(x[:0], math.inf, 0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name):
    with pytest.raises(ShapeError, match=name):
        REFUSED[name](tensor(np.ones((2, 3))))
