"""The model: its loss by hand, its samples, labels, likelihoods, and what it refuses."""

from types import SimpleNamespace

import numpy as np
import pytest

from minigen import Stream, data, optim
from minigen.errors import UserError
from minigen.models.base import DataSpec
from minigen.models.diffusion import Diffusion, DiffusionConfig
from minigen.models.diffusion.paths import LinearPath

IMAGES = DataSpec((4, 4, 1), levels=17, classes=3)
POINTS = DataSpec((2,), classes=4)
SMALL = {"base": 4, "multipliers": (1, 2), "blocks": 1, "width": 12, "depth": 1, "timesteps": 20}


def make(spec=IMAGES, dtype="float64", trained=True, **options):
    """A small model; ``trained`` gives its last layer weights, which start at 0."""
    model = Diffusion(DiffusionConfig(**{**SMALL, **options}), spec, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    for parameter in model.parameters():
        if trained and not parameter.numpy().any():
            parameter.copy_(0.3 * rng.normal(size=parameter.shape))
    return model.to(dtype).eval()


def batch(spec=IMAGES, n=6, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 17, (n, *spec.shape)) / 16 if spec.levels else rng.normal(size=(n, *spec.shape))
    return SimpleNamespace(x=x.astype(np.float32), labels=rng.integers(0, spec.classes, n))


@pytest.mark.parametrize("path", ["linear", "cosine", "vp", "edm", "flow"])
@pytest.mark.parametrize("spec", [IMAGES, POINTS], ids=["images", "points"])
def test_shapes_seeds_and_frames(spec, path):
    model = make(spec, "float32", path=path)
    model.look_at_data([batch(spec)])
    drawn = model.sample(5, Stream(1), steps=4)
    assert drawn.shape == (5, *spec.shape)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, model.sample(5, Stream(1), steps=4))
    assert not np.array_equal(drawn, model.sample(5, Stream(2), steps=4))
    frames = model.trajectory(5, Stream(1), steps=4)
    assert set(frames) == {"x_t", "x_0"}
    for values in frames.values():
        assert values.shape == (5, 5, *spec.shape)
        np.testing.assert_allclose(values[-1], drawn, atol=1e-6)
        assert not spec.levels or (values.min() >= 0 and values.max() <= 1)
    assert model.sample(0, Stream(0), steps=2).shape == (0, *spec.shape)


def test_the_loss_is_ddpms_by_hand():
    """mean ‖ε − ε_θ(√ᾱ x_0 + √(1 − ᾱ) ε, t)‖² with the same draws (DDPM eq. 14)."""
    model, data_ = make(path="linear", timesteps=1000), batch()
    rng = Stream(3).at(2)
    u = (np.arange(6) + rng.child("time").uniform((6,), np.float64)) / 6
    t = np.floor(1000 * u) + 1
    eps = rng.child("noise").normal((6, 4, 4, 1), np.float64)
    bar = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))[t.astype(int) - 1].reshape(6, 1, 1, 1)
    x_t = np.sqrt(bar) * (2 * data_.x.astype(np.float64) - 1) + np.sqrt(1 - bar) * eps
    predicted = model.network(model.scaling.shift.wrap(x_t), t - 1).numpy()
    terms = model.loss(data_, rng)
    assert terms["loss"].item() == pytest.approx(((eps - predicted) ** 2).mean(), rel=1e-9)
    assert terms["loss"].item() == terms["mse"].item()
    assert terms.keys() == Diffusion.units.keys()


@pytest.mark.parametrize("path", ["linear", "cosine", "vp", "edm", "flow"])
@pytest.mark.parametrize("weighting", ["simple", "min-snr", "bound"])
def test_every_path_and_weighting_trains(path, weighting):
    model = make(POINTS, path=path, weighting=weighting, trained=False)
    terms = model.loss(batch(POINTS), Stream(0))
    terms["loss"].backward()
    assert np.isfinite(terms["loss"].item())
    assert any(np.abs(p.grad.numpy()).max() > 0 for p in model.parameters() if p.grad is not None)


