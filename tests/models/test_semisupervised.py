"""Laws of M2 and M1+M2, on tiny networks in float64."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from minigen import Stream, grad, tensor
from minigen.errors import UserError
from minigen.models import M1M2, M2, VAE, DataSpec, M2Config, VAEConfig
from minigen.probability import standard_normal_log_prob
from minigen.testing import check_model

CLASSES = 3
SPEC = DataSpec((2,), classes=CLASSES)


def make(spec=SPEC, dtype="float64", **options):
    config = M2Config(**{"latent": 1, "hidden": (5,), "likelihood": "gaussian", "alpha": 2.0, **options})
    return M2(config, spec, rng=np.random.default_rng(0)).to(dtype)


def batch_of(labels, seed=0):
    x = np.random.default_rng(seed).normal(size=(len(labels), 2))
    return SimpleNamespace(x=x, labels=np.array(labels, np.int64))


def test_the_unlabelled_bound_is_the_sum_over_classes():
    """U(x) = Σ_y q(y | x) (L(x, y) + log q(y | x)), class by class and datum by datum."""
    m2, x, rng = make(), tensor(batch_of([-1] * 4).x), Stream(3)
    q = m2.classify(x.numpy())
    np.testing.assert_allclose(q.sum(1), 1, rtol=1e-12)
    by_hand = 0
    for y in range(CLASSES):
        bound = m2.labelled(x, np.full(4, y), rng).numpy()
        by_hand = by_hand + q[:, y] * (bound + np.log(q[:, y]))
    np.testing.assert_allclose(m2.unlabelled(x, rng).numpy(), by_hand, rtol=1e-12)


def test_the_labelled_bound_is_that_of_a_conditional_vae_and_the_prior():
    m2, batch = make(), batch_of([0, 2, 1])
    terms = m2.vae.elbo(tensor(batch.x), Stream(0), m2.one_hot(batch.labels))
    ours = m2.labelled(tensor(batch.x), batch.labels, Stream(0)).mean().item()
    assert ours == pytest.approx(terms["loss"].item() + math.log(CLASSES), rel=1e-12)


def test_the_loss_weighs_rows_alike_and_classification_by_alpha():
    batch = batch_of([-1, 2, -1, 0, -1])
    for alpha in (0.0, 2.0, 50.0):
        terms = {name: value.item() for name, value in make(alpha=alpha)(batch, Stream(0)).items()}
        rows = 0.4 * terms["labelled"] + 0.6 * terms["unlabelled"]
        assert terms["loss"] == pytest.approx(rows + alpha * terms["classification"], rel=1e-12)
    m2 = make()
    q = m2.classify(batch.x)
    assert terms["classification"] == pytest.approx(-np.log(q[[1, 3], [2, 0]]).mean(), rel=1e-9)
    assert make()(batch_of([0, 1]), Stream(0)).keys() == {"loss", "labelled", "classification"}
    assert make()(batch_of([-1, -1]), Stream(0)).keys() == {"loss", "unlabelled"}


def exact_log_joint(m2, x):
    """log p(x, y) over a grid of the latent: (N, K)."""
    z = np.linspace(-8, 8, 1601)[:, None]
    rows = []
    for one in x:
        xs = tensor(np.repeat(one[None], len(z), 0))
        columns = []
        for y in range(CLASSES):
            out = m2.outputs(tensor(z), m2.one_hot(np.full(len(z), y)))
            joint = m2.likelihood.log_prob(out, xs) + standard_normal_log_prob(tensor(z)).sum(-1)
            columns.append(np.logaddexp.reduce(joint.numpy()) + math.log(z[1, 0] - z[0, 0]) - math.log(CLASSES))
        rows.append(columns)
    return np.array(rows)


def test_bounds_lie_below_the_truth_and_reach_it():
    """−U ≤ the bound with k guesses ≤ log p(x) = log Σ_y p(x, y); given labels it is of log p(x | y)."""
    m2, batch = make(), batch_of([0, 1, 2, 1])
    joint = exact_log_joint(m2, batch.x)
    exact = np.logaddexp.reduce(joint, axis=1)
    draws = np.stack([m2.unlabelled(tensor(batch.x), Stream(i)).numpy() for i in range(200)])
    slack = 3 * draws.std(0) / math.sqrt(len(draws)) + 1e-9
    one = np.stack([m2.log_prob(batch.x, Stream(i), samples=1).values for i in range(200)])
    slack = np.hypot(slack, 3 * one.std(0) / math.sqrt(len(one)))
    assert (-draws.mean(0) <= one.mean(0) + slack).all()
    assert (one.mean(0) <= exact + slack).all()
    np.testing.assert_allclose(m2.log_prob(batch.x, Stream(0), samples=5000).values, exact, atol=0.05)
    given = m2.log_prob(batch.x, Stream(0), batch.labels, samples=5000).values
    np.testing.assert_allclose(given, joint[np.arange(4), batch.labels] + math.log(CLASSES), atol=0.05)


def test_gradients():
    """Of the loss of a mixed batch by each parameter."""
    m2, batch = make(), batch_of([-1, 2, -1, 0])
    check_model(m2, batch, Stream(0))


def test_unlabelled_data_teach_the_classifier():
    """Two clusters, one label each: the unlabelled term alone reaches every parameter of the classifier."""
    m2 = make(alpha=0.0)
    loss = m2(batch_of([-1] * 6), Stream(0))["loss"]
    for gradient in grad(loss, m2.classifier.parameters()):
        assert np.abs(gradient.numpy()).max() > 0


def test_labels_that_cannot_be_are_refused():
    with pytest.raises(UserError, match="label 3 does not exist"):
        make()(batch_of([0, 3, -1]), Stream(0))
    with pytest.raises(UserError, match="−1 where it is unknown; this batch has none"):
        make()(SimpleNamespace(x=np.zeros((2, 2)), labels=None), Stream(0))
    with pytest.raises(UserError, match="these have none"):
        make(DataSpec((2,)))
    with pytest.raises(UserError, match="label -1 does not exist"):
        make().log_prob(np.zeros((2, 2)), Stream(0), np.array([0, -1]))


def stacked():
    spec = DataSpec((4, 4, 1), 17, CLASSES)
    m1 = VAE(VAEConfig(latent=2, hidden=(5,)), spec, rng=np.random.default_rng(1)).to("float64")
    return m1, M1M2(m1, make())


def test_m1_and_m2_work_through_each_other():
    m1, both = stacked()
    x = np.random.default_rng(0).integers(0, 17, (5, 4, 4, 1)) / 16
    np.testing.assert_array_equal(both.classify(x), both.m2.classify(m1.encode(x)[0]))
    drawn = both.sample(6, Stream(0), labels=1)
    assert drawn.shape == (6, 4, 4, 1)
    np.testing.assert_array_equal(drawn, both.sample(6, Stream(0), labels=np.ones(6, int)))
    assert not np.array_equal(drawn, both.sample(6, Stream(0), labels=2))
    assert not np.array_equal(drawn, both.sample(6, Stream(1), labels=1))
    z2 = np.random.default_rng(0).normal(size=(4, 1))
    z1 = both.m2.vae.decode(z2, labels=np.array([0, 1, 2, 0]))
    np.testing.assert_array_equal(both.decode(z2, np.array([0, 1, 2, 0])), m1.decode(z1))


def test_storeys_that_do_not_fit_are_refused():
    m1, _ = stacked()
    for other in (make(DataSpec((5,), classes=3)), make(DataSpec((4, 4, 1), 17, 3))):
        with pytest.raises(UserError, match="an M2 of its 2 latents"):
            M1M2(m1, other)
