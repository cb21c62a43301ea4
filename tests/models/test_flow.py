"""Laws of the flow, on small networks: densities, inverses, bounds, certificates."""

import copy
import math
from types import SimpleNamespace

import numpy as np
import pytest

from minigen import Stream, data, no_grad, optim, tensor
from minigen.errors import UserError
from minigen.models import DataSpec
from minigen.models.dequantization import dequantize, quantize
from minigen.models.flow import Flow, FlowConfig
from minigen.probability.bijectors import AffineCoupling, Bijector, CertificateError

POINTS, IMAGES = DataSpec((2,), classes=3), DataSpec((4, 4, 1), 3, 3)
SMALL = {"layers": 2, "hidden": (8, 8), "channels": 4, "blocks": 1, "bins": 4, "embedding": 3}


def make(spec=POINTS, dtype="float64", shaken=0.3, **options):
    """A small flow with random weights in the place of the last layers' zeros."""
    flow = Flow(FlowConfig(**{**SMALL, **options}), spec, rng=np.random.default_rng(0)).to(dtype)
    rng = np.random.default_rng(1)
    for parameter in flow.parameters():
        parameter.copy_(parameter.numpy() + shaken * rng.normal(size=parameter.shape))
    return flow


def observed(spec, n, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, spec.levels, (n, *spec.shape)) / (spec.levels - 1) if spec.levels else rng.normal(size=(n, 2))
    return SimpleNamespace(x=x, labels=rng.integers(0, 3, n))


VARIANTS = [
    (POINTS, {}),
    (POINTS, {"coupling": "affine", "conditional": True}),
    (POINTS, {"mixing": "linear", "conditional": True}),
    (IMAGES, {"coupling": "spline", "mixing": "swap"}),
    (IMAGES, {"coupling": "affine", "mixing": "linear", "conditional": True}),
    (IMAGES, {"coupling": "affine", "dequantization": "variational"}),
]
variants = pytest.mark.parametrize(("spec", "options"), VARIANTS)


@variants
def test_shapes_and_seeds(spec, options):
    flow = make(spec, "float32", 0.05, **options)
    drawn = flow.sample(5, Stream(1))
    assert drawn.shape == (5, *spec.shape)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, flow.sample(5, Stream(1)))
    assert not np.array_equal(drawn, flow.sample(5, Stream(2)))
    if spec.levels:
        np.testing.assert_allclose(drawn * (spec.levels - 1), np.rint(drawn * (spec.levels - 1)), atol=1e-6)
    batch = observed(spec, 5)
    labels = batch.labels if flow.conditional else None
    found = flow.log_prob(batch.x, Stream(0), labels)
    assert found.values.shape == (5,)
    assert np.isfinite(found.values).all()
    assert (found.kind, found.of) == (
        ("bound", "P(integer x)") if spec.levels else ("exact", "density of continuous x")
    )
    terms = flow.loss(batch, Stream(0))
    assert terms.keys() <= Flow.units.keys()
    if spec.levels:
        assert terms["bits_per_dim"].item() == pytest.approx(terms["loss"].item() / 16 / math.log(2), rel=1e-5)
        assert found.facts["draws"] == 1


@variants
def test_encode_and_decode_are_inverse(spec, options):
    flow = make(spec, **options)
    batch = observed(spec, 6)
    labels = batch.labels if flow.conditional else None
    z = flow.encode(batch.x, labels)
    assert z.shape == (6, spec.size)
    np.testing.assert_allclose(flow.decode(z, labels), batch.x, atol=1e-9)
    if not spec.levels:
        noise = np.random.default_rng(0).normal(size=(6, 2))
        np.testing.assert_allclose(flow.encode(flow.decode(noise, labels), labels), noise, atol=1e-9)


