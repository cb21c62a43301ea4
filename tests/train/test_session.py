"""Training sessions: resumed runs are bit-identical, interrupted ones are kept, bad folders are refused whole."""

import importlib
import json
import os
import signal

import numpy as np
import pytest

import minigen
from minigen import data, optim
from minigen.errors import CheckpointError, NonFiniteError, UserError
from minigen.models import GAN, GANConfig, VAEConfig
from minigen.train import RunFolder, TrainConfig, Trainer, fit, load, read_checkpoint, write_checkpoint

SMALL = VAEConfig(latent=3, hidden=(12,))


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def run(digits, out, steps, resume=False, model=SMALL, **options):
    config = TrainConfig(steps=steps, batch_size=50, **options)
    return fit("vae", digits, model, config, out=out, resume=resume, progress=False)


def test_a_run_leaves_what_it_promises(digits, tmp_path):
    folder = RunFolder(tmp_path / "run")
    model = run(digits, folder.path, steps=120)
    assert json.loads(folder.config.read_text())["model"]["latent"] == 3
    lines = folder.history()
    assert [line["step"] for line in lines] == [50, 100, 120]
    assert {"loss", "reconstruction", "kl", "gradient_norm", "seconds"} <= set(lines[0])
    assert folder.best.exists()
    assert folder.curves.exists()
    assert folder.sample_path(120).exists()
    again = load(folder.path)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, again.state_dict()[name])
    np.testing.assert_array_equal(
        model.sample(4, minigen.Stream(0)), minigen.load(folder.path).sample(4, minigen.Stream(0))
    )


def test_pictures_come_as_often_as_asked(digits, tmp_path):
    """Soon and at the end where no time lies between; after seconds that a short run never reaches, at the end only."""
    for save_every, steps in ((0.0, [1, 12]), (3600.0, [12])):
        folder = RunFolder(tmp_path / str(save_every))
        config = TrainConfig(steps=12, batch_size=50)
        fit("vae", digits, SMALL, config, out=folder.path, progress=False, save_every=save_every)
        assert [step for step in range(13) if folder.sample_path(step).exists()] == steps


def test_training_learns(digits):
    losses = []
    trainer = Trainer(*fresh(digits), TrainConfig(batch_size=100, learning_rate=3e-3))
    losses = [trainer.step()["loss"] for _ in range(250)]
    assert np.mean(losses[-20:]) < np.mean(losses[:20]) - 3
    assert trainer.validate() == trainer.validate()  # the same noise each time


def fresh(digits, config=SMALL):
    from minigen.models import VAE, DataSpec

    spec = DataSpec(tuple(digits.shape), digits.levels, digits.classes)
    return VAE(config, spec, rng=np.random.default_rng(0)), digits


@pytest.mark.parametrize("stop", [1, 37, 60])
def test_a_resumed_run_is_bit_identical(digits, tmp_path, stop):
    run(digits, tmp_path / "whole", steps=75)
    run(digits, tmp_path / "parts", steps=stop)
    run(digits, tmp_path / "parts", steps=75, resume=True)
    whole, _ = read_checkpoint(RunFolder(tmp_path / "whole").last)
    parts, _ = read_checkpoint(RunFolder(tmp_path / "parts").last)
    assert whole.keys() == parts.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], parts[name], err_msg=name)
    timeless = [
        [{k: v for k, v in line.items() if k != "seconds"} for line in RunFolder(tmp_path / part).history()]
        for part in ("whole", "parts")
    ]
    assert timeless[0] == timeless[1]


def test_same_seed_same_bits_at_any_thread_count(digits, tmp_path):
    numba = pytest.importorskip("numba")
    cpu_threads = importlib.import_module("minigen.backends.cpu.threads")
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one thread is all there is here")
    states, before = [], cpu_threads.get_threads()
    for threads in (1, 2):
        states.append(run(digits, None, steps=5, threads=threads).state_dict())
        assert cpu_threads.get_threads() == before  # what the run asked for ends with it
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name], err_msg=name)


def test_an_interrupt_keeps_the_model(digits, tmp_path, monkeypatch):
    """A real SIGINT in the middle of a step: the step is finished, and the run goes on from it bit for bit."""
    update = optim.Adam.step

    def interrupted(self):
        update(self)
        if self.steps == 30:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(optim.Adam, "step", interrupted)
    before = signal.getsignal(signal.SIGINT)
    run(digits, tmp_path / "parts", steps=60)
    assert signal.getsignal(signal.SIGINT) is before
    assert read_checkpoint(RunFolder(tmp_path / "parts").last)[1]["step"] == 30
    monkeypatch.setattr(optim.Adam, "step", update)
    run(digits, tmp_path / "parts", steps=60, resume=True)
    run(digits, tmp_path / "whole", steps=60)
    whole, parts = (read_checkpoint(RunFolder(tmp_path / name).last)[0] for name in ("whole", "parts"))
    for name in whole:
        np.testing.assert_array_equal(whole[name], parts[name], err_msg=name)


