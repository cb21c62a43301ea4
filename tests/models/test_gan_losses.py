"""Laws of the GAN losses, and the gradients of gradients of their penalties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import Tensor, grad, nn, tensor
from minigen.errors import UserError
from minigen.functional import softplus
from minigen.models.gan_losses import LOSSES, between, one_centred, require_independent, slope, zero_centred
from minigen.models.networks import DCGANDiscriminator, MLPDiscriminator

SEEDS = st.integers(0, 2**32 - 1)


def logits(seed, n=7):
    return np.random.default_rng(seed).normal(size=(2, n))


def derivative(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


def discriminator_loss(name, d_real, d_fake, p, q):
    """∫ p ℓ_real(D) + q ℓ_fake(D) at one x: the discriminator's loss of logits there, weighted by the densities."""
    rule = LOSSES[name].discriminator
    far = tensor(np.array([50.0]))  # where the other half's loss is constant
    one, other = (tensor(np.array([value])) for value in (d_real, d_fake))
    real = rule(one, -far).item() - rule(far, -far).item()
    fake = rule(far, other).item() - rule(far, -far).item()
    return p * real + q * fake


@given(st.floats(0.05, 3), st.floats(0.05, 3))
@pytest.mark.parametrize("name", ["minimax", "nonsaturating", "least-squares"])
def test_the_best_discriminator_knows_the_densities(name, p, q):
    """The logit whose `probability` is p/(p + q) is where the discriminator's loss at x is flat, and convex around."""
    rule = LOSSES[name]
    best = p / (p + q) if name == "least-squares" else math.log(p / q)
    assert rule.probability(np.array(best)) == pytest.approx(p / (p + q), rel=1e-9)
    value = lambda d: discriminator_loss(name, d, d, p, q)  # noqa: E731
    assert derivative(value, best) == pytest.approx(0, abs=1e-6)
    assert value(best) < min(value(best - 0.1), value(best + 0.1))


