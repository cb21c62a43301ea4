"""Values at which a formula overflows, divides by zero or has a kink: what each op promises there."""

import math

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen.errors import ShapeError, UserError

FAR = [-1e4, -800.0, -50.0, 0.0, 50.0, 800.0, 1e4]


@pytest.fixture(params=["reference", "cpu"], autouse=True)
def on_backend(request):
    if request.param == "cpu":
        pytest.importorskip("numba", reason="the cpu backend needs Numba")
    with minigen.backend(request.param):
        yield


def gradient(f, *arrays):
    xs = [minigen.tensor(np.array(x, dtype=np.float64), requires_grad=True) for x in arrays]
    y = f(*xs)
    gradients = minigen.grad(y, xs, minigen.tensor(np.ones(y.shape)))
    return y.numpy(), *(None if g is None else g.numpy() for g in gradients)


@pytest.mark.parametrize(
    ("f", "values", "slopes"),
    [
        (F.sigmoid, [0, 0, 0, 0.5, 1, 1, 1], [0, 0, 0, 0.25, 0, 0, 0]),
        (F.softplus, [0, 0, 0, math.log(2), 50, 800, 1e4], [0, 0, 0, 0.5, 1, 1, 1]),
        (F.logsigmoid, [-1e4, -800, -50, -math.log(2), 0, 0, 0], [1, 1, 1, 0.5, 0, 0, 0]),
        (F.tanh, [-1, -1, -1, 0, 1, 1, 1], [0, 0, 0, 1, 0, 0, 0]),
        (F.erf, [-1, -1, -1, 0, 1, 1, 1], [0, 0, 0, 2 / math.sqrt(math.pi), 0, 0, 0]),
        (F.silu, [0, 0, 0, 0, 50, 800, 1e4], [0, 0, 0, 0.5, 1, 1, 1]),
        (F.gelu, [0, 0, 0, 0, 50, 800, 1e4], [0, 0, 0, 0.5, 1, 1, 1]),
        (lambda x: F.gelu(x, "tanh"), [0, 0, 0, 0, 50, 800, 1e4], [0, 0, 0, 0.5, 1, 1, 1]),
        (F.elu, [-1, -1, -1, 0, 50, 800, 1e4], [0, 0, 0, 1, 1, 1, 1]),
        (F.relu, [0, 0, 0, 0, 50, 800, 1e4], [0, 0, 0, 0, 1, 1, 1]),
    ],
)
def test_activations_far_out(f, values, slopes):
    y, g = gradient(f, FAR)
    np.testing.assert_allclose(y, values, atol=1e-15)
    np.testing.assert_allclose(g, slopes, atol=1e-15)


def test_sums_of_exponentials_do_not_overflow():
    y, gx, gy = gradient(F.logaddexp, [1000.0, -1000.0, 3.0], [999.0, -1000.0, 3.0])
    np.testing.assert_allclose(y, [1000 + math.log1p(math.exp(-1)), -1000 + math.log(2), 3 + math.log(2)])
    np.testing.assert_allclose(gx + gy, np.ones(3))
    y, g = gradient(lambda x: F.logsumexp(x, 0), [1000.0, 1000.0, -1e4])
    assert y == pytest.approx(1000 + math.log(2))
    np.testing.assert_allclose(g, [0.5, 0.5, 0.0])
    y, g = gradient(lambda x: F.softmax(x, 0), [1000.0, 1000.0, -1e4])
    np.testing.assert_allclose(y, [0.5, 0.5, 0.0])
    y, _ = gradient(lambda x: F.log_softmax(x, 0), [1000.0, -1000.0])
    np.testing.assert_allclose(y, [0.0, -2000.0])


def test_masked_entries_of_a_softmax_have_no_gradient():
    x = [[0.0, -math.inf, 1.0]]
    y, g = gradient(lambda x: F.softmax(x, -1) * minigen.tensor(np.array([[1.0, 2.0, 3.0]])), x)
    assert y[0, 1] == g[0, 1] == 0.0
    assert np.isfinite(g).all()