def test_each_prediction_of_one_denoiser_draws_finite_samples():
    for prediction in ("eps", "x0", "v", "u", "edm"):
        assert np.isfinite(make(POINTS, path="vp", prediction=prediction).sample(3, Stream(0), steps=5)).all()


def test_guidance_is_a_line_through_both_answers():
    """F = (1 + w) F_c − w F_∅: w = 0 is the conditional model, w = −1 the unconditional one; ε̂ follows."""
    model, x = make(conditional=True, path="vp"), np.random.default_rng(0).normal(size=(6, 4, 4, 1))
    labels, t = np.array([0, 1, 2, 0, 1, 2]), np.full(6, 0.4)
    told = model.output(model.scaling.shift.wrap(x), t, labels).numpy()
    untold = model.output(model.scaling.shift.wrap(x), t, None).numpy()
    assert np.abs(told - untold).max() > 1e-3
    np.testing.assert_allclose(model._guided(x, t, labels, 0.0), told, rtol=1e-12)
    np.testing.assert_allclose(model._guided(x, t, labels, -1.0), untold, rtol=1e-12)
    np.testing.assert_allclose(model._guided(x, t, labels, 2.5), 3.5 * told - 2.5 * untold, rtol=1e-9)
    np.testing.assert_allclose(model._guided(x, t[:1], labels, 2.5), 3.5 * told - 2.5 * untold, rtol=1e-9)
    by_eps = [model.denoiser(labels, w, clip=False)(x, 0.4)[1] for w in (0.0, -1.0, 2.5)]
    np.testing.assert_allclose(by_eps[2], 3.5 * by_eps[0] - 2.5 * by_eps[1], rtol=1e-8)


def test_labels_steer_and_are_checked():
    model = make(POINTS, conditional=True, path="vp")
    same = [model.sample(4, Stream(0), labels=k, steps=5) for k in (0, 3)]
    assert np.abs(same[0] - same[1]).max() > 1e-3
    np.testing.assert_array_equal(same[0], model.sample(4, Stream(0), labels=[0, 0, 0, 0], steps=5))
    with pytest.raises(UserError, match="label 4 does not exist"):
        model.sample(4, Stream(0), labels=4)
    with pytest.raises(UserError, match="pass labels"):
        model.log_prob(np.zeros((3, 2)), Stream(0))
    plain = make(POINTS, path="vp")
    with pytest.raises(UserError, match="cannot draw a chosen one"):
        plain.sample(2, Stream(0), labels=1)
    with pytest.raises(UserError, match="trained without labels"):
        plain.sample(2, Stream(0), guidance=1.0)
    with pytest.raises(UserError, match="label_dropout 0: it never met"):
        make(POINTS, conditional=True, label_dropout=0.0).sample(2, Stream(0), guidance=1.0)
    with pytest.raises(UserError, match="needs labelled data"):
        make(DataSpec((2,)), conditional=True)


def test_some_labels_are_hidden_in_training():
    model = make(POINTS, conditional=True, label_dropout=0.1)
    labels = np.arange(20_000) % 4
    hidden = model._hidden(labels, Stream(0)) != labels
    assert abs(hidden.mean() - 0.1) < 0.01
    assert (model._hidden(labels, Stream(0))[hidden] == 4).all()


