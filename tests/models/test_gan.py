"""Laws of the generative adversarial network, on tiny networks, and what it does on real points and digits."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from minigen import Stream, nn, no_grad, optim, tensor
from minigen.errors import UserError
from minigen.models import GAN, DataSpec, GANConfig

IMAGES = DataSpec((8, 8, 1), levels=17, classes=3)
POINTS = DataSpec((2,), classes=3)
KINDS = [(POINTS, "mlp"), (IMAGES, "mlp"), (IMAGES, "dcgan")]


def make(spec=POINTS, dtype="float64", **options):
    config = GANConfig(**{"latent": 4, "hidden": (8, 6), "channels": (4, 5), **options})
    return GAN(config, spec, rng=np.random.default_rng(0)).to(dtype)


def batch(spec=POINTS, n=12, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, *spec.shape), dtype=np.float32)
    return SimpleNamespace(x=x if spec.levels else 3 + 2 * x, labels=rng.integers(0, 3, n))


def train(gan, data, steps, lr=2e-3):
    """A small training loop: batches of everything, noise by the step."""
    optimizers = {p: optim.Adam(gan.parameters_of(p), lr=lr, **gan.adam_options(p)) for p in gan.players}
    gan.look_at_data([data])
    for step in range(steps):
        for turn, player in enumerate(gan.turns):
            optimizers[player].zero_grad()
            gan(data, Stream(0).at(step).child(f"{player} {turn}"), player)["loss"].backward()
            optimizers[player].step()
    return gan


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize(("spec", "network"), KINDS)
def test_shapes_and_seeds(spec, network, conditional):
    gan = make(spec, "float32", network=network, conditional=conditional)
    drawn = gan.sample(3, Stream(1))
    assert drawn.shape == (3, *spec.shape)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, gan.sample(3, Stream(1)))
    assert not np.array_equal(drawn, gan.sample(3, Stream(2)))
    assert gan.sample(0, Stream(0)).shape == (0, *spec.shape)
    if spec.levels:
        assert 0 <= drawn.min() <= drawn.max() <= 1
    walk = gan.trajectory(2, Stream(0), steps=5)["walk"]
    assert walk.shape == (5, 2, *spec.shape)
    labels = gan.labels_for(2, Stream(0))
    np.testing.assert_allclose(walk[0], gan.decode(gan.latents(2, Stream(0).child("from")), labels), rtol=1e-5)
    np.testing.assert_allclose(walk[-1], gan.sample(2, Stream(0), labels), rtol=1e-4, atol=1e-6)


def test_there_is_no_likelihood_and_it_says_so():
    found = make().log_prob(batch().x, Stream(0))
    assert np.isnan(found.values).all()
    assert found.values.shape == (12,)
    assert (found.kind, found.of) == ("undefined", "density of continuous x")
    assert "no probabilities" in found.facts["reason"]


@pytest.mark.parametrize(("spec", "network"), KINDS)
def test_a_label_changes_the_sample_and_the_judgement(spec, network):
    gan = make(spec, network=network, conditional=True, loss="nonsaturating")
    z = gan.latents(5, Stream(0))
    assert not np.allclose(gan.decode(z, 0), gan.decode(z, 1))
    x = batch(spec).x
    assert not np.allclose(gan.probability_real(x, 0), gan.probability_real(x, 2))


# the game


@pytest.mark.parametrize("options", [{}, {"penalties": ("gp",), "loss": "wasserstein"}, {"d_steps": 3}, {"pack": 2}])
def test_every_term_of_the_loss_states_its_unit(options):
    gan = make(**options)
    assert gan.turns == ("discriminator",) * options.get("d_steps", 1) + ("generator",)
    assert set(gan.turns) == set(gan.players)
    assert gan.averaged in gan.players
    for player in gan.players:
        terms = gan(batch(), Stream(0), player)
        assert "loss" in terms
        assert terms.keys() <= GAN.units.keys()
        assert all(term.shape == () for term in terms.values())
    terms = gan(batch(), Stream(0), "discriminator")
    total = terms["adversarial"].item() + gan.config.penalty_weight * terms["penalty"].item()
    assert terms["loss"].item() == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("loss", ["nonsaturating", "relativistic"])
@pytest.mark.parametrize(("spec", "network"), KINDS)
def test_each_turn_moves_its_own_player_only(spec, network, loss):
    gan = make(spec, network=network, loss=loss)
    for player, other in (gan.players, gan.players[::-1]):
        gan.zero_grad()
        gan(batch(spec), Stream(0), player)["loss"].backward()
        assert all(p.grad is None or not p.grad.numpy().any() for p in gan.parameters_of(other))
        assert any(p.grad is not None and p.grad.numpy().any() for p in gan.parameters_of(player))
        assert all(p.requires_grad for p in gan.parameters())
    assert {id(p) for player in gan.players for p in gan.parameters_of(player)} == {id(p) for p in gan.parameters()}


def test_real_and_fake_are_judged_apart():
    """Under batch norm the discriminator's logits of real data do not depend on the fakes beside them."""
    gan = make(IMAGES, network="dcgan", norm="batch", penalties=(), loss="nonsaturating")
    terms = [gan(batch(IMAGES), Stream(seed), "discriminator")["accuracy_real"].item() for seed in range(3)]
    assert len(set(terms)) == 1
    gan.train()
    with no_grad():
        alone = gan.judge(gan.scaling(batch(IMAGES).x.astype(np.float64)))
        both = gan.judge(gan.scaling(np.concatenate([batch(IMAGES).x, gan.sample(12, Stream(0))])))
    assert not np.allclose(alone.numpy(), both.numpy()[:12])


