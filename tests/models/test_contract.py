"""The contract, asked of every family in `minigen.models.FAMILIES`: one table of tiny models, one list of laws.

A new family adds its cases to the table; a family without any fails.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

import minigen
from minigen import Stream, data, models, train
from minigen.core.autograd import no_grad
from minigen.data.dataset import Split
from minigen.errors import UserError
from minigen.models import FAMILIES, DataSpec
from minigen.train import TrainConfig, Trainer


@dataclass(frozen=True)
class Case:
    """A tiny model and its data: digits, or labelled points of eight Gaussians."""

    family: str
    data: str = "digits"
    config: dict = field(default_factory=dict)
    steps: int = 150
    """Of the training that must fit one batch."""
    learning_rate: float = 3e-3
    falls_by: float = 0.2
    """The part of its first value by which the loss (of points: the number of nats) must fall."""


BINARISED = 0.1  # pixels are drawn anew at each look: much of the loss is their noise
SMALL = {"latent": 4, "hidden": (24,)}
CASES = [
    Case("vae", config=SMALL, falls_by=BINARISED),
    Case("vae", config={**SMALL, "likelihood": "logistic", "conditional": True}),
    Case("vae", config={"network": "conv", "channels": (4, 8), "latent": 4, "conditional": True}),
    Case("vae", "8gaussians", {**SMALL, "likelihood": "gaussian", "objective": "iwae", "samples": 3}),
    Case("vae", "8gaussians", {**SMALL, "likelihood": "gaussian", "conditional": True}),
    Case("ladder", config={"latents": (6, 3), "hidden": (24,), "upper": (12,)}, falls_by=BINARISED),
    Case("ladder", "8gaussians", {"latents": (4, 2), "hidden": (24,), "upper": (12,), "likelihood": "gaussian"}),
    Case("m2", config=SMALL),
    Case("m2", "8gaussians", {**SMALL, "likelihood": "gaussian"}),
    Case("gan", "8gaussians", {"latent": 4, "hidden": (32, 32), "penalty_weight": 1.0}, steps=400),
    Case("gan", "8gaussians", {"latent": 4, "hidden": (32, 32), "conditional": True}, steps=400),
    Case("gan", config={"network": "dcgan", "latent": 8, "channels": (8, 16), "conditional": True}, falls_by=0.1),
    Case("flow", config={"layers": 2, "channels": 8, "blocks": 1, "scales": 1, "bins": 4}),
    Case("flow", "8gaussians", {"layers": 2, "hidden": (24, 24), "bins": 8}),
    Case("flow", "8gaussians", {"layers": 2, "hidden": (24, 24), "coupling": "affine", "conditional": True}),
    Case("diffusion", config={"timesteps": 60, "base": 8, "multipliers": (1,), "blocks": 1}),
    Case("diffusion", "8gaussians", {"path": "flow", "width": 24, "depth": 1, "conditional": True}),
    Case("diffusion", "8gaussians", {"path": "edm", "width": 24, "depth": 1}, falls_by=0.1),
]
KINDS = {"exact", "bound", "estimate", "undefined"}
OBJECTS = {"density of continuous x", "P(integer x)", "P(binarised x)"}
SUMS_OVER_LABELS = ("m2",)  # families whose log p(x) needs no label, though they draw by label


def name_of(case):
    chosen = [
        str(case.config[key])
        for key in ("network", "likelihood", "objective", "coupling", "path")
        if key in case.config
    ]
    return "-".join([case.family, case.data, *chosen, *["conditional"] * case.config.get("conditional", False)])


@pytest.fixture(scope="module")
def sets():
    """Small data sets: the first 200 training rows and 50 of the others; each with labels."""
    small = {}
    for name in ("digits", "8gaussians"):
        full = data.load(name)
        cut = {part: _first(getattr(full, part), n) for part, n in (("train", 200), ("validation", 50), ("test", 50))}
        small[name] = replace(full, **cut)
    return small


def _first(split, n):
    return Split(split.x[:n], split.labels[:n], split.levels)


@pytest.fixture(scope="module", params=[case for case in CASES if case.family in FAMILIES], ids=name_of)
def case(request):
    return request.param


def dataset_of(case, sets):
    found = sets[case.data]
    return data.few_labels(found, 2 * found.classes, share=0.3) if case.family == "m2" else found


def build(case, sets):
    found = sets[case.data]
    family = FAMILIES[case.family]
    spec = DataSpec(tuple(found.shape), found.levels, found.classes)
    model = family(family.Config(**case.config), spec, rng=np.random.default_rng(0))
    model.look_at_data(data.in_order(dataset_of(case, sets).train, 100))
    return model


@pytest.fixture(scope="module")
def model(case, sets):
    """A model in evaluation mode, off its start, where weights of 0 could hide what it does; tests leave it alone."""
    model, rng = build(case, sets).eval(), np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.copy_(parameter.numpy() + rng.normal(scale=0.1, size=parameter.shape).astype(np.float32))
    return model


def labels_for(model, n):
    return np.arange(n) % model.spec.classes if model.conditional else None


def given(model, n):
    """The labels that log_prob of n data needs."""
    return None if model.family in SUMS_OVER_LABELS else labels_for(model, n)


def test_every_family_has_cases():
    assert {case.family for case in CASES} >= set(FAMILIES)
    for name, family in FAMILIES.items():
        assert family.family == name
        if "conditional" in family.Config.__dataclass_fields__:
            asked = {case.config.get("conditional", False) for case in CASES if case.family == name}
            assert asked == {False, True}, f"{name} can be conditional or not; test both"


def test_shapes_ranges_and_seeds(model):
    labels = labels_for(model, 5)
    drawn = model.sample(5, Stream(1), labels)
    assert isinstance(drawn, np.ndarray)
    assert drawn.shape == (5, *model.spec.shape)
    assert np.isfinite(drawn).all()
    if model.spec.levels:
        assert drawn.min() >= 0
        assert drawn.max() <= 1
    np.testing.assert_array_equal(drawn, model.sample(5, Stream(1), labels))
    others = model.sample(5, Stream(2), labels)
    assert not np.array_equal(drawn, others)
    assert model.sample(1, Stream(1), None if labels is None else labels[:1]).shape == (1, *model.spec.shape)


def test_labels_are_taken_by_conditional_models_alone(model):
    if not model.conditional:
        with pytest.raises(UserError, match="trained without labels"):
            model.sample(3, Stream(0), np.zeros(3, np.int64))
        return
    classes = model.spec.classes
    one = model.sample(3, Stream(0), 1)
    np.testing.assert_array_equal(one, model.sample(3, Stream(0), np.ones(3, np.int64)))
    assert not np.array_equal(one, model.sample(3, Stream(0), 0))  # the same noise, another label
    model.sample(3, Stream(0))  # without labels they are drawn
    for wrong in (classes, -1):
        for call in (model.sample, model.trajectory):
            with pytest.raises(UserError, match=f"label {wrong} does not exist; the data have the labels 0 to"):
                call(3, Stream(0), np.array([0, wrong, 0]))
    for wrong in (np.zeros(2, np.int64), np.zeros(3), "three"):
        with pytest.raises(UserError, match="must be integers, one for all or one for each of 3"):
            model.sample(3, Stream(0), wrong)
    x = np.zeros((2, *model.spec.shape), np.float32)
    if model.log_prob(x, Stream(0), np.zeros(2, np.int64)).kind != "undefined":
        with pytest.raises(UserError, match=f"label {classes} does not exist"):
            model.log_prob(x, Stream(0), np.array([0, classes]))


def test_conditional_models_need_labelled_data(case):
    found = DataSpec((8, 8, 1), 17) if case.data == "digits" else DataSpec((2,))
    family = FAMILIES[case.family]
    config = family.Config(**case.config)
    if getattr(config, "conditional", False) or case.family in SUMS_OVER_LABELS:
        with pytest.raises(UserError, match=r"have no labels|have none"):
            family(config, found, rng=np.random.default_rng(0))
    else:
        family(config, found, rng=np.random.default_rng(0))


def test_log_prob_says_what_it_is(model, case, sets):
    batch = next(data.in_order(sets[case.data].test, 7))
    labels = None if given(model, 7) is None else batch.labels
    found = model.log_prob(batch.x, Stream(3), labels)
    assert found.kind in KINDS
    assert found.of in OBJECTS
    assert found.values.shape == (7,)
    assert found.values.dtype == np.float64
    assert np.isnan(found.values).all() if found.kind == "undefined" else np.isfinite(found.values).all()
    if found.of != "density of continuous x" and found.kind != "undefined":
        assert found.values.max() <= 0  # a probability
    for part in found.parts.values():
        assert part.shape == (7,)
    if found.parts:
        np.testing.assert_allclose(-sum(found.parts.values()), found.values, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.values, model.log_prob(batch.x, Stream(3), labels).values)
    if found.kind == "exact" and found.of == "density of continuous x":
        np.testing.assert_allclose(found.values, model.log_prob(batch.x, Stream(4), labels).values, rtol=1e-5)
    if labels is not None and found.kind != "undefined":
        with pytest.raises(UserError, match="pass labels"):
            model.log_prob(batch.x, Stream(3))


def test_data_of_another_shape_are_refused(model):
    if model.log_prob(np.zeros((1, *model.spec.shape), np.float32), Stream(0), given(model, 1)).kind == "undefined":
        return
    with pytest.raises(UserError, match="made for data of shape"):
        model.log_prob(np.zeros((2, *model.spec.shape, 3), np.float32), Stream(0), given(model, 2))


def test_trajectories_are_named_frames_of_each_sample(model):
    labels = labels_for(model, 3)
    path = model.trajectory(3, Stream(5), labels)
    assert path
    for name, frames in path.items():
        assert isinstance(frames, np.ndarray), name
        assert frames.ndim == 2 + len(model.spec.shape), name
        assert frames.shape[0] >= 2, name
        assert frames.shape[1:] == (3, *model.spec.shape), name
        assert np.isfinite(frames).all(), name
    again, drawn = model.trajectory(3, Stream(5), labels), model.sample(3, Stream(5), labels)
    for name, frames in path.items():
        np.testing.assert_array_equal(frames, again[name])
        np.testing.assert_allclose(frames[-1], drawn, atol=1e-4, err_msg=f"{name} leads elsewhere than sample")


def test_no_data_at_all(model):
    """None can be drawn; fewer than none cannot, and none have no probability."""
    assert model.sample(0, Stream(0)).shape == (0, *model.spec.shape)
    for frames in model.trajectory(0, Stream(0)).values():
        assert frames.shape[1:] == (0, *model.spec.shape)
    for wrong in (-1, 2.5):
        with pytest.raises(UserError, match="of at least 0"):
            model.sample(wrong, Stream(0))
    x = np.zeros((2, *model.spec.shape), np.float32)
    if model.log_prob(x, Stream(0), given(model, 2)).kind != "undefined":
        with pytest.raises(UserError, match="got no data"):
            model.log_prob(x[:0], Stream(0), given(model, 0))
        with pytest.raises(UserError, match="must be finite"):
            model.log_prob(x + np.nan, Stream(0), given(model, 2))


def losses(model, batch, rng):
    """The terms of each player's loss."""
    return {player: model(batch, rng.child(player), player) for player in model.players}