def test_a_second_interrupt_does_not_wait(digits, tmp_path, monkeypatch):
    def stuck(self):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Trainer, "step", stuck)
    with pytest.raises(KeyboardInterrupt):
        run(digits, tmp_path / "run", steps=60)


def test_a_picture_that_cannot_be_written_does_not_cost_the_model(digits, tmp_path, monkeypatch):
    def full(*_, **__):
        raise UserError("cannot write the picture: No space left on device")

    monkeypatch.setattr("minigen.train.session.save_samples", full)
    with pytest.raises(UserError, match="No space left"):
        run(digits, tmp_path / "run", steps=5)
    assert read_checkpoint(RunFolder(tmp_path / "run").last)[1]["step"] == 5


@pytest.mark.parametrize("change", [{"batch_size": 20}, {"seed": 3}])
def test_other_batches_cannot_resume(digits, tmp_path, change):
    run(digits, tmp_path / "run", steps=3)
    config = RunFolder(tmp_path / "run").config.read_bytes()
    options = {"steps": 6, "batch_size": 50, **change}
    with pytest.raises(CheckpointError, match=f"configuration of the training .*{next(iter(change))}"):
        fit("vae", digits, SMALL, TrainConfig(**options), out=tmp_path / "run", resume=True, progress=False)
    assert RunFolder(tmp_path / "run").config.read_bytes() == config


def test_a_damaged_checkpoint_leaves_the_configuration_alone(digits, tmp_path):
    run(digits, tmp_path / "run", steps=3)
    folder = RunFolder(tmp_path / "run")
    config = folder.config.read_bytes()
    folder.last.write_bytes(folder.last.read_bytes()[:-3])
    with pytest.raises(CheckpointError, match="damaged"):
        run(digits, tmp_path / "run", steps=9, resume=True)
    assert folder.config.read_bytes() == config


@pytest.mark.parametrize("content", ["{}", "[]", "nonsense", '{"train": 1, "model": {}, "data": {}}'])
def test_a_configuration_that_is_none(digits, tmp_path, content):
    run(digits, tmp_path / "run", steps=3)
    RunFolder(tmp_path / "run").config.write_text(content)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        run(digits, tmp_path / "run", steps=9, resume=True)


def test_the_end_is_reported_and_validated(digits, tmp_path):
    run(digits, tmp_path / "run", steps=7)
    (line,) = RunFolder(tmp_path / "run").history()
    assert line["step"] == 7
    assert "validation/loss" in line
    assert RunFolder(tmp_path / "run").best.exists()
    assert RunFolder(tmp_path / "run").curves.exists()
    assert load(tmp_path / "run", which="best").config == SMALL


def test_a_finished_run_has_nothing_to_do(digits, tmp_path):
    run(digits, tmp_path / "run", steps=5)
    before = RunFolder(tmp_path / "run").last.read_bytes()
    run(digits, tmp_path / "run", steps=3, resume=True)
    assert RunFolder(tmp_path / "run").last.read_bytes() == before


def test_families_and_their_configurations_must_fit(digits):
    with pytest.raises(UserError, match="unknown family 'nobody'"):
        fit("nobody", digits, SMALL, TrainConfig(steps=1))
    with pytest.raises(UserError, match="configured by a VAEConfig, got a TrainConfig"):
        fit("vae", digits, TrainConfig(), SMALL)


def test_resume_starts_where_there_is_no_checkpoint_yet(digits, tmp_path):
    run(digits, tmp_path / "run", steps=3, resume=True)
    assert read_checkpoint(RunFolder(tmp_path / "run").last)[1]["step"] == 3


def test_a_folder_in_use_is_refused_and_left_alone(digits, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"is not empty.*--resume"):
        run(digits, tmp_path, steps=3)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(UserError, match="is a file"):
        run(digits, tmp_path / "notes.txt", steps=3)


def test_another_model_or_other_data_cannot_resume(digits, tmp_path):
    run(digits, tmp_path / "run", steps=3)
    before = RunFolder(tmp_path / "run").last.read_bytes()
    with pytest.raises(CheckpointError, match=r"another configuration of the model .latent 3 there, 4 now"):
        run(digits, tmp_path / "run", steps=5, resume=True, model=VAEConfig(latent=4, hidden=(12,)))
    shapes = data.load("shapes", size=8)
    with pytest.raises(CheckpointError, match="another configuration of the data"):
        fit(
            "vae", shapes, SMALL, TrainConfig(steps=5, batch_size=50), out=tmp_path / "run", resume=True, progress=False
        )
    assert RunFolder(tmp_path / "run").last.read_bytes() == before