def test_the_same_stream_gives_the_same_loss_and_another_step_another():
    gan = make(instance_noise=0.5, fade_steps=10)
    losses = [[gan(batch(), Stream(0).at(step), p)["loss"].item() for p in gan.players] for step in (0, 0, 1)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_noise_and_penalty_fade():
    config = GANConfig(instance_noise=0.4, fade_steps=100, penalty_weight=0.1, penalty_end=0.001)
    assert [config.noise_at(step) for step in (0, 100, 500)] == [0.4, 0, 0]
    assert [config.penalty_at(step) for step in (0, 50, 100, 500)] == pytest.approx([0.1, 0.01, 0.001, 0.001])
    assert np.all(np.diff([config.noise_at(step) for step in range(101)]) < 0)
    assert GANConfig(penalty_weight=2.0).penalty_at(10**6) == 2
    gan = make(instance_noise=0.4, fade_steps=100)
    sigma = gan.prepared(batch(n=12), Stream(0))[2]
    assert sigma.item() == 0.4
    blurred = gan._blurred(tensor(np.zeros((5000, 2))), sigma, Stream(0)).numpy()
    assert blurred.std() == pytest.approx(0.4, rel=0.03)


def test_coins_are_fair_signs_and_the_rest_is_normal():
    z = make(coins=3).latents(4000, Stream(0))
    assert set(np.unique(z[:, :3])) == {-1, 1}
    np.testing.assert_allclose(z.mean(0), 0, atol=0.07)
    np.testing.assert_allclose(z.std(0), 1, atol=0.05)
    assert len(np.unique(z[:, 3])) > 3900


def test_a_pack_is_seen_whole():
    """Packs of m: N/m logits, each of its own m data; images are joined by channels, pixel by pixel."""
    gan = make(IMAGES, network="dcgan", pack=3)
    x = batch(IMAGES).x.astype(np.float64)
    with no_grad():
        logits = gan.judge(tensor(x)).numpy()
        joined = np.concatenate([x[0::3], x[1::3], x[2::3]], -1)
        np.testing.assert_allclose(logits, gan.discriminator(tensor(joined)).numpy(), rtol=1e-10)
    assert logits.shape == (4,)
    whole = SimpleNamespace(x=batch(IMAGES, 14).x[:12], labels=None)  # what is left over joins no pack
    assert gan(batch(IMAGES, 14), Stream(0), "discriminator")["loss"].item() == pytest.approx(
        gan(whole, Stream(0), "discriminator")["loss"].item()
    )
    with pytest.raises(UserError, match="less than one pack of 3"):
        gan(batch(IMAGES, 2), Stream(0), "generator")


def test_spectral_norm_bounds_the_slope():
    """An MLP of weights of norm 1 and LeakyReLU moves its logit by no more than its input moves."""
    gan = make(norm="spectral", penalties=(), loss="hinge", hidden=(16, 16))
    train(gan, batch(), 30, lr=1e-2)
    gan.train()
    for _ in range(200):  # power iterations
        gan.judge(tensor(np.zeros((1, 2))))
    gan.eval()
    x = np.random.default_rng(0).normal(size=(2, 300, 2))
    with no_grad():
        a, b = (gan.judge(tensor(part)).numpy() for part in x)
    assert (np.abs(a - b) <= np.linalg.norm(x[0] - x[1], axis=1) * 1.001).all()


def test_accuracy_counts_the_right_side():
    gan = make(loss="least-squares")
    shares = gan._accuracies(tensor(np.array([0.6, 0.4, 0.9, 1.2])), tensor(np.array([0.4, 0.6, 0.1, 0.2])))
    assert {name: share.item() for name, share in shares.items()} == {"accuracy_real": 0.75, "accuracy_fake": 0.75}
    shifted = make(loss="relativistic")._accuracies(tensor(np.array([7.0, 8.0])), tensor(np.array([5.0, 6.0])))
    assert [share.item() for share in shifted.values()] == [1, 1]


# what it learns


def test_a_discriminator_learns_the_probability_of_being_real():
    """The generator stands still at q; D's training ends at p/(p + q): 1-D Gaussians, known in closed form."""
    gan = make(DataSpec((1,)), loss="nonsaturating", penalties=(), hidden=(32, 32), betas=(0.9, 0.999))
    gan.generator.layers[-2].weight.zero_()
    gan.generator.layers[-2].bias.copy_(np.array([0.5]))
    rng = np.random.default_rng(0)
    spread = lambda x, stream: x + tensor(stream.normal(x.shape, np.float64) * 0.7)  # noqa: E731
    gan._blurred = lambda x, sigma, stream: x if x.numpy().std() > 1e-9 else spread(x, stream)  # q = N(.5, .7²)
    optimizer = optim.Adam(gan.parameters_of("discriminator"), lr=3e-3)
    for step in range(600):
        data = SimpleNamespace(x=rng.normal(-0.5, 0.7, (256, 1)), labels=None)
        optimizer.zero_grad()
        gan(data, Stream(0).at(step), "discriminator")["loss"].backward()
        optimizer.step()
    x = np.linspace(-1.5, 1.5, 13)[:, None]
    expected = 1 / (1 + np.exp(2 * 0.5 * x[:, 0] / 0.7**2))  # log q/p = x / .49
    np.testing.assert_allclose(gan.probability_real(x), expected, atol=0.07)


@pytest.mark.parametrize(("spec", "network"), KINDS)
def test_overfits_one_batch(spec, network):
    """Four data: the samples come to lie nearer to them than they began by a factor of 2."""
    options = {"hidden": (32, 32), "channels": (8, 12), "coins": 4, "penalty_weight": 0.05}
    gan = make(spec, "float32", network=network, **options)
    data = batch(spec, 4, seed=3)
    if spec.levels:
        data.x = np.round(data.x)
    big = SimpleNamespace(x=np.tile(data.x, (8, *[1] * len(spec.shape))), labels=None)
    gan.look_at_data([big])

    def distance():
        x = gan.sample(100, Stream(9))
        return np.linalg.norm((x[:, None] - data.x).reshape(100, 4, -1), axis=-1).min(1).mean()

    before = distance()
    train(gan, big, 300 if network == "mlp" else 400)
    assert distance() < before / 2


# saving


def test_state_goes_round_with_its_scale():
    gan = make(norm="spectral")
    gan.look_at_data([batch()])
    other = make(norm="spectral")
    other.load_state_dict(gan.state_dict())
    np.testing.assert_array_equal(gan.sample(4, Stream(0)), other.sample(4, Stream(0)))
    assert gan.sample(50, Stream(0)).mean() > 1.5  # in the data's units: they lie around 4


def test_sampling_leaves_the_training_mode_and_uses_running_statistics():
    gan = make(IMAGES, network="dcgan").train()
    together = gan.sample(4, Stream(0))
    assert all(module.training for module in gan.modules())
    np.testing.assert_allclose(gan.decode(gan.latents(4, Stream(0))[:1])[0], together[0], rtol=1e-9)


# bad input


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"d_steps": 0}, "d_steps is 0"),
        ({"penalty_weight": -1.0}, "penalty_weight is -1"),
        ({"penalties": ("r3",)}, "'r3'; each must be one of: r1, r2, gp"),
        ({"betas": (0.5, 1.0)}, "below 1"),
        ({"coins": 9}, "of which there are 4"),
        ({"penalty_end": 2.0}, "no larger"),
        ({"fade_steps": 0}, "fade_steps is 0"),
        ({"pack": 0}, "pack is 0"),
        ({"pack": 2, "conditional": True}, "--pack 1"),
        ({"loss": "wasserstein", "penalties": ()}, "falls for ever"),
        ({"loss": "wasserstein", "penalties": (), "norm": "spectral", "conditional": True}, "without --conditional"),
        ({"loss": "kl"}, "loss is 'kl'"),
        ({"hidden": ()}, "at least one layer"),
    ],
)
def test_options_that_make_no_sense(options, words):
    with pytest.raises(UserError, match=words):
        make(**options)