def test_logaddexp_is_smooth_where_both_are_equal():
    """∂²/∂x² log(eˣ + eʸ) = σ (1 − σ) = ¼ at x = y, where a maximum has a kink."""
    x = minigen.tensor(np.array(0.7), requires_grad=True)
    (g,) = minigen.grad(F.logaddexp(x, minigen.tensor(np.array(0.7))), [x], create_graph=True)
    (h,) = minigen.grad(g, [x])
    assert (g.item(), h.item()) == pytest.approx((0.5, 0.25), rel=1e-14)


@pytest.mark.parametrize(
    ("y", "value", "slope"), [(0, 1.0, 0.0), (1, 0.0, 1.0), (2, 0.0, 0.0), (3.0, 0.0, 0.0), (1.0, 0.0, 1.0)]
)
def test_powers_of_zero(y, value, slope):
    for exponent in (y, minigen.tensor(np.array(float(y)))):
        found, g = gradient(lambda x, e=exponent: x**e, 0.0)
        assert (found, g) == (value, slope)


def test_zero_to_a_tensor_has_no_gradient_by_the_exponent():
    _, gx, gy = gradient(F.pow, [0.0, 2.0], [2.0, 3.0])
    np.testing.assert_allclose(gx, [0.0, 12.0])
    np.testing.assert_allclose(gy, [0.0, 8 * math.log(2)])


def test_ties_share_the_gradient():
    np.testing.assert_array_equal(gradient(F.maximum, [1.0, 2.0], [1.0, 0.0])[1:], [[0.5, 1.0], [0.5, 0.0]])
    np.testing.assert_array_equal(gradient(F.minimum, [1.0, 2.0], [1.0, 0.0])[1:], [[0.5, 0.0], [0.5, 1.0]])
    np.testing.assert_array_equal(gradient(lambda x: F.amax(x, 0), [3.0, 1.0, 3.0])[1], [0.5, 0.0, 0.5])
    np.testing.assert_array_equal(gradient(F.amin, [[1.0, 1.0], [1.0, 1.0]])[1], np.full((2, 2), 0.25))


def test_kinks_have_the_promised_slope():
    assert gradient(F.abs, 0.0)[1] == 0.0
    assert gradient(F.relu, 0.0)[1] == 0.0
    assert gradient(lambda x: F.clamp(x, 0.0, 1.0), 1.0)[1] == 1.0
    np.testing.assert_array_equal(gradient(F.norm, [0.0, 0.0])[1], [0.0, 0.0])


def test_the_first_of_equal_pixels_takes_the_gradient_of_a_max_pool():
    """torch's rule: a window has one winner."""
    y, g = gradient(lambda x: F.max_pool2d(x, 2), np.ones((1, 2, 2, 1)))
    assert y.item() == 1.0
    np.testing.assert_array_equal(g[0, :, :, 0], [[1.0, 0.0], [0.0, 0.0]])


def test_repeated_indices_add_up():
    index = np.array([0, 0, 2, -1])
    assert gradient(lambda x: x[index], [1.0, 2.0, 3.0])[1].tolist() == [2.0, 0.0, 2.0]
    assert gradient(lambda x: F.index_select(x, 0, index), [1.0, 2.0, 3.0])[1].tolist() == [2.0, 0.0, 2.0]
    assert gradient(lambda w: F.embedding(index % 3, w), [[1.0], [2.0], [3.0]])[1].tolist() == [[2.0], [0.0], [2.0]]


def test_nan_stays_nan():
    x = minigen.tensor(np.array([np.nan, 1.0]))
    for f in (F.relu, F.sigmoid, F.softplus, F.tanh, lambda x: F.clamp(x, 0.0, 1.0), lambda x: F.amax(x, 0)):
        assert np.isnan(f(x).numpy()).any()