def test_the_best_discriminator_of_two_gaussians():
    """p = N(0, 1), q = N(1, 1): log p/q = ½ − x, so minimising over a line in x finds slope −1 and bias ½."""
    grid = np.linspace(-9, 10, 4001)
    p, q = (np.exp(-((grid - m) ** 2) / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0]) for m in (0, 1))
    weights = tensor(np.array([-1.0, 0.5]), requires_grad=True)

    def loss(w):
        d = tensor(grid) * w[0] + w[1]
        return (softplus(-d) * p + softplus(d) * q).sum()

    (gradient,) = grad(loss(weights), [weights])
    np.testing.assert_allclose(gradient.numpy(), 0, atol=1e-9)
    assert loss(weights).item() < loss(weights.detach() * 1.1).item()


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_wants_higher_logits(name):
    """Its loss falls as a fake's logit rises, towards the real ones'."""
    real, fake = logits(0)
    fake = tensor(fake - 1, requires_grad=True)
    (gradient,) = grad(LOSSES[name].generator(tensor(real), fake), [fake])
    assert (gradient.numpy() < 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_the_discriminator_pulls_real_up_and_fake_down(name):
    real, fake = (tensor(x, requires_grad=True) for x in np.random.default_rng(1).uniform(0.1, 0.9, (2, 7)))
    up, down = grad(LOSSES[name].discriminator(real, fake), [real, fake])
    assert (up.numpy() < 0).all()
    assert (down.numpy() > 0).all()


@given(SEEDS)
def test_minimax_is_a_zero_sum_game_in_the_fakes(seed):
    real, fake = map(tensor, logits(seed))
    rule = LOSSES["minimax"]
    total = rule.discriminator(real, fake) + rule.generator(real, fake)
    shifted = rule.discriminator(real, fake + 1) + rule.generator(real, fake + 1)
    assert total.item() == pytest.approx(shifted.item(), rel=1e-12)


@given(SEEDS, st.floats(-5, 5))
def test_relativistic_looks_at_differences_and_is_symmetric(seed, shift):
    """A common shift changes nothing; the generator's loss is the discriminator's with the roles exchanged."""
    real, fake = map(tensor, logits(seed))
    rule = LOSSES["relativistic"]
    for loss in (rule.discriminator, rule.generator):
        assert loss(real + shift, fake + shift).item() == pytest.approx(loss(real, fake).item(), rel=1e-9)
    assert rule.generator(real, fake).item() == pytest.approx(rule.discriminator(fake, real).item(), rel=1e-12)
    assert rule.discriminator(real, real).item() == pytest.approx(math.log(2), rel=1e-12)


def test_values_by_hand():
    real, fake = tensor(np.array([2.0, 0.5])), tensor(np.array([-3.0, 1.0]))
    values = {
        name: (rule.discriminator(real, fake).item(), rule.generator(real, fake).item())
        for name, rule in LOSSES.items()
    }
    assert values["hinge"] == pytest.approx((0.25 + 1.0, 1.0))
    assert values["wasserstein"] == pytest.approx((-1.0 - 1.25, 1.0))
    assert values["least-squares"] == pytest.approx(((1 + 0.25) / 4 + (9 + 1) / 4, (16 + 0) / 4))
    soft = lambda x: math.log1p(math.exp(x))  # noqa: E731
    assert values["minimax"][1] == pytest.approx(-(soft(-3) + soft(1)) / 2)
    assert values["nonsaturating"][1] == pytest.approx((soft(3) + soft(-1)) / 2)
    assert values["nonsaturating"][0] == pytest.approx((soft(-2) + soft(-0.5) + soft(-3) + soft(1)) / 2)
    assert values["relativistic"] == pytest.approx(((soft(-5) + soft(0.5)) / 2, (soft(5) + soft(-0.5)) / 2))


# penalties


@given(SEEDS)
def test_penalties_of_a_linear_discriminator(seed):
    """D(x) = w·x has the slope ‖w‖ everywhere."""
    w, x = np.random.default_rng(seed).normal(size=(2, 6, 3))
    w, x = tensor(w[0]), tensor(x, requires_grad=True)
    norm = float((w * w).sum()) ** 0.5
    np.testing.assert_allclose(slope(x @ w, x).numpy(), norm**2, rtol=1e-12)
    assert zero_centred(x @ w, x).item() == pytest.approx(norm**2 / 2, rel=1e-12)
    assert one_centred(x @ w, x).item() == pytest.approx((norm - 1) ** 2, rel=1e-6, abs=1e-9)


def test_the_slope_of_a_pack_is_that_of_its_one_logit():
    """D(pack) = w·pack has the slope ‖w‖, over all data of the pack together."""
    rng = np.random.default_rng(0)
    w, x = tensor(rng.normal(size=6)), tensor(rng.normal(size=(8, 3)), requires_grad=True)
    logits = x.reshape(4, 6) @ w
    np.testing.assert_allclose(slope(logits, x).numpy(), np.full(4, float((w * w).sum())), rtol=1e-12)


def test_a_flat_discriminator_has_a_finite_penalty():
    w = tensor(np.zeros(3), requires_grad=True)
    x = tensor(np.ones((2, 3)), requires_grad=True)
    penalty = one_centred(x @ w, x)
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    assert np.isfinite(grad(penalty, [w])[0].numpy()).all()


@given(SEEDS)
def test_between_lies_on_the_line(seed):
    rng = np.random.default_rng(seed)
    real, fake, u = rng.normal(size=(4, 2, 2, 1)), rng.normal(size=(4, 2, 2, 1)), rng.random(4)
    x = between(real, fake, u)
    for i in range(4):
        np.testing.assert_allclose(x[i], u[i] * real[i] + (1 - u[i]) * fake[i], rtol=1e-12)
    np.testing.assert_array_equal(between(real, fake, np.ones(4)), real)


def points_discriminator(**options):
    return MLPDiscriminator(2, (6, 5), rng=np.random.default_rng(0), **options).to("float64")


def images_discriminator():
    rng = np.random.default_rng(0)
    made = DCGANDiscriminator((8, 8, 1), (3, 4), norm=None, rng=rng).to("float64")
    for parameter in made.parameters():
        parameter.copy_(0.4 * rng.standard_normal(parameter.shape))
    return made


CASES = {
    "mlp": (points_discriminator, (4, 2)),
    "fourier": (lambda: points_discriminator(frequencies=2), (4, 2)),
    "dcgan": (images_discriminator, (3, 8, 8, 1)),
}


def penalised(network, kind, arrays):
    """A discriminator's whole loss with one penalty, of the arrays real, fake and u."""
    real, fake, u = arrays
    real, fake = Tensor(real, requires_grad=True), Tensor(fake, requires_grad=True)
    r, f = network(real), network(fake)
    loss = LOSSES["wasserstein" if kind == "gp" else "relativistic"].discriminator(r, f)
    if kind == "gp":
        x = Tensor(between(real.numpy(), fake.numpy(), u), requires_grad=True)
        return loss + one_centred(network(x), x) * 10.0
    return loss + (zero_centred(r, real) if kind == "r1" else zero_centred(f, fake)) * 3.0


def draws(shape, seed=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=shape), rng.random(shape[0])


@pytest.mark.parametrize("kind", ["r1", "r2", "gp"])
@pytest.mark.parametrize("case", CASES)
def test_penalised_gradients_against_central_differences(case, kind):
    make, shape = CASES[case]
    network, arrays = make(), draws(shape)
    parameters = network.parameters()
    gradients = grad(penalised(network, kind, arrays), parameters)
    rng = np.random.default_rng(1)
    for _ in range(3):
        directions = [rng.standard_normal(p.shape) for p in parameters]
        ours = sum((g.numpy() * d).sum() for g, d in zip(gradients, directions, strict=True))
        starts = [p.numpy().copy() for p in parameters]

        def at(h, starts=starts, directions=directions):
            for p, start, d in zip(parameters, starts, directions, strict=True):
                p.copy_(start + h * d)
            return penalised(network, kind, arrays).item()

        h = 1e-6
        numeric = (at(h) - at(-h)) / (2 * h)
        at(0)
        assert ours == pytest.approx(numeric, rel=2e-5, abs=1e-7)


def torch_network(torch, case, network):
    """The same discriminator in PyTorch, and its weights in the order of ours."""
    F = torch.nn.functional
    weights = [torch.tensor(p.numpy().copy(), requires_grad=True) for p in network.parameters()]

    def mlp(x):
        octaves = [x * (math.pi * 2**k) for k in range(network.frequencies)]
        h = torch.cat([x, *map(torch.sin, octaves), *map(torch.cos, octaves)], -1)
        for w, b in zip(weights[0:4:2], weights[1:4:2], strict=True):
            h = F.leaky_relu(h @ w + b, 0.2)
        return (h @ weights[4] + weights[5])[:, 0]

    def dcgan(x):
        h = x.permute(0, 3, 1, 2)
        for w, b in zip(weights[0:4:2], weights[1:4:2], strict=True):
            h = F.leaky_relu(F.conv2d(h, w.permute(3, 2, 0, 1), b, stride=2, padding=1), 0.2)
        return (h.permute(0, 2, 3, 1).flatten(1) @ weights[4] + weights[5])[:, 0]

    return (dcgan if case == "dcgan" else mlp), weights


def torch_penalised(torch, network, kind, arrays):
    F = torch.nn.functional
    real, fake, u = (torch.tensor(a) for a in arrays)
    real.requires_grad_(), fake.requires_grad_()
    r, f = network(real), network(fake)

    def squares(y, x):
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return g.flatten(1).pow(2).sum(1)

    if kind == "gp":
        u = u.reshape(-1, *[1] * (real.ndim - 1))
        x = (u * real.detach() + (1 - u) * fake.detach()).requires_grad_()
        return f.mean() - r.mean() + 10 * ((squares(network(x), x) + 1e-12).sqrt() - 1).square().mean()
    y, x = (r, real) if kind == "r1" else (f, fake)
    return F.softplus(f - r).mean() + 1.5 * squares(y, x).mean()


@pytest.mark.parametrize("kind", ["r1", "r2", "gp"])
@pytest.mark.parametrize("case", CASES)
def test_penalised_gradients_against_pytorch(torch, case, kind):
    make, shape = CASES[case]
    network, arrays = make(), draws(shape)
    peer, weights = torch_network(torch, case, network)
    ours = penalised(network, kind, arrays)
    theirs = torch_penalised(torch, peer, kind, arrays)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-10)
    gradients = grad(ours, network.parameters())
    expected = torch.autograd.grad(theirs, weights, allow_unused=True)
    for g, e in zip(gradients, expected, strict=True):
        e = np.zeros(g.shape) if e is None else e.numpy()
        np.testing.assert_allclose(g.numpy(), e, rtol=1e-6, atol=1e-9)


def test_batch_statistics_are_refused_and_named():
    rng = np.random.default_rng(0)
    require_independent(MLPDiscriminator(2, (4, 4), rng=rng))
    with pytest.raises(UserError, match=r"layers\.3 is a BatchNorm"):
        require_independent(DCGANDiscriminator((8, 8, 1), (3, 4), rng=rng))
    with pytest.raises(UserError, match="whole is a BatchNorm"):
        require_independent(nn.BatchNorm(3))


def test_batch_norm_would_hide_a_slope():
    """Why: batch norm takes away every common shift, so the slope of summed logits is 0 although each is steep."""
    norm = nn.BatchNorm(1, dtype=np.float64)
    x = tensor(np.random.default_rng(0).normal(size=(6, 1)), requires_grad=True)
    np.testing.assert_allclose(slope(norm(x)[:, 0], x).numpy(), 0, atol=1e-12)