def test_a_nan_has_an_address(digits):
    """A weight that overflows in one layer: the error names the step and the op, and the module where it happened."""
    model, _ = fresh(digits)
    trainer = Trainer(model, digits, TrainConfig(batch_size=50))
    trainer.step()
    model.encoder[2].weight.copy_(np.full(model.encoder[2].weight.shape, 3e38, np.float32))
    with pytest.raises(NonFiniteError, match=r"Linear of .*in module .*encoder\.2, step 1"):
        trainer.step()


def test_minutes_end_a_run(digits, tmp_path):
    config = TrainConfig(minutes=0.02, batch_size=50)
    fit("vae", digits, SMALL, config, out=tmp_path / "run", progress=False)
    facts = read_checkpoint(RunFolder(tmp_path / "run").last)[1]
    assert facts["seconds"] >= 1.2
    assert facts["step"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 5, "epochs": 1}, "steps and epochs; give only one"),
        ({"steps": 0}, "steps is 0; it must be positive"),
        ({"minutes": -1.0}, "minutes is -1"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(UserError, match=message):
        TrainConfig(**options)


def test_points_train_too(tmp_path):
    moons = data.load("moons")
    model = fit(
        "vae", moons, VAEConfig(latent=2, hidden=(16,), likelihood="gaussian"), TrainConfig(steps=20),
        out=tmp_path / "run", progress=False,
    )  # fmt: skip
    assert model.sample(7, minigen.Stream(0)).shape == (7, 2)
    assert RunFolder(tmp_path / "run").sample_path(20).exists()


def test_last_checkpoint_can_be_read_by_its_own_path(digits, tmp_path):
    run(digits, tmp_path / "run", steps=3)
    assert load(RunFolder(tmp_path / "run").last).config == SMALL
    assert load(tmp_path / "run", which="last").spec.shape == (8, 8, 1)
    RunFolder(tmp_path / "run").best.unlink()
    with pytest.raises(CheckpointError, match=r"no checkpoint .*with each validation"):
        load(tmp_path / "run", which="best")
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        load(tmp_path / "nowhere")
    write_checkpoint(tmp_path / "other.safetensors", {"a": np.zeros(2)}, {"family": "nobody"})
    with pytest.raises(CheckpointError, match="unknown family 'nobody'"):
        load(tmp_path / "other.safetensors")


def test_a_resumed_game_is_bit_identical(digits, tmp_path):
    """With all that a game keeps: two optimisers, batch statistics, singular vectors, a generator's average."""
    config = GANConfig(network="dcgan", latent=4, channels=(4, 8), norm="spectral", d_steps=2)
    for out, steps in (("whole", 9), ("parts", 4), ("parts", 9)):
        training = TrainConfig(steps=steps, batch_size=20, schedule="constant")
        fit("gan", digits, config, training, out=tmp_path / out, resume=True, progress=False)
    whole, parts = (read_checkpoint(RunFolder(tmp_path / out).last)[0] for out in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], parts[name], err_msg=name)


def test_an_alarm_is_said_once_and_stays_in_the_metrics(tmp_path, monkeypatch):
    """Also where the last step has been reported already, and where the run goes on later."""
    points, folder = data.load("8gaussians"), RunFolder(tmp_path / "run")
    monkeypatch.setattr(GAN, "alarms", lambda self, history: ["it burns"])
    for steps in (50, 100):
        config = TrainConfig(steps=steps, batch_size=32)
        fit("gan", points, GANConfig(latent=4, hidden=(16,)), config, folder.path, resume=True, progress=False)
        assert [line.get("alarms") for line in folder.history()] == [["it burns"], None][: steps // 50]


def test_a_game_leaves_a_picture_of_its_health(tmp_path):
    """A GAN's numbers about itself stand in the metrics and in a figure; validation is none of them."""
    points = data.load("8gaussians")
    config = GANConfig(latent=4, hidden=(16,))
    fit("gan", points, config, TrainConfig(steps=60, batch_size=32), out=tmp_path / "run", progress=False)
    folder = RunFolder(tmp_path / "run")
    last = folder.history()[-1]
    assert {"discriminator/accuracy_real", "health/diversity", "health/modes"} <= set(last)
    assert "validation/loss" not in last
    assert folder.health.exists()
    with pytest.raises(CheckpointError, match="can rank models"):
        load(folder.path, which="best")