@variants
def test_the_trajectory_ends_at_the_sample(spec, options):
    flow = make(spec, **options)
    frames = flow.trajectory(4, Stream(3))["layers"]
    assert frames.shape[1:] == (4, *spec.shape)
    assert len(frames) > SMALL["layers"]
    np.testing.assert_allclose(frames[-1], flow.sample(4, Stream(3)), atol=1e-9)


@variants
def test_the_loss_is_minus_log_prob(spec, options):
    """With the noise of the same stream; in points the change of units by the scaling is counted."""
    flow, batch = make(spec, **options), observed(spec, 7)
    if not spec.levels:
        flow.look_at_data([SimpleNamespace(x=batch.x * 3 + 1, labels=batch.labels)])
    labels = batch.labels if flow.conditional else None
    stream = Stream(0).child("from 0, draw 0")
    expected = -flow.log_prob(batch.x, Stream(0), labels).mean
    assert flow.loss(batch, stream)["loss"].item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("options", [{}, {"coupling": "affine", "mixing": "linear", "conditional": True}])
def test_the_density_integrates_to_one(options):
    flow = make(**options)
    flow.scaling.fit([SimpleNamespace(x=np.random.default_rng(0).normal(2, 3, (50, 2)))])
    side = np.linspace(-35, 39, 600)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    labels = np.full(len(grid), 2) if flow.conditional else None
    total = np.exp(flow.log_prob(grid, Stream(0), labels).values).sum() * (side[1] - side[0]) ** 2
    assert total == pytest.approx(1, abs=4e-3)


@pytest.mark.parametrize("dequantization", ["uniform", "variational"])
def test_the_probabilities_of_all_images_sum_to_one(dequantization):
    """2×2 images of 2 levels: the bound with many draws meets P(x), and the 16 P(x) sum to 1.

    With a tiny alpha; a larger one lets a little density fall outside [0, 1], where no image is.
    """
    spec = DataSpec((2, 2, 1), 2)
    options = {"coupling": "affine", "mixing": "swap", "scales": 1, "alpha": 1e-6, "dequantization": dequantization}
    flow = make(spec, shaken=0.1, **options)
    x = ((np.arange(16)[:, None] >> np.arange(4)) & 1).reshape(16, 2, 2, 1).astype(float)
    draws = flow.log_prob(np.tile(x, (4000, 1, 1, 1)), Stream(0)).values.reshape(4000, 16)
    total, error = np.exp(draws).sum(1).mean(), np.exp(draws).sum(1).std() / math.sqrt(4000)
    assert abs(total - 1) < 4 * error + 2e-3
    assert error < 0.1
    assert (draws.mean(0) < np.log(np.exp(draws).mean(0))).all()
    assert flow.log_prob(x, Stream(0), samples=20).mean > draws.mean()


def test_dequantisation_stays_in_its_cell():
    x, rng = observed(IMAGES, 50).x, np.random.default_rng(0)
    for u in (np.zeros(x.shape), rng.uniform(size=x.shape), np.full(x.shape, 1 - 1e-9)):
        v = dequantize(x, u, 3)
        assert v.min() >= 0
        assert v.max() < 1
        np.testing.assert_allclose(quantize(v, 3), x, atol=1e-12)


@variants
def test_look_at_data_leaves_latents_near_standard(spec, options):
    """After ActNorm has seen the data, and in points the scaling, what it makes of them has mean 0 and variance 1."""
    flow, batch = make(spec, "float32", 0.0, **options), observed(spec, 500)
    if not spec.levels:
        batch.x = (batch.x * (5, 0.2) + (9, -4)).astype(np.float32)
    flow.look_at_data([batch])
    z = flow.encode(batch.x, batch.labels if flow.conditional else None)
    if options.get("mixing") == "linear" and not spec.levels:
        np.testing.assert_allclose(z.mean(0), 0, atol=1e-4)
        np.testing.assert_allclose(z.std(), 1, atol=1e-3)
    assert np.isfinite(z).all()
    again = make(spec, "float32", 0.1, **options)
    again.load_state_dict(flow.state_dict())
    np.testing.assert_array_equal(again.sample(3, Stream(0)), flow.sample(3, Stream(0)))


