"""Sequential and ModuleList behave as lists whose members are registered."""

import numpy as np
import pytest

import minigen
from minigen import nn
from minigen.errors import UserError


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
