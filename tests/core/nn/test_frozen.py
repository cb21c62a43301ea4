"""A frozen module passes gradients on and takes none."""

import numpy as np
import pytest

from minigen import nn, tensor


def test_gradients_pass_and_reach_no_parameter():
    rng = np.random.default_rng(0)
    module = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 1, rng=rng))
    module[0].bias.requires_grad_(False)
    x = tensor(rng.standard_normal((5, 3)).astype(np.float32), requires_grad=True)
    module(x).sum().backward()
    wanted, x.grad = x.grad.numpy().copy(), None
    module.zero_grad()
    with module.frozen():
        y = module(x).sum()
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), wanted)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert [p.requires_grad for p in module.parameters()] == [True, False, True, True]


def test_an_error_inside_thaws_too():
    module = nn.Linear(2, 2, rng=np.random.default_rng(0))
    with pytest.raises(RuntimeError), module.frozen():
        raise RuntimeError
    assert module.weight.requires_grad