def test_losses_of_certain_answers():
    logits = minigen.tensor(np.array([[1000.0, -1000.0]]))
    assert F.cross_entropy(logits, np.array([0])).item() == 0.0
    assert F.cross_entropy(logits, np.array([1])).item() == 2000.0
    assert F.binary_cross_entropy_with_logits(logits, np.array([[1.0, 0.0]])).item() == 0.0
    p = np.array([0.0, 1.0])
    assert F.kl_div(minigen.tensor(np.array([-1.0, 0.0])), p, reduction="sum").item() == 0.0  # 0 log 0 = 0


@pytest.mark.parametrize("index", [-1, 3])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("nll_loss", lambda x, i: F.nll_loss(x, i)),
        ("cross_entropy", lambda x, i: F.cross_entropy(x, i)),
        ("cross_entropy", lambda x, i: F.cross_entropy(x, i, label_smoothing=0.1)),
        ("embedding", lambda x, i: F.embedding(i, x.T)),
    ],
)
def test_classes_and_rows_count_from_zero(name, call, index):
    x = minigen.tensor(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=rf"{name} got indices in .*\[0, 3\).*no ignore_index"):
        call(x, np.array([0, index]))
    with pytest.raises(ShapeError, match=name):
        call(x, minigen.tensor([index, 1]))


def test_a_quotient_stays_in_range_where_the_square_of_its_divisor_does_not():
    for size in (1e-25, 1e25):
        x, y = (minigen.tensor(np.float32([size * k]), requires_grad=True) for k in (3, 2))
        F.log(x / y).sum().backward()
        assert x.grad.item() == pytest.approx(1 / (3 * size), rel=1e-6)
        assert y.grad.item() == pytest.approx(-1 / (2 * size), rel=1e-6)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e20, 1e37])
def test_a_norm_stays_in_range_where_squares_do_not(size):
    x = minigen.tensor(np.float32([[3.0, -4.0], [0.0, 0.0]]) * np.float32(size), requires_grad=True)
    y = F.norm(x, dim=1)
    np.testing.assert_allclose(y.numpy(), [5 * np.float32(size), 0.0], rtol=1e-6)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0.6, -0.8], [0.0, 0.0]], rtol=1e-6)


def test_norms_of_infinities_nan_and_nothing():
    norms = F.norm(minigen.tensor([[math.inf, 1.0], [math.nan, 1.0], [-math.inf, 0.0]]), dim=1).numpy()
    np.testing.assert_array_equal(norms, [math.inf, math.nan, math.inf])
    assert F.norm(minigen.tensor(np.zeros((0, 3)))).item() == 0.0


def test_the_standard_deviation_of_a_constant_has_gradient_zero():
    y, g = gradient(lambda x: F.std(x, 1), np.full((2, 4), 7.0))
    np.testing.assert_array_equal(y, 0.0)
    np.testing.assert_array_equal(g, 0.0)