def test_every_term_of_a_loss_is_a_number_with_a_unit(model, case, sets):
    batch = next(data.in_order(dataset_of(case, sets).train, 100))
    for player, terms in losses(model, batch, Stream(0)).items():
        assert "loss" in terms
        for name, value in terms.items():
            assert value.shape == (), name
            assert math.isfinite(value.item()), name
            assert name in model.units or f"{player}/{name}" in model.units, f"{player}'s {name} has no unit"
        again = model(batch, Stream(0).child(player), player)["loss"].item()
        assert again == terms["loss"].item()  # the same noise, the same loss


def test_each_player_moves_its_own_parameters_alone(case, sets):
    model = build(case, sets).train()
    batch = next(data.in_order(dataset_of(case, sets).train, 100))
    everything = {id(p) for p in model.parameters()}
    assert {id(p) for player in model.players for p in model.parameters_of(player)} == everything
    for player in model.players:
        model.zero_grad()
        model(batch, Stream(1).child(player), player)["loss"].backward()
        own = {id(p) for p in model.parameters_of(player)}
        assert any(p.grad is not None and np.abs(p.grad.numpy()).max() > 0 for p in model.parameters_of(player))
        assert all(p.grad is None for p in model.parameters() if id(p) not in own), player


def test_a_model_in_float64_works_in_float64(case, sets):
    model = build(case, sets).to("float64").eval()
    assert model.sample(2, Stream(0), labels_for(model, 2)).dtype == np.float64
    batch = next(data.in_order(dataset_of(case, sets).train, 50))
    batch = batch._replace(x=batch.x.astype(np.float64))
    for terms in losses(model, batch, Stream(0)).values():
        assert terms["loss"].dtype == np.float64


