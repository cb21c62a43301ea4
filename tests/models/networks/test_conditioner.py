"""Conditioners start at zero, see their context, and have right gradients."""

import numpy as np
import pytest

from minigen import tensor
from minigen.models.networks import GatedConvConditioner, MLPConditioner
from minigen.testing import check_gradients


def make(kind, context=0):
    rng = np.random.default_rng(0)
    if kind == "mlp":
        return MLPConditioner((3, 6, 5, 4), context, rng=rng).to("float64"), (3,)
    return GatedConvConditioner((3, 6, 4), 2, context, rng=rng).to("float64"), (4, 5, 3)


def shaken(module):
    rng = np.random.default_rng(1)
    for parameter in module.parameters():
        parameter.copy_(parameter.numpy() + 0.2 * rng.normal(size=parameter.shape))
    return module


@pytest.mark.parametrize("kind", ["mlp", "conv"])
def test_it_starts_at_zero(kind):
    module, shape = make(kind)
    y = module(tensor(np.random.default_rng(2).normal(size=(2, *shape)))).numpy()
    assert y.shape == (2, *shape[:-1], 4)
    assert not y.any()


@pytest.mark.parametrize(("kind", "places"), [("mlp", ()), ("conv", ()), ("conv", (4, 5))])
def test_the_context_matters_to_its_own_datum(kind, places):
    """A vector reaches every pixel, a map its own neighbourhood; no datum sees another's."""
    module, shape = make(kind, context=2)
    shaken(module)
    rng = np.random.default_rng(3)
    x, context = tensor(rng.normal(size=(2, *shape))), rng.normal(size=(2, *places, 2))
    before = module(x, tensor(context)).numpy()
    context[0] += 1
    moved = module(x, tensor(context)).numpy() != before
    assert moved[0].all()
    assert not moved[1].any()


@pytest.mark.parametrize("kind", ["mlp", "conv"])
def test_gradients(kind):
    module, shape = make(kind, context=2)
    rng = np.random.default_rng(4)
    check_gradients(shaken(module), rng.normal(size=(2, *shape)), rng.normal(size=(2, 2)))