def test_the_bound_names_its_parts_and_its_ends():
    model, x = make(path="linear", timesteps=1000), batch(n=5).x
    found = model.log_prob(x, Stream(0), samples=3)
    assert (found.kind, found.of) == ("bound", "P(integer x)")
    np.testing.assert_allclose(found.values, -sum(found.parts.values()), rtol=1e-12)
    assert set(found.parts) == {"L_T", "L_t", "L_0"}
    assert found.facts["sigma at the data"] == pytest.approx(0.025, rel=0.1)  # about a fifth of one of the 17 levels
    assert (found.values < 0).all()
    np.testing.assert_array_equal(found.values, model.log_prob(x, Stream(0), samples=3).values)
    terms = 1000 - int(model.path.finest(17))
    assert found.facts["terms of L_t"] == f"3 drawn of {terms}"
    few, every = make(path="linear"), f"all {20 - int(LinearPath(20).finest(17))}"
    assert {few.log_prob(x, Stream(0), samples=k).facts["terms of L_t"] for k in (None, 19, 100)} == {every}


def test_points_have_a_density_which_integrates_to_one():
    """exp(log p) of an untrained (yet not trivial) model, summed over a grid, in the data's own units."""
    model = make(POINTS, path="edm")
    model.look_at_data([SimpleNamespace(x=3 + 2 * batch(POINTS, 500).x)])
    side = np.linspace(-6, 6, 25)
    grid = 3 + 2 * np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    found = model.log_prob(grid, Stream(0), steps=12)
    assert (found.kind, found.of) == ("estimate", "density of continuous x")
    assert np.exp(found.values).sum() * (2 * (side[1] - side[0])) ** 2 == pytest.approx(1, abs=0.02)
    assert abs(found.facts["mean change from half as many steps"]) < 0.1
    bound = model.bound(grid[::40], Stream(0))
    assert bound.of == "density of continuous x"


def test_images_have_an_ode_estimate_too():
    model, x = make(path="vp"), batch(n=3).x
    found = model.ode_log_prob(x, Stream(0), steps=4)
    assert (found.kind, found.of) == ("estimate", "P(integer x)")
    assert np.isfinite(found.values).all()


def test_encode_and_decode_are_inverse():
    model, x = make(POINTS, path="edm"), batch(POINTS).x
    z = model.encode(x, steps=40)
    np.testing.assert_allclose(model.decode(z, steps=40), x, atol=1e-3)


def test_sampling_in_pieces_is_sampling(monkeypatch):
    """The noise that a datum starts from is its own, however many are drawn at once."""
    model = make(POINTS, path="vp")
    whole = model.sample(7, Stream(0), steps=3, sampler="ddim")
    monkeypatch.setattr(Diffusion, "_rows", 3)
    np.testing.assert_allclose(model.sample(7, Stream(0), steps=3, sampler="ddim"), whole, rtol=1e-12)
    assert model.trajectory(7, Stream(0), steps=3)["x_0"].shape == (4, 7, 2)
    assert model.log_prob(whole, Stream(0), steps=4).values.shape == (7,)


def test_the_workload_is_a_configuration():
    """WORKLOADS' U-Net, with its number of parameters."""
    config = DiffusionConfig(path="linear", base=32, multipliers=(1, 2, 2), blocks=2, patch=1)
    model = Diffusion(config, DataSpec((32, 32, 1), 256), rng=np.random.default_rng(0))
    assert sum(p.numel() for p in model.parameters()) == 1_623_169


def test_patches_come_and_go():
    model = make(DataSpec((16, 16, 3), 256), "float32")
    patched, told = model.network, {}
    assert patched.p == 2
    patched.network = lambda x, t, labels: told.update(x=x) or x
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype(np.float32)
    np.testing.assert_array_equal(patched(model.scaling.shift.wrap(x), np.ones(2)).numpy(), x)
    seen = told["x"].numpy()
    assert seen.shape == (2, 8, 8, 12)
    np.testing.assert_array_equal(seen[0, 1, 2].reshape(2, 2, 3), x[0, 2:4, 4:6])