def test_a_saved_model_draws_the_same(case, sets, tmp_path):
    config = FAMILIES[case.family].Config(**case.config)
    trained = train.fit(
        case.family, dataset_of(case, sets), config, TrainConfig(steps=3, batch_size=20), out=tmp_path / "run",
        progress=False,
    )  # fmt: skip
    again = minigen.load(tmp_path / "run")
    assert type(again) is type(trained)
    assert again.config == trained.config
    assert again.spec == trained.spec
    for name, value in trained.state_dict().items():
        np.testing.assert_array_equal(value, again.state_dict()[name], err_msg=name)
    labels = labels_for(trained, 4)
    np.testing.assert_array_equal(trained.sample(4, Stream(7), labels), again.sample(4, Stream(7), labels))


def test_it_fits_one_batch(case, sets):
    """Of one player the loss falls; of several the samples come nearer to the data, for their losses need not."""
    found = dataset_of(case, sets)
    model, batch = build(case, sets), data.take(found.train, np.arange(20))
    if found.levels is not None:
        one = Split(found.train.x[:20], found.train.labels[:20], found.levels)
    else:
        one = Split(batch.x, batch.labels)
    config = TrainConfig(steps=case.steps, batch_size=20, learning_rate=case.learning_rate, warmup=0)
    trainer = Trainer(model, replace(found, train=one), config)
    before = _progress(model, batch)
    for _ in range(case.steps):
        trainer.step()
    after = _progress(model, batch)
    assert after < before - case.falls_by * max(1.0, abs(before)), f"{before:.2f} -> {after:.2f}"


@no_grad()
def _progress(model, batch):
    """A number that training makes smaller: the mean loss over ten draws, or the distance of samples to the data."""
    model.eval()
    if len(model.players) == 1:
        return float(np.mean([model(batch, Stream(9).at(i))["loss"].item() for i in range(10)]))
    drawn = model.sample(200, Stream(9)).reshape(200, 1, -1)
    return float(np.linalg.norm(drawn - batch.x.reshape(1, len(batch.x), -1), axis=-1).min(1).mean())


def test_the_families_are_public():
    for family in FAMILIES.values():
        assert getattr(models, family.__name__) is family
        assert getattr(models, family.Config.__name__) is family.Config
