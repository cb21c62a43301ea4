"""Layers and models are checked by their inputs and by every weight, and a fault is told with the weight's name."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings

from minigen import Stream, data, models, nn, tensor
from minigen import functional as F
from minigen.core.autograd import grad
from minigen.errors import UserError
from minigen.testing import GradientError, check_model, check_module
from minigen.testing.modules import in_double
from minigen.testing.strategies import arrays, shapes


class Layer(nn.Module):
    """A layer as a user writes one: submodules, state, and a `twist` in which a fault can be put."""

    def __init__(self, *, rng, twist=lambda weight: weight):
        self.hidden, self.norm = nn.Linear(3, 4, rng=rng), nn.BatchNorm(4)
        self.out = nn.Linear(4, 2, bias=False, rng=rng)
        self.noise = nn.Dropout(0.3, rng=rng)
        self.twist = twist

    def forward(self, x):
        return F.matmul(self.noise(self.norm(self.hidden(x)).tanh()), self.twist(self.out.weight))


def layer(**options):
    return Layer(rng=np.random.default_rng(0), **options)


X = np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32)


def test_a_right_layer_passes_to_second_order_and_stays_as_it_was():
    module = layer()
    before = copy.deepcopy(module.state_dict())
    check_module(module, X, order=2, directions=1, layouts=())
    for name, value in module.state_dict().items():
        np.testing.assert_array_equal(value, before[name], strict=True)
    assert all(p.grad is None and p.op is None for p in module.parameters())


def test_a_wrong_layer_is_told_by_the_name_of_its_weight():
    with pytest.raises(GradientError, match=r"input 5 \(parameter out.weight\) of shape \(4, 2\), element") as caught:
        check_module(layer(twist=lambda w: w.detach()), X)
    assert caught.value.name == "parameter out.weight"
    assert "the graph is cut" in caught.value.diagnosis
    assert "the gradient of Layer" in str(caught.value)
    with pytest.raises(GradientError, match=r"parameter out.weight.*a constant factor: every element is 0.5 times"):
        check_module(layer(twist=lambda w: (w + w.detach()) * 0.5), X)


def test_a_wrong_input_gradient_is_told_by_the_inputs_name():
    class Cut(nn.Linear):
        def forward(self, x):
            return super().forward(x.detach())

    with pytest.raises(GradientError, match=r"input 0 \(x\) of shape \(3, 3\)"):
        check_module(Cut(3, 2, rng=np.random.default_rng(0)), X)


def test_tied_and_frozen_weights():
    class Tied(nn.Module):
        def __init__(self):
            self.a, self.b = (nn.Linear(3, 3, rng=np.random.default_rng(i)) for i in range(2))
            self.b.weight = self.a.weight
            self.b.bias.requires_grad_(False)

        def forward(self, x):
            assert {p.shape for p in self.parameters()} == {(3, 3), (3,)}  # they can be asked for inside, too
            return self.b(self.a(x).tanh())

    check_module(Tied(), X, order=2, directions=1, layouts=())


def test_integers_are_handed_on():
    check_module(nn.Embedding(5, 3, rng=np.random.default_rng(0)), np.array([[0, 4], [4, 1]]), order=2)


@settings(max_examples=5)
@given(arrays(shapes(1, 2, least=1).map(lambda s: (*s, 3))))
def test_layers_are_checked_on_drawn_inputs(x):
    check_module(nn.Linear(3, 2, rng=np.random.default_rng(0)), x, directions=1)


# models

DIGITS = data.load("digits")
SPEC = models.DataSpec((8, 8, 1), 17, 10)
BATCH = next(data.in_order(DIGITS.test, 3))


def model(family, **config):
    family = models.FAMILIES[family]
    return family(family.Config(**config), SPEC, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("vae", {"latent": 3, "hidden": (8,)}),
        ("vae", {"latent": 3, "hidden": (8,), "likelihood": "logistic", "objective": "iwae", "samples": 3}),
        ("ladder", {"latents": (4, 2), "hidden": (8,), "upper": (4,)}),
        ("gan", {"network": "dcgan", "latent": 4, "channels": (4, 8)}),
        ("flow", {"layers": 2, "channels": 3, "blocks": 1, "scales": 1, "bins": 3}),
        ("diffusion", {"timesteps": 60, "base": 8, "multipliers": (1,), "blocks": 1}),
    ],
)
def test_the_loss_of_every_family_has_the_gradient_of_every_weight(family, config):
    check_model(model(family, **config), BATCH, Stream(0))


def test_a_wrong_model_is_told_by_player_and_weight():
    class Wrong(models.VAE):
        def outputs(self, z, y=None):
            return super().outputs((z + z.detach()) * 0.5, y)

    wrong = Wrong(models.VAEConfig(latent=3, hidden=(8,)), SPEC, rng=np.random.default_rng(0))
    with pytest.raises(GradientError, match=r"the gradient of Wrong's loss is wrong .* \(parameter encoder\."):
        check_model(wrong, BATCH, Stream(0))

    class WrongGAN(models.GAN):
        def loss(self, batch, rng, player="discriminator"):
            terms = super().loss(batch, rng, player)
            return terms if player == "discriminator" else {**terms, "loss": terms["loss"] + terms["loss"].detach()}

    config = models.GANConfig(network="dcgan", latent=4, channels=(4, 8))
    gan = WrongGAN(config, SPEC, rng=np.random.default_rng(0))
    check_model(gan, BATCH, Stream(0), players=("discriminator",))
    with pytest.raises(GradientError, match=r"loss for the generator .* every element is 0\.5 times"):
        check_model(gan, BATCH, Stream(0))
    with pytest.raises(UserError, match="discriminator, generator"):
        check_model(gan, BATCH, Stream(0), players=("referee",))


def test_any_module_with_a_loss_will_do():
    class Regression(nn.Module):
        def __init__(self):
            self.line = nn.Linear(3, 1, rng=np.random.default_rng(0))

        def loss(self, batch, rng):
            return F.mse_loss(self.line(batch["x"]), batch["y"])

    check_model(Regression(), {"x": tensor(X), "y": tensor(X[:, :1])}, None, order=2)


def test_a_loss_may_ask_for_gradients_of_its_own():
    """As a gradient penalty does: the check must not forbid to record."""

    class Penalised(nn.Module):
        def __init__(self):
            self.line = nn.Linear(3, 1, rng=np.random.default_rng(0))

        def loss(self, batch, rng):
            x = tensor(batch).requires_grad_()
            (slope,) = grad(self.line(x).tanh().sum(), [x], create_graph=True)
            return (slope * slope).sum()

    check_model(Penalised(), X, None)


@dataclass(frozen=True)
class Point:
    """A batch as a user may write one."""

    x: np.ndarray
    n: int


def test_everything_in_a_batch_is_doubled():
    double = in_double({"a": (X, [tensor(X)]), "b": BATCH, "c": "text", "d": np.arange(3)})
    assert double["a"][0].dtype == double["a"][1][0].dtype == double["b"].x.dtype == np.float64
    assert (type(double["b"]), double["c"], double["d"].dtype) == (type(BATCH), "text", np.arange(3).dtype)
    point = in_double(Point(X, 3))
    assert (point.x.dtype, point.n) == (np.float64, 3)
