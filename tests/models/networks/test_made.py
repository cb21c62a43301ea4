"""MADE: no pixel sees itself or a later one, and its probabilities are probabilities."""

import itertools
import math

import numpy as np
import pytest

from minigen import Stream, grad, optim, tensor
from minigen.errors import ShapeError, UserError
from minigen.models.networks import MADE
from minigen.models.networks.made import degrees
from minigen.testing import check_gradients


def make(size, levels=2, hidden=(30, 20), seed=0):
    network = MADE(size, levels, hidden, rng=np.random.default_rng(seed)).to("float64")
    rng = np.random.default_rng(seed + 1)
    for parameter in network.parameters():
        parameter.copy_(parameter.numpy() + 0.5 * rng.normal(size=parameter.shape))
    return network


def every(size, levels):
    return np.array(list(itertools.product(range(levels), repeat=size))) / (levels - 1)


@pytest.mark.parametrize(("size", "levels", "hidden"), [(6, 2, (40,)), (5, 3, (30, 25)), (8, 2, (3, 50)), (1, 4, (3,))])
def test_the_jacobian_is_strictly_triangular(size, levels, hidden):
    """By our own autograd: a pixel's logits depend on pixels before it, and with enough units on all of these."""
    network, rng = make(size, levels, hidden), np.random.default_rng(2)
    x = tensor(rng.random((3, size)), requires_grad=True)
    logits = network(x)
    assert logits.shape == (3, size, levels)
    jacobian = np.stack(
        [
            grad((logits[:, d] * rng.normal(size=levels)).sum(), x, retain_graph=True)[0].numpy() for d in range(size)
        ]
    )  # fmt: skip
    seen = np.abs(jacobian).sum(1) > 0  # (D, D)
    assert not np.triu(seen).any()
    if min(hidden) >= 4 * size:
        assert (seen == np.tri(size, k=-1, dtype=bool)).all()


@pytest.mark.parametrize(("size", "levels"), [(8, 2), (4, 3), (1, 5)])
def test_probabilities_sum_to_one(size, levels):
    log_p = make(size, levels).log_prob(every(size, levels)).numpy()
    assert np.exp(log_p).sum() == pytest.approx(1, rel=1e-12)


def test_samples_follow_the_probabilities():
    """Pearson's χ² over all 27 states; under the truth its mean is 26 and its deviation √52."""
    network, n = make(3, 3), 6000
    states = every(3, 3)
    expected = n * np.exp(network.log_prob(states).numpy())
    drawn = network.sample(n, Stream(0))
    assert set(np.unique(drawn)) <= {0, 0.5, 1}
    count = np.bincount((drawn * 2).astype(int) @ (9, 3, 1), minlength=27)
    chi = ((count - expected) ** 2 / expected).sum()
    assert chi < 26 + 5 * math.sqrt(52)
    np.testing.assert_array_equal(network.sample(n, Stream(0)), drawn)
    assert (network.sample(n, Stream(1)) != drawn).any()


def test_gradients():
    network = make(4, 3, (6,))
    check_gradients(network, np.random.default_rng(4).random((2, 4)))


def test_it_learns_that_the_last_pixels_repeat_the_first():
    """P(x) of pairs of coins, each thrown once and written twice: two bits."""
    network = MADE(4, hidden=(32,), rng=np.random.default_rng(0))
    coins = np.random.default_rng(1).integers(2, size=(256, 2)).astype(np.float32)
    x, optimizer = np.concatenate([coins, coins], 1), optim.Adam(network.parameters(), lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        loss = -network.log_prob(x).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() == pytest.approx(2 * math.log(2), abs=0.05)
    drawn = network.sample(200, Stream(0))
    assert drawn.dtype == np.float32 and (drawn[:, :2] == drawn[:, 2:]).all(1).mean() > 0.95


def test_degrees_are_spread_evenly():
    assert list(degrees(6, 4)) == [1, 1, 2, 2, 3, 3] and list(degrees(3, 1)) == [1, 1, 1]
    assert set(degrees(500, 784)) <= set(range(1, 784)) and degrees(500, 784)[-1] > 780


def test_masks_are_no_state():
    network = make(3)
    assert not [name for name in network.state_dict() if "mask" in name]
    other = make(3, seed=9)
    other.load_state_dict(network.state_dict())
    x = every(3, 2)
    np.testing.assert_array_equal(other.log_prob(x).numpy(), network.log_prob(x).numpy())


def test_bad_input_is_named():
    for options in ({"size": 0}, {"size": 3, "levels": 1}, {"size": 3, "hidden": ()}, {"size": 3, "hidden": (0,)}):
        with pytest.raises(UserError, match="a MADE got"):
            MADE(**options, rng=np.random.default_rng(0))
    with pytest.raises(ShapeError, match=r"wanted \(N, 3\)"):
        make(3).log_prob(np.zeros((2, 4)))
