"""Laws of the layers that need no oracle."""

import numpy as np
import pytest

import minigen
from minigen import nn
from minigen.errors import ShapeError, UserError


def rng(seed=0):
    return np.random.default_rng(seed)


def image(shape=(2, 6, 6, 4), dtype=np.float32):
    return minigen.tensor(rng(1).standard_normal(shape).astype(dtype))


@pytest.mark.parametrize("build", [lambda: nn.Linear(2, 2), lambda: nn.Conv2d(1, 1, 3), lambda: nn.Embedding(2, 2)])
def test_random_weights_need_a_generator(build):
    with pytest.raises(TypeError, match="rng"):
        build()


def test_the_same_generator_gives_the_same_weights():
    a, b, c = (nn.Conv2d(3, 4, 3, rng=rng(seed)).weight.numpy() for seed in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_dropout_keeps_the_mean_drops_a_share_and_differs_from_call_to_call():
    layer, x = nn.Dropout(0.3, rng=rng()), minigen.tensor(np.ones(200_000, np.float32))
    y, z = layer(x).numpy(), layer(x).numpy()
    assert y.mean() == pytest.approx(1, abs=0.01) and (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert ((y == 0) & (z == 0)).mean() == pytest.approx(0.09, abs=0.01)
    assert layer.eval()(x) is x and layer.calls.item() == 2


def test_dropout_resumes_bit_for_bit():
    layer, x = nn.Dropout(rng=rng()), minigen.tensor(np.ones(1000, np.float32))
    layer(x)
    resumed = nn.Dropout(rng=rng(9))
    resumed.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(layer(x).numpy(), resumed(x).numpy())


def test_two_dropouts_are_independent():
    source = rng()
    a, b = nn.Dropout(rng=source), nn.Dropout(rng=source)
    x = minigen.tensor(np.ones(1000, np.float32))
    assert not np.array_equal(a(x).numpy(), b(x).numpy())
    assert nn.Dropout(0.0, rng=source)(x) is x and not nn.Dropout(1.0, rng=source)(x).numpy().any()


def test_batch_norm_keeps_its_buffers_memory_and_the_graph_alive():
    layer = nn.BatchNorm(4)
    arrays = layer.running_mean._array, layer.running_var._array
    loss = layer(image()).sum() + layer(image((3, 2, 2, 4))).sum()
    loss.backward()
    assert layer.running_mean._array is arrays[0] and layer.running_var._array is arrays[1]
    assert arrays[0].all() and not layer.running_var.requires_grad
    before = layer.state_dict()
    layer.eval()(image())
    np.testing.assert_array_equal(layer.running_mean.numpy(), before["running_mean"])


def test_batch_norm_in_eval_treats_samples_apart():
    layer, x = nn.BatchNorm(4), image()
    layer(x)
    layer.eval()
    np.testing.assert_allclose(layer(x).numpy()[:1], layer(x[:1]).numpy(), rtol=1e-6)
    assert layer(image((0, 6, 6, 4))).shape == (0, 6, 6, 4)


def test_an_empty_batch_leaves_the_statistics():
    layer = nn.BatchNorm(4)
    assert layer(image((0, 6, 6, 4))).shape == (0, 6, 6, 4)
    assert layer.running_var.numpy().tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("scale", [0.01, 5.0])
def test_spectral_norm_brings_the_largest_singular_value_to_one(scale):
    layer = nn.SpectralNorm(nn.Linear(6, 5, rng=rng()), rng=rng())
    layer.layer.weight.copy_(scale * rng(3).standard_normal((6, 5)))
    for _ in range(100):
        layer(image((2, 6)))
    assert np.linalg.svd(layer.weight.numpy(), compute_uv=False)[0] == pytest.approx(1, rel=1e-4)


def test_spectral_norm_can_be_called_twice_before_backward_and_rests_in_eval():
    layer = nn.SpectralNorm(nn.Conv2d(4, 3, 3, rng=rng()), rng=rng())
    (layer(image()).sum() + layer(image()).square().sum()).backward()
    assert layer.layer.weight.grad is not None
    before = layer.state_dict()
    layer.eval()(image())
    np.testing.assert_array_equal(layer.u.numpy(), before["u"])
    assert set(before) == {"u", "v", "layer.weight", "layer.bias"}


def test_attention_is_equivariant_to_the_order_of_positions():
    layer, x = nn.MultiheadAttention(6, 2, rng=rng(), dtype=np.float64), image((2, 5, 6), np.float64)
    order = rng(4).permutation(5)
    np.testing.assert_allclose(layer(x[:, order]).numpy(), layer(x).numpy()[:, order], atol=1e-12)


@pytest.mark.parametrize(
    "build, shape, message",
    [
        (lambda: nn.BatchNorm(3), (2, 4), "channels come last"),
        (lambda: nn.GroupNorm(1, 3), (2, 3, 4), "GroupNorm of 3"),
        (lambda: nn.InstanceNorm(3), (2, 3, 4), "InstanceNorm of 3"),
        (lambda: nn.RMSNorm(3), (2, 4), "RMSNorm of 3"),
        (lambda: nn.Linear(3, 2, rng=rng()), (2, 4), r"linear got x \(2, 4\)"),
        (lambda: nn.MultiheadAttention(6, 2, rng=rng()), (2, 4), "query has shape"),
        (lambda: nn.Unflatten(5, (2, 2)), (2, 4), "no axis 5"),
    ],
)
def test_wrong_shapes_name_the_layer(build, shape, message):
    with pytest.raises(ShapeError, match=message):
        build()(image(shape))


@pytest.mark.parametrize(
    "build",
    [
        lambda: nn.Dropout(1.5, rng=rng()),
        lambda: nn.GroupNorm(3, 4),
        lambda: nn.Conv2d(4, 6, 3, groups=4, rng=rng()),
        lambda: nn.MultiheadAttention(6, 4, rng=rng()),
        lambda: nn.SpectralNorm(nn.Tanh(), rng=rng()),
        lambda: nn.BatchNorm(3, momentum=2.0),
    ],
)
def test_wrong_hyper_parameters_are_refused(build):
    with pytest.raises(UserError):
        build()
