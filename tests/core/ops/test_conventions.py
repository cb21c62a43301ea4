"""Torch's conventions where a derivative has a choice (infinities, NaN, bounds), and options out of range."""

import math

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen.errors import UserError


@pytest.fixture(params=["reference", "cpu"], autouse=True)
def on_backend(request):
    if request.param == "cpu":
        pytest.importorskip("numba", reason="the cpu backend needs Numba")
    with minigen.backend(request.param):
        yield


def gradient(f, *arrays):
    xs = [minigen.tensor(np.array(x, dtype=np.float64), requires_grad=True) for x in arrays]
    y = f(*xs)
    return y.numpy(), *(g.numpy() for g in minigen.grad(y, xs, minigen.tensor(np.ones(y.shape))))


def test_infinite_extremes_and_their_neighbours_have_gradients():
    """As in torch: a slice of −∞ alone shares, +∞ takes all."""
    x = [[-math.inf, -math.inf], [math.inf, 1.0], [-math.inf, 2.0]]
    np.testing.assert_array_equal(gradient(lambda x: F.amax(x, 1), x)[1], [[0.5, 0.5], [1, 0], [0, 1]])
    np.testing.assert_array_equal(gradient(lambda x: F.amin(x, 1), x)[1], [[0.5, 0.5], [0, 1], [1, 0]])
    np.testing.assert_array_equal(gradient(lambda x: F.logsumexp(x, 0), x[2])[1], [0, 1])
    with np.errstate(invalid="ignore"):  # ∞ − ∞ of the infinite one itself
        assert gradient(lambda x: F.logsumexp(x, 0), [math.inf, 1.0])[1][1] == 0.0
    assert gradient(F.logaddexp, math.inf, 1.0)[1:] == (1.0, 0.0)
    assert gradient(F.logaddexp, -math.inf, 1.0)[1:] == (0.0, 1.0)


def test_nan_takes_the_gradient_that_a_number_would():
    """As in torch: a gradient of 0 would hide it."""
    assert gradient(F.relu, math.nan)[1] == 1.0
    assert gradient(F.hardtanh, math.nan)[1] == 1.0
    assert gradient(F.maximum, math.nan, 1.0)[1:] == (1.0, 1.0)
    assert gradient(F.minimum, 1.0, math.nan)[1:] == (1.0, 1.0)
    np.testing.assert_array_equal(gradient(F.amax, [math.nan, 3.0, math.nan])[1], [0.5, 0.0, 0.5])


def test_integers_become_the_dtype_that_is_asked_for():
    for values in ([1, 2], [True, False], 3):
        assert minigen.tensor(values).to("float64").dtype == np.float64


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 3, math.inf, -math.inf, -1.5])
def test_a_norm_of_zeros_has_gradient_zero(p):
    y, g = gradient(lambda x: F.norm(x, p, 1), np.zeros((2, 3)))
    np.testing.assert_array_equal(y, [0.0, 0.0])
    np.testing.assert_array_equal(g, np.zeros((2, 3)))


def test_bounds_and_thresholds():
    assert gradient(lambda x: F.hardtanh(x), 1.0)[1] == 0.0  # and 1 for clamp: torch's two conventions
    y, gx, low, high = gradient(F.clamp, [0.0, 5.0, 5.0], [1.0, 1.0, 7.0], [2.0, 2.0, 3.0])
    np.testing.assert_array_equal([y, gx, low, high], [[1, 2, 3], [0, 0, 0], [1, 0, 0], [0, 1, 1]])
    assert F.softplus(minigen.tensor(np.array(3.0)), threshold=2.0).item() == 3.0
    x = minigen.tensor(np.array([1e16]))
    assert F.lerp(x, x * 0.0 + 1.0, 1.0).item() == 1.0


@pytest.mark.parametrize("loss", [F.huber_loss, F.smooth_l1_loss])
def test_robust_losses_of_far_outliers_do_not_overflow(loss):
    x = minigen.tensor(np.float32([1e30, -1e30]), requires_grad=True)
    y = loss(x, x.detach() * 0.0, reduction="sum")
    y.backward()
    assert y.item() == pytest.approx(2e30)
    np.testing.assert_array_equal(x.grad, [1.0, -1.0])


def test_a_variance_below_its_limit_may_grow():
    """The limit guards the value, not the gradient: torch's rule."""
    x, t = (minigen.tensor(np.array([v])) for v in (1.0, 0.0))
    y, g = gradient(lambda v: F.gaussian_nll_loss(x, t, v, eps=0.1), [0.01])
    assert y == pytest.approx(0.5 * (math.log(0.1) + 10))
    np.testing.assert_allclose(g, [0.5 * (10 - 100)])


def test_options_out_of_range_are_refused():
    x = minigen.tensor(np.ones((1, 4, 4, 1)))
    for f in (
        lambda: F.norm(x, "nuc"),
        lambda: F.hardtanh(x, 1.0, -1.0),
        lambda: F.interpolate(x, 2, align_corners=True),
        lambda: F.conv2d(x, minigen.tensor(np.ones((2, 2, 1, 1))), padding="full"),
        lambda: F.conv2d(x, minigen.tensor(np.ones((2, 2, 1, 1))), padding="same", stride=2),
        lambda: F.scaled_dot_product_attention(x, x, x, dropout_p=0.5),
        lambda: F.max_pool2d(x[:, :2, :2], 2, stride=1, padding=1, dilation=3),  # its window sees padding alone
        lambda: F.avg_pool2d(x, 2, divisor_override=0),
    ):
        with pytest.raises(UserError):
            f()


def test_attention_drops_weights():
    """Values of ones make the result the sum of the weights that are left, which the others' loss doubles."""
    q = minigen.tensor(np.zeros((1, 2, 3)))
    ones = minigen.tensor(np.ones((1, 4, 1)))
    y = F.scaled_dot_product_attention(
        q, minigen.tensor(np.zeros((1, 4, 3))), ones, dropout_p=0.5, rng=minigen.Stream(0)
    )
    kept = minigen.Stream(0).uniform((1, 2, 4)) >= 0.5
    np.testing.assert_allclose(y.numpy()[..., 0], kept.sum(-1) * 0.5)