def test_products_with_zeros_have_the_right_gradient():
    x = [[2.0, 0.0, 3.0, 5.0], [0.0, 4.0, 0.0, 1.0]]
    y, g = gradient(lambda x: F.prod(x, 1), x)
    np.testing.assert_array_equal(y, [0.0, 0.0])
    np.testing.assert_array_equal(g, [[0.0, 30.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])


def test_the_first_of_equal_extremes_along_an_axis_takes_the_gradient():
    x = [[1.0, 5.0, 5.0]]
    np.testing.assert_array_equal(gradient(lambda x: F.max(x, 1)[0], x)[1], [[0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(gradient(F.max, x)[1], [[0.0, 0.5, 0.5]])
    values, indices = minigen.tensor(3.0).min(0)
    assert (values.item(), indices.item(), indices.dtype.kind) == (3.0, 0, "i")


def test_masked_attention_is_finite_all_the_way():
    """Under `anomaly`, which a −∞ would set off; a query that sees nothing gets 0."""
    x = [minigen.tensor(np.random.default_rng(k).normal(size=(2, 3, 4)), requires_grad=True) for k in range(3)]
    mask = np.array([[True, False, True], [False, False, False], [True, True, True]])
    with minigen.anomaly():
        for options in (
            {"is_causal": True},
            {"attn_mask": mask},
            {"attn_mask": np.where(mask, 0.5, -math.inf), "is_causal": True},
            {"attn_mask": minigen.tensor(np.where(mask, 0.5, -math.inf), requires_grad=True)},
        ):
            y = F.scaled_dot_product_attention(*x, **options)
            y.sum().backward()
            if "attn_mask" in options:
                np.testing.assert_array_equal(y.numpy()[:, 1], 0.0)
    single = [v.to("float32") for v in x]
    assert np.isfinite(F.scaled_dot_product_attention(*single, mask).numpy()).all()


LOSSES = {
    "mse_loss": lambda x: F.mse_loss(x, x.detach()),
    "l1_loss": lambda x: F.l1_loss(x, x.detach()),
    "huber_loss": lambda x: F.huber_loss(x, x.detach()),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x, x.detach()),
    "bce": lambda x: F.binary_cross_entropy_with_logits(x, x.detach(), pos_weight=2.0),
    "bernoulli_log_prob": lambda x: F.bernoulli_log_prob(x, x.detach()).mean(),
    "nll_loss": lambda x: F.nll_loss(x, np.zeros(0, int)),
    "nll_loss, weighted": lambda x: F.nll_loss(x, np.zeros(0, int), np.ones(3)),
    "cross_entropy": lambda x: F.cross_entropy(x, np.zeros(0, int), label_smoothing=0.1),
    "cross_entropy, weighted": lambda x: F.cross_entropy(x, np.zeros(0, int), np.ones(3), label_smoothing=0.1),
    "cross_entropy, soft": lambda x: F.cross_entropy(x, x.detach()),
    "kl_div": lambda x: F.kl_div(x, x.detach()),
    "kl_div, batchmean": lambda x: F.kl_div(x, x.detach(), reduction="batchmean"),
    "gaussian_nll_loss": lambda x: F.gaussian_nll_loss(x, x.detach(), 1.0),
    "mean": lambda x: x.mean(),
    "mean of columns": lambda x: x.mean(0).sum(),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_an_empty_batch_has_loss_nan_and_no_warning(loss):
    """As in torch; any warning would be an error here."""
    x = minigen.tensor(np.zeros((0, 3)), requires_grad=True)
    y = loss(x)
    assert math.isnan(y.item())
    y.backward()
    assert x.grad.shape == (0, 3)


def test_batchmean_divides_by_the_first_axis():
    x, t = (minigen.tensor(np.random.default_rng(k).uniform(0.1, 1, (4, 3))) for k in range(2))
    expected = F.kl_div(x, t, reduction="sum").item() / 4
    assert F.kl_div(x, t, reduction="batchmean").item() == pytest.approx(expected)


def test_a_constant_batch_normalises_to_zero():
    y, g = gradient(lambda x: F.layer_norm(x, 4), np.full((2, 4), 7.0))
    np.testing.assert_allclose(y, 0.0, atol=1e-12)
    np.testing.assert_allclose(g, 0.0, atol=1e-12)
    with pytest.raises(UserError, match="one value per channel"):
        F.batch_norm_train(minigen.tensor(np.ones((1, 3))))


def test_options_out_of_range_are_refused():
    x = minigen.tensor(np.ones((2, 2)))
    for f in (
        lambda: F.dropout(x, 1.5, rng=minigen.Stream(0)),
        lambda: F.dropout(x, 0.5),
        lambda: F.dropout(x, 0.5, rng=np.random.default_rng(0)),
        lambda: F.mse_loss(x, x, "avg"),
        lambda: F.gelu(x, "fast"),
        lambda: F.cross_entropy(x, np.array([0, 1]), label_smoothing=2.0),
        lambda: F.pad(x, (1,)),
        lambda: F.pad(x, (2, 2), mode="reflect"),
        lambda: F.var(x[:1, 0]),
        lambda: F.interpolate(minigen.tensor(np.ones((1, 2, 2, 1)))),
    ):
        with pytest.raises(UserError):
            f()
