"""Laws of the ladder VAE: its merge, its KL terms, its bound, its warm-up."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen import Stream, tensor
from minigen.errors import UserError
from minigen.models import DataSpec, LadderConfig, LadderVAE
from minigen.models.ladder import merge
from minigen.probability import Normal, kl_normal, kl_standard_normal, standard_normal_log_prob
from minigen.testing import check_model

POINTS = DataSpec((3,))
numbers = st.floats(-3, 3)


def make(spec=POINTS, **options):
    options = {"latents": (2, 1), "hidden": (5,), "upper": (4,), "likelihood": "gaussian", **options}
    return LadderVAE(LadderConfig(**options), spec, rng=np.random.default_rng(0)).to("float64")


def points(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3))


@given(numbers, numbers, numbers, numbers)
def test_the_merge_is_the_product_of_both_densities(mu, logvar, prior_mu, prior_logvar):
    """log q(z) − log p(z) − log evidence(z) is the same number at every z."""
    evidence, prior = Normal(tensor([mu], dtype="float64"), tensor([logvar], dtype="float64")), Normal(
        tensor([prior_mu], dtype="float64"), tensor([prior_logvar], dtype="float64")
    )  # fmt: skip
    z = tensor(np.linspace(-4, 4, 9))
    q = merge(evidence, prior)
    constant = (q.log_prob(z) - prior.log_prob(z) - evidence.log_prob(z)).numpy()
    np.testing.assert_allclose(constant, constant[0], rtol=1e-9, atol=1e-9)
    # no evidence, no change; no prior, the evidence alone; and no overflow on the way
    for sure, vague in ((evidence, prior), (prior, evidence)):
        nothing = Normal(vague.mu, vague.logvar * 0 + 2000.0)
        merged = merge(sure, nothing) if sure is evidence else merge(nothing, sure)
        np.testing.assert_allclose(merged.mu.numpy(), sure.mu.numpy(), atol=1e-12)
        np.testing.assert_allclose(merged.logvar.numpy(), sure.logvar.numpy(), atol=1e-12)


@given(numbers, numbers, numbers, numbers)
def test_kl_of_normals_is_its_integral(mu, logvar, other_mu, other_logvar):
    q, p = ((np.array([m]), np.array([v])) for m, v in ((mu, logvar), (other_mu, other_logvar)))
    q, p = (Normal(tensor(m), tensor(v)) for m, v in (q, p))
    z = np.linspace(mu - 9 * math.exp(logvar / 2), mu + 9 * math.exp(logvar / 2), 4001)
    log_q, log_p = q.log_prob(tensor(z)).numpy(), p.log_prob(tensor(z)).numpy()
    integral = (np.exp(log_q) * (log_q - log_p)).sum() * (z[1] - z[0])
    assert kl_normal(q, p).item() == pytest.approx(integral, rel=1e-5, abs=1e-8)
    standard = Normal(tensor(np.zeros(1)), tensor(np.zeros(1)))
    assert kl_normal(q, standard).item() == pytest.approx(kl_standard_normal(q.mu, q.logvar).item(), abs=1e-12)


def test_kl_terms_agree_with_draws():
    """The bound with analytic KL terms has the mean of log p(x, z) − log q(z | x), within 4 standard errors."""
    model, x = make(), tensor(points(1))
    many = tensor(np.repeat(x.numpy(), 20_000, 0))
    log_w = model.guesses(many)(Stream(1).normal((1, 20_000, 3), np.float64)).numpy()[0]
    terms = [term.numpy().reshape(-1) for term in model.elbo_terms(many, Stream(2))]
    bound = -sum(terms)
    error = math.hypot(log_w.std(), bound.std()) / math.sqrt(20_000)
    assert abs(log_w.mean() - bound.mean()) < 4 * error
    for kl in terms[1:]:
        assert kl.min() >= 0


def exact_log_prob(model, x):
    """log ∫∫ p(x | z₁) p(z₁ | z₂) p(z₂) over a grid of (z₁, z₂), one latent each."""
    side = np.linspace(-7, 7, 281)
    z1, z2 = (tensor(g.reshape(-1, 1)) for g in np.meshgrid(side, side))
    prior = (model.prior(z2).log_prob(z1) + standard_normal_log_prob(z2)).sum(-1).numpy()
    out = model.decode(z1)
    cell = 2 * math.log(side[1] - side[0])
    rows = [model.likelihood.log_prob(out, tensor(np.repeat(one[None], len(prior), 0))).numpy() for one in x]
    return np.array([np.logaddexp.reduce(row + prior) + cell for row in rows])


def test_bounds_are_ordered_and_meet_the_truth():
    """ELBO ≤ IWAE-k ≤ log p(x), by quadrature, within 3 standard errors; with 1,000 guesses they meet."""
    model, x = make(latents=(1, 1)), points(3)
    exact, before = exact_log_prob(model, x), -np.inf
    for k in (1, 10, 1000):
        repeats = np.stack([model.log_prob(x, Stream(i), samples=k).values for i in range(40)])
        slack = 3 * repeats.std(0) / math.sqrt(len(repeats)) + 1e-9
        assert (repeats.mean(0) <= exact + slack).all()
        assert (repeats.mean(0) >= before - slack).all()
        before = repeats.mean(0)
    np.testing.assert_allclose(before, exact, atol=0.05)


@pytest.mark.parametrize("objective", ["elbo", "iwae"])
def test_gradients(objective):
    """Of the loss by each parameter."""
    model, batch = make(objective=objective, samples=2), SimpleNamespace(x=points(4), labels=None)
    check_model(model, batch, Stream(0))


def test_warm_up_goes_by_the_step_and_ends_in_the_bound():
    model, batch = make(kl_warmup=10), SimpleNamespace(x=points(4), labels=None)
    for step, weight in ((0, 0.1), (4, 0.5), (9, 1.0), (50, 1.0)):
        terms = {name: value.item() for name, value in model(batch, Stream(0).at(step)).items()}
        assert terms["loss"] == pytest.approx(terms["reconstruction"] + weight * terms["kl"], rel=1e-12)
    terms = {name: value.item() for name, value in model.eval()(batch, Stream(0).at(0)).items()}
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + terms["kl"], rel=1e-12)
    assert 0 <= terms["kl_upper"] <= terms["kl"]


def test_defaults_have_the_sizes_of_burda_s_two_layers():
    model = LadderVAE(LadderConfig(), DataSpec((28, 28, 1), 256), rng=np.random.default_rng(0))
    sizes = [
        (784, 200), (200, 200), (200, 200), (200, 100), (100, 100), (100, 100),
        (50, 100), (100, 100), (100, 200), (100, 200), (200, 200), (200, 784),
    ]  # fmt: skip
    assert sum(p.numel() for p in model.parameters()) == sum(i * o + o for i, o in sizes)


def test_configuration_errors():
    with pytest.raises(UserError, match="kl_warmup is -1"):
        LadderConfig(kl_warmup=-1)
    with pytest.raises(UserError, match=r"latents is \(0, 3\)"):
        LadderConfig(latents=(0, 3))
