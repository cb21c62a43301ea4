"""The check: it passes what the generator makes and catches what is broken, each fault by its own name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data.shapes import NAMES, check, generate
from minigen.data.shapes.validity import simple
from minigen.errors import ShapeError, UserError

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_generated_outlines_are_valid_in_every_form(seed):
    outlines, labels = generate(16, np.random.default_rng(seed))
    assert check(outlines, labels).valid.all()
    assert check(outlines.reshape(16, -1).astype(np.float32), labels).valid.all()
    assert check(3.7 * outlines + (5, -2), labels).valid.all()
    assert check(np.roll(outlines, 11, axis=1), labels).valid.all()


@given(seeds, st.integers(0, 63), st.integers(2, 60))
def test_swapped_points_make_it_cross_itself(seed, i, apart):
    outlines, labels = generate(8, np.random.default_rng(seed))
    j = (i + apart) % 64
    outlines[:, [i, j]] = outlines[:, [j, i]]
    assert not check(outlines, labels).simple.any()


@given(seeds)
def test_a_figure_eight_is_caught(seed):
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    t = 2 * np.pi * (np.arange(64) + 0.3) / 64 + angle
    eight = np.stack([np.cos(t), np.sin(2 * t)], axis=-1)
    assert not simple(eight[None])[0]


@given(seeds)
def test_an_open_curve_is_caught(seed):
    """The last quarter is missing: the step back to the first point is long."""
    outlines, labels = generate(8, np.random.default_rng(seed))
    opened = np.stack(
        [np.array([np.interp(np.linspace(0, 47, 64), np.arange(64), o[:, k]) for k in (0, 1)]).T for o in outlines]
    )
    keep = np.isin(
        labels, [NAMES.index(name) for name in ("ellipse", "superellipse", "polygon", "blob", "rounded-rectangle")]
    )
    assert not check(opened, labels).closed[keep].any()


@given(seeds)
def test_clockwise_and_mistaken_families_are_caught(seed):
    outlines, labels = generate(8, np.random.default_rng(seed))
    assert not check(outlines[:, ::-1], labels).area.any()
    airfoil = outlines[labels == NAMES.index("airfoil")]
    for name in ("ellipse", "gear", "blob"):
        result = check(airfoil, name)
        assert not result.area.any() and not result.aspect.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_fail_every_test(value):
    outlines, labels = generate(8, np.random.default_rng(0))
    outlines[3, 5, 1] = value
    result = check(outlines, labels)
    for test in (result.closed, result.simple, result.area, result.aspect):
        assert not test[3] and test.sum() == 7


def test_one_point_repeated_is_no_shape():
    result = check(np.ones((2, 64, 2)), "ellipse")
    assert not (result.closed | result.simple | result.area | result.aspect).any()


def test_touching_counts_and_collinear_sides_do_not():
    square = np.array([[0, 0], [1, 0], [2, 0], [3, 0], [3, 3], [0, 3]], float)
    turned = square @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    touching = np.array([[0, 0], [2, 0], [2, 2], [1, 0], [0, 2]], float)  # a corner lies on the first side
    back = np.array([[0, 0], [2, 0], [1, 0], [1, 1]], float)  # the second side runs back over the first
    assert simple(square[None])[0] and simple(turned[None])[0]
    assert not simple(touching[None])[0] and not simple(back[None])[0]


@given(st.integers(3, 9), seeds)
def test_simple_agrees_with_a_brute_force_oracle(p, seed):
    """Random polygons: two sides cross where the 2×2 system for their parameters has a solution in [0, 1]²."""
    outlines = np.random.default_rng(seed).standard_normal((20, p, 2))
    for outline, got in zip(outlines, simple(outlines), strict=True):
        crossings = 0
        for i in range(p):
            for j in range(i + 2, p):
                if (i, j) != (0, p - 1):
                    a, b, c, d = outline[i], outline[(i + 1) % p], outline[j], outline[(j + 1) % p]
                    s, t = np.linalg.solve(np.stack([b - a, c - d], axis=1), c - a)
                    crossings += 0 <= s <= 1 and 0 <= t <= 1
        assert got == (crossings == 0)


def test_no_outlines_give_no_answers():
    assert check(np.empty((0, 64, 2)), "star").valid.shape == check(np.empty((0, 128)), "star").valid.shape == (0,)


@pytest.mark.parametrize("shape", [(4, 7), (4, 2, 2), (4, 5, 3), (8,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError, match="wanted"):
        check(np.zeros(shape), "star")


@pytest.mark.parametrize("family", ["circle", 8, -1, np.zeros(3, int), 0.5])
def test_unknown_families_are_refused(family):
    with pytest.raises(UserError, match="family"):
        check(np.zeros((4, 64, 2)), family)
