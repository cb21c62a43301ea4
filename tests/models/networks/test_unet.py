"""Laws of the U-Net: its size, its shapes, what reaches what, and its derivative."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigen import no_grad, tensor
from minigen.errors import UserError
from minigen.models.networks import UNet
from minigen.testing import check_gradients

TIMES = np.array([3.0, 700.0])


def make(shape=(8, 8, 1), dtype="float64", stir=True, **options):
    """A small U-Net; ``stir`` moves the parameters that start at 0, so that nothing hides behind them."""
    options = {"base": 4, "multipliers": (1, 2), "blocks": 1, **options}
    rng = np.random.default_rng(0)
    net = UNet(shape, **options, rng=rng).to(dtype)
    for parameter in net.parameters() if stir else ():
        parameter.copy_(parameter.numpy() + 0.1 * rng.standard_normal(parameter.shape))
    return net


def noise(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape)


def test_the_workload_s_net_has_its_number_of_parameters():
    net = UNet((32, 32, 1), rng=np.random.default_rng(0))
    assert sum(parameter.numel() for parameter in net.parameters()) == 1_623_169


@settings(max_examples=8)
@given(
    st.tuples(st.integers(2, 3), st.integers(2, 3)), st.integers(1, 3), st.sampled_from([2, 6, 8, 34]),
    st.lists(st.integers(1, 2), min_size=1, max_size=3), st.integers(1, 2), st.sampled_from([0, 4]),
)  # fmt: skip
def test_images_of_every_size_that_can_be_halved(sides, channels, base, multipliers, blocks, below):
    times = 2 ** (len(multipliers) - 1)
    shape = (sides[0] * times, sides[1] * times, channels)
    net = make(shape, base=base, multipliers=tuple(multipliers), blocks=blocks, attention_below=below)
    y = net(tensor(noise(2, *shape)), TIMES)
    assert (y.shape, y.dtype) == ((2, *shape), np.float64)
    y.square().sum().backward()
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in net.parameters()), "a part is not connected"


def test_it_starts_as_zero_and_may_have_other_channels():
    net = make(stir=False, out_channels=2)
    assert not net(tensor(noise(2, 8, 8, 1)), TIMES).numpy().any()
    assert net(tensor(noise(2, 8, 8, 1)), TIMES).shape == (2, 8, 8, 2)


@no_grad()
def test_images_of_a_batch_do_not_see_each_other_but_their_time():
    net, x = make(), noise(2, 8, 8, 1)
    both = net(tensor(x), TIMES).numpy()
    np.testing.assert_allclose(both[:1], net(tensor(x[:1]), TIMES[:1]).numpy(), atol=1e-12)
    assert np.abs(both[:1] - net(tensor(x[:1]), TIMES[1:]).numpy()).max() > 1e-3


@no_grad()
def test_a_label_is_heard_and_the_last_one_means_not_told():
    net, x = make(classes=3), tensor(noise(2, 8, 8, 1))
    answers = [net(x, TIMES, np.full(2, label)).numpy() for label in range(4)]
    np.testing.assert_array_equal(net(x, TIMES).numpy(), answers[3])
    assert min(np.abs(a - b).max() for i, a in enumerate(answers) for b in answers[:i]) > 1e-3


def test_its_derivative():
    net = make((4, 4, 1))
    check_gradients(lambda x: net(x, TIMES), noise(2, 4, 4, 1), directions=1)


@pytest.mark.parametrize("shape", [(30, 30, 1), (28, 30, 1), (7, 7, 1)])
def test_a_size_that_cannot_be_halved_is_one_sentence(shape):
    with pytest.raises(UserError, match=rf"halves images 2 times, and {shape[0]}×{shape[1]} cannot.*multiples of 4$"):
        make(shape, multipliers=(1, 2, 2))


def test_points_and_unknown_labels_are_sentences():
    with pytest.raises(UserError, match="--network mlp"):
        make((2,))
    with pytest.raises(UserError, match="without classes"):
        make()(tensor(noise(2, 8, 8, 1)), TIMES, np.array([0, 1]))
