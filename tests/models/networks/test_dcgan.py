"""Laws of DCGAN's two networks: sizes, ranges, labels, and what the parts given from outside do."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigen import nn, tensor
from minigen.errors import UserError
from minigen.models.networks import DCGANDiscriminator, DCGANGenerator
from minigen.testing import check_gradients


def rng(seed=0):
    return np.random.default_rng(seed)


def latents(n, size=5, dtype=np.float32):
    return tensor(rng(1).standard_normal((n, size)).astype(dtype))


def test_the_workload_s_networks():
    generator, discriminator = DCGANGenerator((32, 32, 1), 64, rng=rng()), DCGANDiscriminator((32, 32, 1), rng=rng())
    weights = [p.shape for p in generator.parameters() if p.ndim > 1]
    assert weights == [(64, 4 * 4 * 256), (4, 4, 256, 128), (4, 4, 128, 64), (4, 4, 64, 1)]
    assert sum(p.numel() for p in generator.parameters()) == sum(map(np.prod, weights)) + 2 * (256 + 128 + 64) + 1
    weights = [p.shape for p in discriminator.parameters() if p.ndim > 1]
    assert weights == [(4, 4, 1, 64), (4, 4, 64, 128), (4, 4, 128, 256), (4 * 4 * 256, 1)]
    assert sum(p.numel() for p in discriminator.parameters()) == sum(map(np.prod, weights)) + 64 + 2 * (128 + 256) + 1


@settings(max_examples=8)
@given(st.integers(2, 8), st.integers(2, 8), st.integers(1, 3), st.integers(1, 3))
def test_the_discriminator_judges_what_the_generator_draws(height, width, colours, depth):
    shape, channels = (2 * height, 2 * width, colours), (2, 3, 4)[:depth]
    generator = DCGANGenerator(shape, 5, channels[::-1], classes=3, rng=rng())
    discriminator = DCGANDiscriminator(shape, channels, classes=3, rng=rng())
    labels = np.array([0, 1, 2])
    x = generator(latents(3), labels)
    assert x.shape == (3, *shape)
    assert np.abs(x.numpy()).max() < 1
    logits = discriminator(x, labels)
    assert logits.shape == (3,)
    logits.sum().backward()
    assert all(p.grad is not None for net in (generator, discriminator) for p in net.parameters())


@pytest.mark.parametrize(("side", "smallest"), [(8, 2), (28, 7), (32, 4), (64, 8), (6, 3), (4, 2)])
def test_sides_are_halved_while_whole_sides_of_2_remain(side, smallest):
    discriminator = DCGANDiscriminator((side, side, 1), (2, 3, 4), rng=rng())
    halvings = round(np.log2(side / smallest))
    assert discriminator.judge.in_features == smallest**2 * (2, 3, 4)[halvings - 1]


@pytest.mark.parametrize("shape", [(9, 9, 1), (8, 7, 1), (2, 2, 1)])
@pytest.mark.parametrize(
    "make", [lambda s: DCGANGenerator(s, 5, rng=rng()), lambda s: DCGANDiscriminator(s, rng=rng())]
)
def test_a_size_that_cannot_be_halved_is_one_sentence(shape, make):
    with pytest.raises(UserError, match=f"{shape[0]}×{shape[1]} cannot be halved: it needs even sides"):
        make(shape)
    with pytest.raises(UserError, match="--network mlp"):
        make((2,))


def test_weights_start_small():
    for network in (DCGANGenerator((16, 16, 1), 64, rng=rng()), DCGANDiscriminator((16, 16, 1), rng=rng())):
        for parameter in network.parameters():
            if parameter.numel() > 1000:
                assert parameter.numpy().std() == pytest.approx(0.02, rel=0.1)


def test_a_norm_and_a_wrapper_are_given_as_functions():
    plain = DCGANDiscriminator((8, 8, 1), (2, 4), norm=None, wrap=partial(nn.SpectralNorm, rng=rng()), rng=rng())
    kinds = [type(module) for module in plain.modules()]
    assert kinds.count(nn.SpectralNorm) == 3  # two convolutions and the linear layer
    assert nn.BatchNorm not in kinds
    grouped = DCGANDiscriminator((8, 8, 1), (2, 4), norm=lambda channels: nn.GroupNorm(2, channels), rng=rng())
    assert [type(module) for module in grouped.modules()].count(nn.GroupNorm) == 1  # never after the first convolution


def test_several_images_a_look_are_channels():
    packed = DCGANDiscriminator((8, 8, 3), (2, 4), images_per_look=2, rng=rng())
    assert packed(tensor(np.zeros((5, 8, 8, 6), np.float32))).shape == (5,)


def test_labels_change_both_networks_and_must_be_there():
    generator = DCGANGenerator((8, 8, 1), 5, (4, 2), classes=2, rng=rng())
    discriminator = DCGANDiscriminator((8, 8, 1), (2, 4), classes=2, norm=None, rng=rng())
    z, (a, b) = latents(4), (np.zeros(4, int), np.array([0, 0, 1, 1]))
    x = generator(z, a)
    assert np.abs(x.numpy() - generator(z, b).numpy()).max() > 1e-4
    differ = discriminator(x, a).numpy() != discriminator(x, b).numpy()
    np.testing.assert_array_equal(differ, [False, False, True, True])
    with pytest.raises(UserError, match="needs labels"):
        generator(z)
    with pytest.raises(UserError, match="takes no labels"):
        DCGANDiscriminator((8, 8, 1), rng=rng())(x, a)


def test_derivatives_to_second_order():
    """The penalties ask for the second: through a discriminator without batch statistics."""
    discriminator = DCGANDiscriminator((4, 4, 1), (2, 3), norm=None, rng=rng()).to("float64")
    for parameter in discriminator.parameters():
        parameter.copy_(rng(2).standard_normal(parameter.shape))
    check_gradients(discriminator, rng(3).standard_normal((2, 4, 4, 1)), order=2, directions=1)
    generator = DCGANGenerator((4, 4, 1), 2, (3,), rng=rng()).to("float64")
    check_gradients(generator, rng(3).standard_normal((3, 2)), directions=1)
