"""Laws of the variational autoencoder, on tiny networks in float64 and on the real digits."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from minigen import Stream, data, grad, tensor
from minigen.errors import UserError
from minigen.models import VAE, DataSpec, VAEConfig
from minigen.probability import Normal, standard_normal_log_prob
from minigen.testing import check_model

IMAGES = DataSpec((4, 4, 1), levels=17)
POINTS = DataSpec((2,))


def make(spec=IMAGES, dtype="float64", **options):
    config = VAEConfig(**{"latent": 2, "hidden": (5,), "channels": (3, 4), **options})
    return VAE(config, spec, rng=np.random.default_rng(0)).to(dtype)


def images(n, seed=0, levels=17):
    return np.random.default_rng(seed).integers(0, levels, (n, 4, 4, 1)) / (levels - 1)


def observed(vae, n, seed=0):
    x = images(n, seed) if vae.spec.levels else np.random.default_rng(seed).normal(size=(n, 2))
    return vae.likelihood.observe(x, Stream(seed))


ALL = [(IMAGES, "bernoulli"), (IMAGES, "gaussian"), (IMAGES, "logistic"), (POINTS, "gaussian")]


@pytest.mark.parametrize(("spec", "likelihood"), ALL)
@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_shapes_and_seeds(spec, likelihood, network):
    if network == "conv" and spec is POINTS:
        with pytest.raises(UserError, match="images"):
            make(spec, network=network, likelihood=likelihood)
        return
    vae = make(spec, network=network, likelihood=likelihood, dtype="float32")
    if spec.levels:  # away from black, where the limits of [0, 1] would hide any difference
        vae.look_at_data([SimpleNamespace(x=images(30))])
    drawn = vae.sample(3, Stream(1))
    assert drawn.shape == (3, *spec.shape)
    np.testing.assert_array_equal(drawn, vae.sample(3, Stream(1)))
    assert not np.array_equal(drawn, vae.sample(3, Stream(2)))
    if spec.levels:
        assert drawn.min() >= 0
        assert drawn.max() <= 1
    x = images(5).astype(np.float32) if spec.levels else np.zeros((5, 2), np.float32)
    assert vae.reconstruct(x).shape == x.shape
    assert vae.encode(x)[0].shape == (5, 2)
    assert vae.posterior_samples(x, 4, Stream(0)).shape == (4, *x.shape)
    assert vae.interpolate(x, x[::-1], 6).shape == (6, *x.shape)
    assert vae.traversal(x, 1).shape == (7, *x.shape)
    assert vae.trajectory(3, Stream(0), steps=9)["sample"].shape == (9, 3, *spec.shape)
    assert vae.log_prob(x, Stream(0)).values.shape == (5,)


def test_beta_one_is_the_elbo():
    """E_q[log p(x, z) − log q(z | x)] by 20,000 draws equals −loss with its analytic KL, within 4 standard errors."""
    vae = make()
    x = observed(vae, 1)
    q = vae.posterior(x)
    mu, logvar = (np.repeat(t.numpy(), 20_000, 0) for t in (q.mu, q.logvar))
    z = Normal(tensor(mu), tensor(logvar)).sample(Stream(5))
    xs = tensor(np.repeat(x.numpy(), 20_000, 0))
    log_joint = vae.likelihood.log_prob(vae.outputs(z), xs) + standard_normal_log_prob(z).sum(-1)
    draws = (log_joint - Normal(tensor(mu), tensor(logvar)).log_prob(z).sum(-1)).numpy()
    losses = [vae.elbo(x, Stream(i))["loss"].item() for i in range(400)]
    error = math.hypot(draws.std() / math.sqrt(len(draws)), np.std(losses) / math.sqrt(len(losses)))
    assert abs(draws.mean() + np.mean(losses)) < 4 * error
    assert make(beta=1.0).elbo(x, Stream(0))["loss"].item() == pytest.approx(
        sum(term.mean().item() for term in vae.elbo_terms(x, Stream(0))), rel=1e-12
    )


@pytest.mark.parametrize("objective", ["elbo", "iwae", "dreg"])
def test_every_term_of_the_loss_states_its_unit(objective):
    terms = make(objective=objective).loss(SimpleNamespace(x=images(3)), Stream(0))
    assert "loss" in terms
    assert terms.keys() <= VAE.units.keys()


def test_beta_weights_the_kl_alone():
    x = observed(make(), 6)
    terms = {beta: make(beta=beta).elbo(x, Stream(0)) for beta in (0.0, 1.0, 4.0)}
    kl = terms[1.0]["kl"].item()
    for beta, term in terms.items():
        assert term["loss"].item() == pytest.approx(term["reconstruction"].item() + beta * kl, rel=1e-12)


def exact_log_prob(vae, x):
    """log ∫ p(x | z) p(z) dz over a grid of the two latents."""
    side = np.linspace(-7, 7, 241)
    z = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    log_p = []
    for one in x.numpy():
        xs = tensor(np.repeat(one[None], len(z), 0))
        joint = vae.likelihood.log_prob(vae.outputs(tensor(z)), xs) + standard_normal_log_prob(tensor(z)).sum(-1)
        log_p.append(np.logaddexp.reduce(joint.numpy()) + 2 * math.log(side[1] - side[0]))
    return np.array(log_p)


@pytest.mark.parametrize(("spec", "likelihood"), ALL)
def test_elbo_below_iwae_below_log_p(spec, likelihood):
    """The bounds are ordered and meet log p(x), computed by quadrature over the latents, as draws increase."""
    vae = make(spec, likelihood=likelihood)
    x = observed(vae, 3)
    exact = exact_log_prob(vae, x)
    means = {}
    for k in (1, 10, 1000):
        repeats = np.stack([vae.log_prob(x.numpy(), Stream(i), samples=k).values for i in range(60)])
        means[k] = repeats.mean(0)
        slack = 3 * repeats.std(0) / math.sqrt(len(repeats)) + 1e-9
        assert (means[k] <= exact + slack).all(), (k, means[k], exact)
    assert means[1].mean() <= means[10].mean() + 0.05
    np.testing.assert_allclose(means[1000], exact, atol=0.05)


@pytest.mark.parametrize("objective", ["iwae", "dreg"])
def test_one_sample_bounds_agree_in_value(objective):
    """With one draw the importance-weighted loss is log q − log p(x, z) at that draw."""
    vae, x = make(objective=objective), observed(make(), 4)
    q = vae.posterior(x)
    z = q.reparameterize(Stream(2).child("posterior").normal((1, 4, 2), np.float64)[0])
    expected = (q.log_prob(z) - standard_normal_log_prob(z)).sum(-1) - vae.likelihood.log_prob(vae.outputs(z), x)
    assert getattr(vae, objective)(x, Stream(2))["loss"].item() == pytest.approx(expected.mean().item(), rel=1e-6)


def gradient_means(objective, seeds):
    vae = make(objective=objective, samples=4)
    x = observed(vae, 2)
    parameters = vae.parameters()
    rows = []
    for seed in range(seeds):
        gradients = grad(getattr(vae, objective)(x, Stream(seed))["loss"], parameters)
        rows.append(np.concatenate([g.numpy().ravel() for g in gradients]))
    return np.mean(rows, 0), np.std(rows, 0) / math.sqrt(seeds), vae


def test_doubly_reparameterised_gradient_is_unbiased():
    """Over many draws it has the mean of the plain importance-weighted gradient, for encoder and decoder alike."""
    plain, plain_error, _ = gradient_means("iwae", 1500)
    double, double_error, _ = gradient_means("dreg", 1500)
    error = np.hypot(plain_error, double_error) + 1e-12
    assert np.abs((plain - double) / error).max() < 5
    assert np.abs(plain).max() > 20 * error.max()  # the test has something to see


def test_the_bound_takes_bounded_memory():
    """However many data and draws: the decoder sees so many rows at once that its arrays stay near 100 MB."""
    spec = DataSpec((64, 64, 3), 256)
    vae = VAE(VAEConfig(network="conv", latent=2, channels=(4, 8)), spec, rng=np.random.default_rng(0))
    seen = []
    outputs = vae.outputs
    vae.outputs = lambda z, y=None: seen.append(math.prod(z.shape[:-1])) or outputs(z, y)
    values = vae.log_prob(np.zeros((3, *spec.shape), np.float32), Stream(0), samples=1000).values
    assert values.shape == (3,)
    assert max(seen) * spec.size * 4 < 110e6
    assert sum(seen) == 3000


@pytest.mark.parametrize("network", ["mlp", "conv"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "logistic"])
def test_the_mean_of_an_untrained_model_is_the_datas(network, likelihood):
    """After look_at_data with the weights of the last layer at zero, the decoder's mean is the data's."""
    vae = make(network=network, likelihood=likelihood, dtype="float32")
    x = images(50).astype(np.float32)
    vae.look_at_data([SimpleNamespace(x=x[:20]), SimpleNamespace(x=x[20:])])
    last = (vae.decoder.layers if network == "conv" else vae.decoder)[-1]
    last.weight.zero_()
    mean = vae.sample(1, Stream(0))[0]
    wanted = x.mean(0)
    if network == "conv":  # one bias for each channel
        assert mean.mean() == pytest.approx(wanted.mean(), abs=0.02)
    else:
        np.testing.assert_allclose(mean, wanted, atol=2e-3)


def test_configuration_errors_say_what_to_do():
    with pytest.raises(UserError, match="latent is 0; it must be at least 1"):
        VAEConfig(latent=0)
    with pytest.raises(UserError, match="beta is nan"):
        VAEConfig(beta=float("nan"))
    with pytest.raises(UserError, match="network is 'lstm'; it must be one of: mlp, conv"):
        VAEConfig(network="lstm")
    with pytest.raises(UserError, match="samples=0"):
        make().log_prob(images(2), Stream(0), samples=0)
    with pytest.raises(UserError, match="within"):
        make().log_prob(images(2) * 7, Stream(0))
    with pytest.raises(UserError, match="beta is 2"):
        VAEConfig(beta=2.0, objective="iwae")
    with pytest.raises(UserError, match="divisible by 4"):
        make(DataSpec((6, 6, 1), 17), network="conv")
    with pytest.raises(UserError, match="grey levels"):
        make(POINTS, likelihood="logistic")
    with pytest.raises(UserError, match=r"made for data of shape"):
        make().reconstruct(np.zeros((2, 5, 5, 1)))
    with pytest.raises(UserError, match="latent dimension 9 does not exist"):
        make().traversal(images(1), 9)


@pytest.mark.parametrize("k", [1, 5, 50])
def test_bounds_against_a_closed_form(k):
    """A linear decoder makes p(x) = N(b, WᵀW + σ²): ELBO ≤ IWAE-k ≤ log p(x), within 3 standard errors.

    The model is probabilistic PCA.
    """
    vae = make(DataSpec((3,)), hidden=(), likelihood="gaussian")
    vae.likelihood.logvar.copy_(np.array([-0.7]))
    x = 0.5 * np.random.default_rng(3).normal(size=(6, 3))
    weight, bias, variance = vae.decoder[0].weight.numpy(), vae.decoder[0].bias.numpy(), math.exp(-0.7)
    covariance = weight.T @ weight + variance * np.eye(3)
    centred = x - bias
    exact = -0.5 * (
        3 * math.log(2 * math.pi)
        + np.linalg.slogdet(covariance)[1]
        + (centred @ np.linalg.inv(covariance) * centred).sum(1)
    )
    bounds = np.stack([vae.log_prob(x, Stream(i), samples=k).values for i in range(200)])
    elbos = -np.stack([sum(t.numpy().reshape(-1) for t in vae.elbo_terms(tensor(x), Stream(i))) for i in range(200)])
    slack = 3 * bounds.std(0) / math.sqrt(200)
    assert (bounds.mean(0) <= exact + slack).all()
    assert (elbos.mean(0) <= bounds.mean(0) + slack + 3 * elbos.std(0) / math.sqrt(200)).all()
    if k == 50:  # there is a gap to close, and many guesses close it
        assert elbos.mean() < exact.mean() - 0.1
        np.testing.assert_allclose(vae.log_prob(x, Stream(0), samples=50_000).values, exact, atol=0.1)


def test_the_exact_posterior_makes_the_bound_exact():
    """Orthogonal loadings make the posterior of probabilistic PCA diagonal: then each log w is log p(x)."""
    vae = make(DataSpec((3,)), hidden=(), likelihood="gaussian")
    variance = math.exp(-0.7)
    vae.likelihood.logvar.copy_(np.array([-0.7]))
    loadings = np.array([[1.2, 0.0, 0.0], [0.0, 0.6, 0.8]])
    vae.decoder[0].weight.copy_(loadings)
    precision = 1 + (loadings**2).sum(1) / variance
    vae.encoder[0].weight.copy_(np.hstack([loadings.T / variance / precision, np.zeros((3, 2))]))
    vae.encoder[0].bias.copy_(np.hstack([np.zeros(2), -np.log(precision)]))
    x = np.random.default_rng(0).normal(size=(4, 3))
    covariance = loadings.T @ loadings + variance * np.eye(3)
    quadratic = (x @ np.linalg.inv(covariance) * x).sum(1)
    exact = -0.5 * (3 * math.log(2 * math.pi) + np.linalg.slogdet(covariance)[1] + quadratic)
    for seed in range(3):
        np.testing.assert_allclose(vae.log_prob(x, Stream(seed), samples=1).values, exact, rtol=1e-10)


@pytest.mark.parametrize("objective", ["elbo", "iwae"])
@pytest.mark.parametrize("conditional", [False, True])
def test_gradients(objective, conditional):
    """Of the loss by each parameter."""
    spec = DataSpec((2,), classes=3)
    vae = make(spec, objective=objective, likelihood="gaussian", samples=2, conditional=conditional)
    batch = SimpleNamespace(x=np.random.default_rng(0).normal(size=(4, 2)), labels=np.array([0, 2, 1, 2]))
    check_model(vae, batch, Stream(0))


def test_a_conditional_perceptron_sees_the_one_hot_beside_its_input():
    """The label's weights V are the columns that a first layer of [x, y] would have, and [z, y] in the decoder."""
    vae = make(DataSpec((4, 4, 1), 17, 3), conditional=True)
    labels = np.array([0, 1, 2, 1, 0])
    y = np.eye(3)[labels]
    for network, inputs, seen in (
        (vae.encoder, images(5).reshape(5, 16), lambda a: vae.posterior(tensor(a.reshape(5, 4, 4, 1)), tensor(y))),
        (vae.decoder, np.random.default_rng(1).normal(size=(5, 2)), lambda a: vae.outputs(tensor(a), tensor(y))),
    ):
        first, tanh, last = network.layers
        weight = tensor(np.concatenate([first.weight.numpy(), network.label.weight.numpy()]))
        joined = last(tanh(tensor(np.concatenate([inputs, y], 1)) @ weight + first.bias)).numpy()
        ours = seen(inputs)
        ours = np.hstack([ours.mu.numpy(), ours.logvar.numpy()]) if isinstance(ours, Normal) else ours.numpy()
        np.testing.assert_allclose(ours.reshape(joined.shape), joined, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_a_conditional_model_is_another_for_each_label(network):
    """Samples, posteriors, bounds and walks change with the label; each datum is treated by its own."""
    vae = make(DataSpec((4, 4, 1), 17, 3), network=network, conditional=True, likelihood="logistic")
    vae.look_at_data([SimpleNamespace(x=images(30))])
    x, labels = images(5), np.array([0, 1, 2, 1, 0])
    other = (labels + 1) % 3
    for call in (
        lambda y: vae.sample(5, Stream(0), y),
        lambda y: vae.encode(x, y)[0],
        lambda y: vae.reconstruct(x, y),
        lambda y: vae.log_prob(x, Stream(0), y, samples=3).values,
        lambda y: vae.trajectory(5, Stream(0), y, steps=3)["sample"],
        lambda y: vae.interpolate(x, x[::-1], 3, y),
        lambda y: vae.traversal(x, 1, (0, 1), y),
        lambda y: vae.posterior_samples(x, 2, Stream(0), y),
    ):
        assert not np.array_equal(call(labels), call(other))
    mixed = vae.encode(x, labels)[0]
    for i, label in enumerate(labels):
        np.testing.assert_allclose(vae.encode(x, int(label))[0][i], mixed[i], rtol=1e-10)
    for call in (vae.encode, vae.reconstruct):
        with pytest.raises(UserError, match="pass labels"):
            call(x)


def test_a_walk_ends_where_sample_draws():
    vae = make()
    walk = vae.trajectory(4, Stream(3), steps=5)["sample"]
    np.testing.assert_allclose(walk[-1], vae.sample(4, Stream(3)), atol=1e-12)
    np.testing.assert_allclose(vae.trajectory(4, Stream(3), steps=1)["sample"][0], walk[-1], atol=1e-12)
    with pytest.raises(UserError, match="steps=0"):
        vae.trajectory(4, Stream(3), steps=0)


def test_burda_network_has_the_published_size():
    vae = VAE(VAEConfig(), DataSpec((28, 28, 1), 256), rng=np.random.default_rng(0))
    sizes = [(784, 200), (200, 200), (200, 100), (50, 200), (200, 200), (200, 784)]
    assert sum(p.numel() for p in vae.parameters()) == sum(i * o + o for i, o in sizes)


def test_it_overfits_one_batch_of_digits():
    from minigen import optim

    vae = VAE(VAEConfig(latent=8, hidden=(64,)), DataSpec((8, 8, 1), 17), rng=np.random.default_rng(0))
    batch = data.Batches(data.load("digits").train, 20, seed=0).at(0)
    x = vae.likelihood.observe(batch.x, Stream(0))
    optimizer = optim.Adam(vae.parameters(), lr=3e-3)
    first = vae.elbo(x, Stream(0))["loss"].item()
    for step in range(400):
        optimizer.zero_grad()
        loss = vae.elbo(x, Stream(0).at(step))["loss"]
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5 * first