def test_bad_requests_get_one_sentence():
    model = make(path="linear")
    for options, message in (
        ({"steps": 0}, "steps is 0"),
        ({"steps": 21}, "between 1 and the 20"),
        ({"sampler": "euler"}, "does not walk this path"),
        ({"sampler": "best"}, "no sampler 'best'"),
        ({"sampler": "heun", "eta": 0.5}, "only the sampler ddim"),
        ({"eta": 1.5}, "eta in"),
        ({"guidance": -2.0}, "guidance at least"),
    ):
        with pytest.raises(UserError, match=message):
            model.sample(2, Stream(0), **options)
    for options, message in (
        ({"path": "spiral"}, "path is 'spiral'"),
        ({"prediction": "score"}, "prediction is 'score'"),
        ({"betas": (0.02, -0.01), "path": "vp"}, "not monotone"),
        ({"sigmas": (80.0, 0.002), "path": "edm"}, "not monotone"),
        ({"timesteps": 1}, "timesteps is 1; it must be at least 2"),
        ({"multipliers": ()}, "names no level"),
        ({"label_dropout": 1.5}, "label_dropout is 1.5"),
        ({"prediction": "eps", "path": "flow"}, "take 'u'"),
        ({"weighting": "snr"}, "weighting is 'snr'"),
    ):
        with pytest.raises(UserError, match=message):
            DiffusionConfig(**options)
    with pytest.raises(UserError, match="cannot be halved"):
        make(DataSpec((5, 5, 1), 17))
    with pytest.raises(UserError, match="cannot be cut"):
        make(DataSpec((6, 6, 1), 17), patch=4)
    with pytest.raises(UserError, match="within"):
        model.log_prob(batch().x * 3, Stream(0))
    with pytest.raises(UserError, match="made for data of shape"):
        model.log_prob(np.zeros((2, 5, 5, 1)), Stream(0))
    for walk in (make(POINTS).encode, make(POINTS).decode):
        with pytest.raises(UserError, match="steps=0"):
            walk(np.zeros((2, 2)), steps=0)
    with pytest.raises(UserError, match="steps=1"):
        make(POINTS).log_prob(np.zeros((2, 2)), Stream(0), steps=1)


def test_it_overfits_one_batch():
    model = Diffusion(
        DiffusionConfig(path="cosine", base=8, blocks=1, attention_below=0), DataSpec((8, 8, 1), 17),
        rng=np.random.default_rng(0),
    )  # fmt: skip
    one = data.Batches(data.load("digits").train, 4, seed=0).at(0)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for step in range(100):
        optimizer.zero_grad()
        loss = model.loss(one, Stream(0).at(step))["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(1, abs=0.2)
    assert np.mean(losses[-20:]) < 0.45


def test_a_learned_gaussian_has_its_likelihood():
    """Trained on N(m, s²) data, the ODE's density and the samples come near; a short training, a wide tolerance."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(4000, 2)) * [1.0, 0.5] + [2.0, -1.0]).astype(np.float32)
    model = Diffusion(DiffusionConfig(width=32, depth=1), DataSpec((2,)), rng=rng)
    model.look_at_data([SimpleNamespace(x=x)])
    optimizer, average = optim.Adam(model.parameters(), lr=5e-3), optim.EMA(model.parameters(), 0.98)
    for step in range(250):
        optimizer.zero_grad()
        rows = rng.integers(len(x), size=256)
        model.loss(SimpleNamespace(x=x[rows], labels=None), Stream(0).at(step))["loss"].backward()
        optimizer.step()
        average.update()
    truth = -0.5 * (((x - [2.0, -1.0]) / [1.0, 0.5]) ** 2).sum(1) - np.log(2 * np.pi * 0.5)
    with average.applied():
        found = model.log_prob(x[:500], Stream(1), steps=30)
        drawn = model.sample(2000, Stream(2), steps=30)
    assert abs(truth[:500].mean() - found.mean) < 0.2
    np.testing.assert_allclose(drawn.mean(0), [2.0, -1.0], atol=0.2)
    np.testing.assert_allclose(drawn.std(0), [1.0, 0.5], rtol=0.2)


def test_the_linear_path_is_ddpms():
    assert isinstance(make(path="linear").path, LinearPath)
