"""Families: each curve is what its equation says, and every draw lies in the family's stated range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data.shapes import FAMILIES, NAMES, check
from minigen.data.shapes.generate import draw_family

seeds = st.integers(0, 2**32 - 1)


def curve(name, *parameters):
    return FAMILIES[NAMES.index(name)].curve(np.array([parameters], float))[0].T


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
@given(seed=seeds)
def test_every_draw_is_valid(family, seed):
    outlines = draw_family(family, 8, np.random.default_rng(seed))
    result = check(outlines, family.name)
    assert result.closed.all() and result.simple.all() and result.area.all() and result.aspect.all()


def test_ellipse_and_superellipse_equations():
    x, y = curve("ellipse", 0.5)
    np.testing.assert_allclose(x**2 + (y / 0.5) ** 2, 1)
    x, y = curve("superellipse", 0.7, 4.0)
    np.testing.assert_allclose(x**4 + (y / 0.7) ** 4, 1)


@pytest.mark.parametrize("n", range(3, 9))
def test_polygons_have_their_apothem_and_corners(n):
    r = np.hypot(*curve("polygon", n))
    assert r.max() == pytest.approx(1) and r.min() == pytest.approx(np.cos(np.pi / n), rel=1e-4)


@pytest.mark.parametrize("n", range(5, 9))
def test_stars_have_tips_notches_and_straight_sides(n):
    x, y = curve("star", n, 0.5)
    r = np.hypot(x, y)
    assert r.max() == pytest.approx(1) and r.min() == pytest.approx(0.5, abs=5e-3)
    half = int(1024 / (2 * n))  # points from the first tip towards the first notch
    side = np.stack([x[:half] - x[0], y[:half] - y[0]])
    assert np.linalg.svd(side, compute_uv=False)[1] < 1e-12


def test_gears_have_their_teeth():
    r = np.hypot(*curve("gear", 7, 0.1))
    assert np.count_nonzero(np.diff(np.sign(r - 1 - 1e-9))) in (13, 14)
    assert r.max() == pytest.approx(1.1, abs=1e-3)


def test_rounded_rectangles_touch_their_box():
    x, y = curve("rounded-rectangle", 0.5, 0.4)
    assert (np.abs(x).max(), np.abs(y).max()) == (pytest.approx(1), pytest.approx(0.5))
    assert (np.abs(x) + np.abs(y)).max() < 1.5 - 0.2 * (2 - np.sqrt(2)) + 1e-9


def test_airfoil_thickness_and_camber():
    """NACA 0012 is symmetric and 12 % thick at 30 % of the chord; without thickness only a camber line remains."""
    x, y = curve("airfoil", 0.0, 0.4, 0.12)
    assert y.max() == pytest.approx(0.06, abs=1e-4) and y.min() == pytest.approx(-0.06, abs=1e-4)
    assert x[np.argmax(y)] == pytest.approx(0.3, abs=0.01)
    cambered = FAMILIES[NAMES.index("airfoil")].curve(np.array([[0.04, 0.4, 0.12], [0.04, 0.4, 1e-9]]))
    assert cambered[1, :, 1].max() == pytest.approx(0.04, abs=1e-6)
    assert cambered[0, :, 1].max() == pytest.approx(0.04 + 0.058, abs=3e-3)  # half the thickness at the crest


def test_blob_without_waves_is_the_circle():
    np.testing.assert_allclose(np.hypot(*curve("blob", *np.zeros(6))), 1)
