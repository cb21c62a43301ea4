"""Sequential and ModuleList behave as lists whose members are registered."""

import numpy as np
import pytest

import minigen
from minigen import nn
from minigen.errors import NonFiniteError, ShapeError, UserError


def layers(n=4):
    rng = np.random.default_rng(0)
    return [nn.Linear(3, 3, rng=rng) for _ in range(n)]


@pytest.mark.parametrize("build", [nn.ModuleList, lambda members: nn.Sequential(*members)])
def test_a_container_is_a_list(build):
    members = layers()
    container = build(members)
    assert len(container) == 4 and list(container) == members
    assert container[1] is members[1] and container[-1] is members[3]
    assert type(container[1:3]) is type(container) and list(container[1:3]) == members[1:3]
    assert container[::2].parameters()[2] is members[2].weight
    extra = nn.Tanh()
    assert list(container.append(extra)) == [*members, extra]
    assert [name for name, _ in container.named_children()] == ["0", "1", "2", "3", "4"]
    with pytest.raises(IndexError):
        container[9]


def test_sequential_composes_and_splits():
    model, x = nn.Sequential(*layers()), minigen.tensor(np.ones((2, 3), np.float32))
    y = x
    for layer in model:
        y = layer(y)
    np.testing.assert_array_equal(model(x).numpy(), y.numpy())
    np.testing.assert_array_equal(model[2:](model[:2](x)).numpy(), y.numpy())


def test_members_must_be_modules():
    with pytest.raises(UserError, match="Sequential got a list at position 0"):
        nn.Sequential([nn.Tanh()])
    with pytest.raises(UserError, match="ModuleList got a function"):
        nn.ModuleList([lambda x: x])


def test_a_nested_list_names_its_members_by_the_whole_path():
    model = nn.Module()
    model.levels = nn.ModuleList([nn.ModuleList(layers(2))])
    model.levels.append(nn.ModuleList(layers(1)))
    assert [m._name for m in (model.levels[0][1], model.levels[1][0])] == ["levels.0.1", "levels.1.0"]


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_a_linear_layer_and_its_activation_are_one_op(activation):
    """With the same values and gradients as one after the other; `anomaly` still names the module."""
    (layer,) = layers(1)
    check_joined(nn.Sequential(layer, activation()), f"Linear{activation.__name__}")


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("count", [2, 3])
def test_linear_layers_with_an_activation_between_them_are_one_op(activation, count):
    check_joined(nn.Sequential(*alternating(layers(count), activation)), "MultilayerPerceptron")


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("end", [nn.ReLU, nn.Tanh])
def test_what_stands_behind_such_layers_is_computed_too(activation, end):
    """Its own activation belongs to the layer before, and the layers go in pairs; whatever else follows is called."""
    name = f"Linear{end.__name__}" if end is activation else end.__name__
    check_joined(nn.Sequential(*alternating(layers(3), activation), end()), name)


def alternating(members, activation):
    return [module for layer in members for module in (layer, activation())][:-1]


def check_joined(model, name):
    """The last op of a model has the name, and its results are those of the modules called one after the other."""
    first, x = model[0], minigen.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    y = model(x)
    assert y.op.name == name
    apart = x
    for module in model:
        apart = module(apart)
    np.testing.assert_allclose(y.numpy(), apart.numpy(), rtol=1e-6)
    inputs = [x, *model.parameters()]
    for g, expected in zip(minigen.grad(y.sum(), inputs), minigen.grad(apart.sum(), inputs), strict=True):
        np.testing.assert_allclose(g.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    first.weight.copy_(np.inf)
    with minigen.anomaly(), pytest.raises(NonFiniteError, match=r"of Linear of .* in module Sequential\.0:"):
        model(x)


def test_layers_made_from_linear_are_called_themselves():
    class Doubled(nn.Linear):
        def forward(self, x):
            return super().forward(x) * 2

    layer = Doubled(3, 3, rng=np.random.default_rng(0))
    x = minigen.tensor(np.ones((2, 3), np.float32))
    np.testing.assert_array_equal(nn.Sequential(layer, nn.ReLU())(x).numpy(), nn.ReLU()(layer(x)).numpy())


def test_a_mistake_inside_a_joined_pair_names_the_layer():
    with pytest.raises(ShapeError) as caught:
        nn.Sequential(*layers(1), nn.ReLU())(minigen.tensor(np.ones((2, 4), np.float32)))
    assert "  in 0 (Linear)" in caught.value.__notes__
    wider = nn.Linear(4, 4, rng=np.random.default_rng(0))
    with pytest.raises(ShapeError) as caught:
        nn.Sequential(*alternating([*layers(2), wider], nn.ReLU))(minigen.tensor(np.ones((2, 3), np.float32)))
    assert "  in 4 (Linear)" in caught.value.__notes__
