"""Area, centroid and aspect against closed forms, and their laws under motions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.data.shapes.generate import turn
from minigen.data.shapes.measure import aspect, centroid, signed_area

positive = st.floats(0.1, 5)


@given(positive, positive, st.floats(-3, 3), st.floats(-3, 3), st.floats(-4, 4))
def test_rectangles(a, b, x, y, angle):
    corners = np.array([[[-a, -b], [a, -b], [a, b], [-a, b]]])
    moved = turn(corners, np.array([angle]), np.ones(1)) + np.array([x, y])
    assert signed_area(moved)[0] == pytest.approx(4 * a * b)
    np.testing.assert_allclose(centroid(moved)[0], [x, y], atol=1e-8)
    assert aspect(moved)[0] == pytest.approx(max(a / b, b / a), rel=1e-5)
    assert signed_area(moved[:, ::-1])[0] == pytest.approx(-4 * a * b)


def test_a_fine_ellipse():
    t = 2 * np.pi * np.arange(4000) / 4000
    ellipse = np.stack([3 * np.cos(t), np.sin(t)], axis=-1)[None]
    assert signed_area(ellipse)[0] == pytest.approx(3 * np.pi, rel=1e-5)
    assert aspect(ellipse)[0] == pytest.approx(3, rel=1e-5)


def test_a_line_has_no_centroid():
    assert np.isnan(centroid(np.array([[[0.0, 0], [1, 0], [2, 0]]]))).all()
