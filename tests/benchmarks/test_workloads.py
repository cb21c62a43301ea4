"""The workloads are the ones that are defined; their twins compute what minigen computes, and train as it does."""

import importlib

import numpy as np
import pytest

from benchmarks import ddpm, flow2d, gan, race

SMALL = 4  # images in a batch: the same networks, a test's time


@pytest.fixture
def few_images(monkeypatch):
    monkeypatch.setattr(ddpm, "BATCH", SMALL)


def test_every_contender_is_there_and_ours_comes_first():
    assert set(race.ROUNDS) == set(race.CONTENDERS) == {"vae", "flow2d", "gan", "ddpm", "ddpm-sample"}
    for contenders in race.CONTENDERS.values():
        assert next(iter(contenders)) == "minigen"
        for module, cls, packages in contenders.values():
            if all(importlib.util.find_spec(package) for package in packages.split()):
                assert callable(getattr(importlib.import_module(module), cls).step)


def test_the_batches_are_what_the_definitions_say():
    assert ddpm.make_batch().shape == (64, 32, 32, 1)
    assert set(np.unique(ddpm.make_batch())) == {0.0, 1.0}
    assert flow2d.make_batch().shape == (512, 2)
    np.testing.assert_allclose(flow2d.make_batch().mean(0), 0, atol=1e-6)
    assert flow2d.make_batch().std() == pytest.approx(1, rel=1e-5)


def test_the_models_are_what_the_definitions_say():
    sizes = {
        name: sum(parameter.numel() for parameter in model.parameters())
        for name, model in (("ddpm", ddpm.make_model()), ("flow2d", flow2d.make_model()), ("gan", gan.make_model()))
    }
    coupling = (1 * 128 + 128) + (128 * 128 + 128) + (128 * 2 + 2)
    assert sizes == {"ddpm": 1_623_169, "flow2d": 8 * coupling, "gan": 919_425 + 661_313}
    path = ddpm.make_model().path
    np.testing.assert_allclose(path.alpha(np.array([1.0])) ** 2, 1 - 1e-4)
    assert gan.make_model().adam_options("generator") == {"betas": (0.5, 0.999)}
    assert all(np.abs(parameter.numpy()).max() > 0 for parameter in ddpm.make_model().parameters())


def test_flow2d_learns():
    contender = flow2d.Contender()
    losses = [contender.step() for _ in range(30)]
    assert losses[-1] < losses[0] - 0.05


@pytest.mark.oracle
@pytest.mark.parametrize("workload", ["flow2d", "gan", "ddpm", "ddpm-sample"])
def test_losses_agree_with_the_twin(few_images, workload):
    pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")
    from benchmarks.agree import agree

    agree(workload)


@pytest.mark.oracle
@pytest.mark.parametrize(("workload", "steps"), [("flow2d", 20), ("gan", 4), ("ddpm", 2)])
def test_training_follows_the_twin(few_images, workload, steps):
    pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")
    from benchmarks.agree import differences

    assert differences(workload, steps).max() < 1e-9


@pytest.mark.oracle
def test_a_loss_that_differs_is_found(few_images, monkeypatch):
    pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")
    from benchmarks import agree

    monkeypatch.setattr(agree.EvaluationPair, "step", lambda self: ([1.0], [1.0 + 3e-5]))
    with pytest.raises(AssertionError):
        agree.agree("ddpm-sample")


def test_losses_agree_with_jax(few_images):
    jax = pytest.importorskip("jax", reason="JAX is a peer of the benchmarks (extra bench)")
    from benchmarks.twins import flow2d_jax, gan_jax

    ours, theirs = flow2d.Contender(), flow2d_jax.Contender()
    for _ in range(3):
        assert theirs.step() == pytest.approx(ours.step(), rel=1e-5)

    ours, theirs = gan.Contender(), gan_jax.Contender()
    z = [jax.numpy.array(ours.model.latents(SMALL, ours.noise(player))) for player in ours.model.players]
    state, *losses = gan_jax.turns(theirs.state, theirs.batch, *z)
    expected = ours.losses()
    assert float(losses[0]) == pytest.approx(expected[0], rel=1e-5)
    assert float(losses[1]) == pytest.approx(expected[1], rel=1e-3)  # after a step of Adam in float32
    (_, _, running), _ = state
    statistics = dict(ours.model.discriminator.named_buffers())
    for name, (mean, var) in running.items():
        np.testing.assert_allclose(mean, statistics[f"{name}.running_mean"].numpy(), rtol=1e-2, atol=1e-3)
        np.testing.assert_allclose(var, statistics[f"{name}.running_var"].numpy(), rtol=1e-2)


@pytest.mark.slow
def test_the_unet_s_loss_agrees_with_jax(few_images):
    """Slow, since JAX compiles the whole net."""
    jax = pytest.importorskip("jax", reason="JAX is a peer of the benchmarks (extra bench)")
    from benchmarks.twins import ddpm_jax

    ours, theirs = ddpm.Contender(), ddpm_jax.Contender()
    t, eps = ddpm.noise_of(ours.model, ours.noise("model"))
    loss = jax.jit(ddpm_jax.loss)(theirs.parameters, theirs.batch, t, eps)
    assert float(loss) == pytest.approx(ours.step(), rel=1e-5)