@variants
def test_it_overfits_one_batch(spec, options):
    flow = make(spec, "float32", 0.0, **options)
    batch = observed(spec, 8)
    batch.x = batch.x.astype(np.float32)
    flow.look_at_data([batch])
    optimizer = optim.Adam(flow.parameters(), lr=1e-2)
    losses = []
    for step in range(60):
        optimizer.zero_grad()
        loss = flow.loss(batch, Stream(0).at(step))["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5


def test_labels_matter():
    flow = make(conditional=True, coupling="affine")
    np.testing.assert_array_equal(flow.sample(4, Stream(0), 1), flow.sample(4, Stream(0), np.ones(4, int)))
    assert not np.allclose(flow.sample(4, Stream(0), 1), flow.sample(4, Stream(0), 2))
    x = observed(POINTS, 5).x
    values = [flow.log_prob(x, Stream(0), np.full(5, k)).values for k in range(3)]
    assert not np.allclose(values[0], values[1])
    with pytest.raises(UserError, match="label 3 does not exist"):
        flow.sample(2, Stream(0), 3)
    with pytest.raises(UserError, match="pass labels"):
        flow.log_prob(x, Stream(0))
    with pytest.raises(UserError, match="trained without labels"):
        make().sample(2, Stream(0), 1)


def test_temperature_shrinks_the_noise():
    flow = make()
    cold = flow.sample(50, Stream(0), temperature=0.0)
    assert (cold == cold[0]).all()
    with pytest.raises(UserError, match="temperature is -1"):
        flow.sample(2, Stream(0), temperature=-1)


@variants
def test_the_certificate_passes(spec, options, capsys):
    flow = make(spec, shaken=0.1, **options)
    found = flow.check(rng=Stream(0))
    assert found["log_det"] < 1e-6
    assert found["inverse float64"] < 1e-8
    assert ("integral" in found) == (spec is POINTS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(found)
    assert flow.dtype == np.float64


class Liar(Bijector):
    """The identity, with another function as its inverse."""

    def forward(self, x, context=None):
        return x * 1.0, tensor(np.zeros(x.shape[0], x.dtype))

    def inverse(self, y, context=None):
        return y + 0.1, tensor(np.zeros(y.shape[0], y.dtype))


class WrongSign(AffineCoupling):
    """An affine coupling whose log-determinant has the sign of the other direction."""

    def transform(self, x, parameters):
        y, log_det = super().transform(x, parameters)
        return y, -log_det


def test_the_certificate_fails_where_it_must():
    flow = make(coupling="affine")
    flow.check()
    first = flow.bijector.bijectors[0]
    wrong = copy.deepcopy(flow)
    setattr(wrong.bijector.bijectors, "0", WrongSign(first.mask, first.conditioner))
    with pytest.raises(CertificateError, match="but the Jacobian has"):
        wrong.check()
    wrong = copy.deepcopy(flow)
    wrong.bijector.bijectors.append(Liar())
    with pytest.raises(CertificateError, match="differs from x"):
        wrong.check()
    wrong = Denser(flow.config, flow.spec, rng=np.random.default_rng(0))
    with pytest.raises(CertificateError, match=r"integrates to 1\.6"):
        wrong.check()


class Denser(Flow):
    """A flow whose density is e^½ times too large."""

    def log_density(self, y, context=None):
        return super().log_density(y, context) + 0.5


def test_the_certificate_leaves_the_flow_alone():
    flow = make(dtype="float32", coupling="affine")
    optimizer = optim.Adam(flow.parameters(), lr=1e-3)
    before = flow.state_dict()
    flow.check()
    for name, array in flow.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
        assert array.dtype == np.float32
    flow.loss(observed(POINTS, 4), Stream(0))["loss"].backward()
    optimizer.step()


def test_dropout_acts_in_training_alone():
    flow, batch = make(IMAGES, shaken=0.3, dropout=0.5), observed(IMAGES, 4)
    flow.eval()
    first, second = (flow.loss(batch, Stream(0))["loss"].item() for _ in range(2))
    flow.train()
    third, fourth, fifth = (flow.loss(batch, Stream(0, step=k))["loss"].item() for k in (0, 1, 0))
    assert first == second
    assert len({first, third, fourth}) == 3
    assert fifth == third  # a function of the stream, as all noise is


def test_configuration_errors_say_what_to_do():
    for options, sentence in [
        ({"coupling": "cubic"}, "coupling is 'cubic'; it must be one of: spline, affine"),
        ({"alpha": 0.5}, "alpha is 0.5"),
        ({"hidden": ()}, "hidden names no layer"),
        ({"layers": 0}, "layers is 0; it must be at least 1"),
        ({"bins": 1}, "bins is 1"),
        ({"bound": 0.0}, "bound is 0"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be at least 0 and below 1"),
        ({"dequantization": "none"}, "must be one of: uniform, variational"),
    ]:
        with pytest.raises(UserError, match=sentence):
            FlowConfig(**options)
    for spec, sentence in [
        (DataSpec((1,)), "at least 2"),
        (DataSpec((7, 8, 1), 17), "even sides"),
        (DataSpec((6, 6, 1), 17), "even sides"),
        (DataSpec((2,), classes=None), "no labels"),
    ]:
        with pytest.raises(UserError, match=sentence):
            Flow(FlowConfig(conditional=sentence == "no labels"), spec, rng=np.random.default_rng(0))
    flow = make(IMAGES)
    with pytest.raises(UserError, match="samples=0"):
        flow.log_prob(observed(IMAGES, 2).x, Stream(0), samples=0)
    with pytest.raises(UserError, match="within"):
        flow.log_prob(observed(IMAGES, 2).x * 7, Stream(0))
    for wrong in (-1.0, np.inf, np.nan):
        with pytest.raises(UserError, match="temperature is"):
            flow.sample(2, Stream(0), temperature=wrong)
    with pytest.raises(UserError, match="latents of shape"):
        flow.decode(np.zeros((2, 5)))
    with pytest.raises(UserError, match="made for data of shape"):
        flow.encode(np.zeros((2, 5, 5, 1)))


def test_the_flow2d_workload_is_a_configuration():
    """WORKLOADS: 8 affine couplings, swapped halves, conditioners 1-128-128-2, and nothing else."""
    config = FlowConfig(coupling="affine", layers=8, hidden=(128, 128))
    flow = Flow(config, DataSpec((2,)), rng=np.random.default_rng(0))
    assert [type(b) for b in flow.bijector.bijectors] == [AffineCoupling] * 8
    sizes = [(1, 128), (128, 128), (128, 2)]
    assert sum(p.numel() for p in flow.parameters()) == 8 * sum(i * o + o for i, o in sizes)


def test_a_few_steps_on_digits_lower_the_bits():
    digits = data.load("digits")
    flow = Flow(FlowConfig(coupling="affine", layers=2, channels=8, blocks=1), DataSpec((8, 8, 1), 17),
                rng=np.random.default_rng(0))  # fmt: skip
    batches = data.Batches(digits.train, 64, seed=0)
    flow.look_at_data([batches.at(0)])
    optimizer = optim.Adam(flow.parameters(), lr=3e-3)
    bits = []
    for step in range(60):
        optimizer.zero_grad()
        terms = flow.loss(batches.at(step), Stream(0).at(step))
        terms["loss"].backward()
        optimizer.step()
        bits.append(terms["bits_per_dim"].item())
    assert np.mean(bits[-5:]) < bits[0] - 0.3
    with no_grad():
        assert flow.log_prob(batches.at(0).x[:20], Stream(0)).values.shape == (20,)
