"""Operations are counted as by hand: products, convolutions and their gradients, and those of whole workloads."""

import numpy as np
import pytest

from benchmarks import ddpm, flow2d, gan, vae
from minigen import grad, tensor
from minigen.core import functional as F
from minigen.insight import count_operations


def test_a_product_and_its_gradients_take_three_times_2mnk():
    rng = np.random.default_rng(0)
    a, b = (tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((5, 7), (7, 3)))
    with count_operations() as count:
        grad((a @ b).sum(), [a, b])
    products = sum(n for name, n in count.by_op.items() if name.startswith("MatMul"))
    assert products == 3 * 2 * 5 * 7 * 3
    assert count.calls["MatMul"] == 1


def test_a_convolution_and_its_gradients_meet_the_same_triples():
    rng = np.random.default_rng(1)
    x = tensor(rng.standard_normal((2, 9, 8, 6)), requires_grad=True)
    weight = tensor(rng.standard_normal((3, 2, 3, 4)), requires_grad=True)
    with count_operations() as count:
        y = F.conv2d(x, weight, stride=2, padding=1, groups=2)
        grad(y.sum(), [x, weight])
    once = 2 * np.prod(y.shape) * 3 * 2 * 3
    assert {count.by_op[name] for name in ("Conv2d", "Conv2dInputGrad", "Conv2dWeightGrad")} == {once}


def test_views_are_free_and_an_elementwise_op_counts_its_values():
    x = tensor(np.ones((4, 5)))
    with count_operations() as count:
        x.reshape(20).exp()
    assert count.total == 20


def test_gradients_of_gradients_count_too():
    x = tensor(np.ones((3, 4)), requires_grad=True)
    w = tensor(np.ones((4, 2)), requires_grad=True)
    with count_operations() as first:
        (g,) = grad((x @ w).tanh().sum(), x, create_graph=True)
    with count_operations() as second:
        grad((g * g).sum(), w)
    assert first.by_op["MatMul"] == 2 * 3 * 4 * 2
    assert sum(n for name, n in second.by_op.items() if name.startswith("MatMul")) >= 2 * 2 * 3 * 4 * 2


def test_the_watch_that_was_there_comes_back():
    with pytest.raises(ZeroDivisionError), count_operations():
        raise ZeroDivisionError
    with count_operations() as outer:
        with count_operations() as inner:
            tensor(np.ones(3)).exp()
        tensor(np.ones(5)).exp()
    assert (outer.total, inner.total) == (5, 3)


@pytest.mark.needs_jit
@pytest.mark.parametrize(
    ("contender", "published"),
    [
        (vae.Contender, 0.223e9),
        (flow2d.Contender, 0.412e9),
        (gan.Contender, 26.2e9),
        pytest.param(ddpm.Contender, 139e9, marks=pytest.mark.slow),
        (ddpm.SampleContender, 46.4e9),
    ],
    ids=["vae", "flow2d", "gan", "ddpm", "ddpm-sample"],
)
def test_the_workloads_take_what_their_definition_says(contender, published):
    """Within 5 %: the definitions count products alone, and the least that a step can do without."""
    subject = contender()
    with count_operations() as count:
        subject.step()
    assert abs(count.total / published - 1) < 0.05