def test_penalties_and_batch_statistics_exclude_each_other():
    for network in ("mlp", "dcgan"):
        with pytest.raises(UserError, match="statistics mix the batch"):
            make(IMAGES, network=network, norm="batch")
        made = make(IMAGES, network=network, norm="batch", penalties=())
        assert any(isinstance(module, nn.BatchNorm) for module in made.discriminator.modules())


def test_data_that_a_convolution_cannot_take():
    with pytest.raises(UserError, match="--network mlp"):
        make(POINTS, network="dcgan")
    with pytest.raises(UserError, match="cannot be halved"):
        make(DataSpec((9, 9, 1), 256), network="dcgan")


def test_calls_that_cannot_be_answered():
    gan = make(loss="nonsaturating")
    with pytest.raises(UserError, match="without labels"):
        gan.sample(2, Stream(0), labels=1)
    with pytest.raises(UserError, match="label 3 does not exist"):
        make(conditional=True).sample(2, Stream(0), labels=[0, 3])
    with pytest.raises(UserError, match="labels"):
        make(DataSpec((2,)), conditional=True)
    with pytest.raises(UserError, match=r"latents of shape \(2, 3\)"):
        gan.decode(np.zeros((2, 3)))
    with pytest.raises(UserError, match="no player 'model'"):
        gan.loss(batch(), Stream(0), "model")
    with pytest.raises(UserError, match="at least 2"):
        gan.trajectory(1, Stream(0), steps=1)
    with pytest.raises(UserError, match="made for data of shape"):
        gan.loss(SimpleNamespace(x=np.zeros((4, 3)), labels=None), Stream(0), "generator")


@pytest.mark.parametrize("loss", ["hinge", "wasserstein", "relativistic"])
def test_probabilities_that_a_loss_does_not_define_are_refused(loss):
    with pytest.raises(UserError, match="minimax, nonsaturating, least-squares"):
        make(loss=loss).probability_real(batch().x)
    assert math.isfinite(make(loss="minimax").probability_real(batch().x).sum())
    with pytest.raises(UserError, match="must be finite"):
        make(loss="minimax").probability_real(batch().x * np.nan)
    with pytest.raises(UserError, match="2 data together"):
        make(loss="minimax", pack=2).probability_real(batch().x)
