"""A training session: the loop, its reports, and the run folder."""

import contextlib
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .. import __version__, backends
from ..core.random import Stream
from ..data import in_order
from ..errors import CheckpointError
from ..models import FAMILIES, DataSpec
from ..viz import save_grid
from ..viz.curves import save_curves
from ..viz.points import save_points
from .checkpoint import read_checkpoint, write_checkpoint
from .folder import RunFolder
from .loop import Trainer, part
from .progress import Progress


def fit(family, dataset, model_config, config, out=None, resume=False, progress=True):
    """Train a model and return it.

    An interrupt (Ctrl-C, or the stop button in Jupyter) ends the training early and keeps the model.

    Args:
        family: "vae".
        dataset: a `minigen.data.DataSet`, from `minigen.data.load`.
        model_config: the family's frozen dataclass, e.g. `VAEConfig`.
        config: `TrainConfig`.
        out: run folder to write (see `RunFolder`); None writes nothing.
        resume: go on where the run in ``out`` stopped, or start where it holds no checkpoint yet.
        progress: show a progress bar.
    Raises:
        UserError: ``out`` is not empty and ``resume`` is off, or cannot be written.
        CheckpointError: the run in ``out`` is of another model or other data.
        NonFiniteError: the training diverged; the message names the op.
    """
    with _placed(config):
        spec = DataSpec(tuple(dataset.shape), dataset.levels, dataset.classes)
        rng = Stream(config.seed).child("initial weights").generator()
        model = FAMILIES[family](model_config, spec, rng=rng)
        trainer = Trainer(model, dataset, config)
        session = _Session(trainer, out, progress)
        session.start(resume)
        session.run()
    model.eval()
    return model


def load(run, which="last"):
    """The model of a run folder (or of a checkpoint file), ready to sample.

    Args:
        run: a folder that `minigen train` wrote, or the path of a .safetensors file in it.
        which: "last" or "best" (by validation loss).
    Raises:
        CheckpointError: no checkpoint there, a damaged one, or one of a newer format or an unknown family.
    """
    path = Path(run)
    if path.is_dir():
        folder = RunFolder(path)
        path = folder.best if which == "best" else folder.last
        if not path.exists():
            raise CheckpointError(
                f"{run} holds no checkpoint ({path.relative_to(run)}); was the training started there?"
            )
    arrays, facts = read_checkpoint(path)
    if facts.get("family") not in FAMILIES:
        raise CheckpointError(
            f"{path} holds a model of the unknown family {facts.get('family')!r}; known: {', '.join(FAMILIES)}"
        )
    family = FAMILIES[facts["family"]]
    try:
        config = family.Config(**_with_tuples(facts["model"]))
        model = family(config, DataSpec(**_with_tuples(facts["spec"])), rng=np.random.default_rng(0))
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} does not describe a {facts['family']} that this version knows: {error}"
        ) from error
    model.load_state_dict(part(arrays, "model/"))
    model.eval()
    return model


def _with_tuples(values):
    """JSON's lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


@contextlib.contextmanager
def _placed(config):
    """The backend and the number of threads that ``config`` asks for."""
    with backends.backend(config.backend) if config.backend else contextlib.nullcontext():
        if config.threads is not None:
            backends.set_threads(config.threads)
        yield


class _Session:
    """What happens around the steps: reports, pictures, checkpoints, the end."""

    report_every = 50  # steps
    picture_seconds = 20

    def __init__(self, trainer, out, progress):
        self.trainer = trainer
        self.folder = None if out is None else RunFolder(out)
        self.show = progress
        self.history = []
        self.best = float("inf")
        self.seconds = 0.0  # of training, earlier parts counted in

    def start(self, resume):
        """Prepare the folder, and go on from its checkpoint if there is one."""
        trainer, model = self.trainer, self.trainer.model
        self.facts = {
            "family": model.family,
            "model": asdict(model.config),
            "train": asdict(trainer.config),
            "data": trainer.dataset.options,
            "provenance": trainer.dataset.provenance,
            "spec": asdict(model.spec),
            "minigen": __version__,
        }
        if self.folder is not None and self.folder.prepare(self.facts, resume):
            arrays, facts = read_checkpoint(self.folder.last)
            trainer.load_state(arrays, facts["step"])
            self.best, self.seconds = facts["best"], facts["seconds"]
            self.history = [line for line in self.folder.history() if line["step"] <= facts["step"]]
        else:
            model.look_at_data(in_order(trainer.dataset.train, 1000))

    def run(self):
        """Train to the end, or to an interrupt; either way the model is kept."""
        trainer = self.trainer
        total = trainer.config.total_steps(trainer.batches.steps_per_epoch)
        since = picture = time.perf_counter()
        earlier = self.seconds
        with Progress(trainer, total, self.show) as bar:
            try:
                while self._goes_on(total):
                    terms = trainer.step()
                    now = time.perf_counter()
                    self.seconds = earlier + now - since
                    bar.advance(terms)
                    if trainer.done % self.report_every == 0:
                        self._report(terms)
                    if now - picture > self.picture_seconds:
                        self.save()
                        picture = time.perf_counter()
            except KeyboardInterrupt:
                bar.say(f"interrupted after {trainer.done} steps; the model is kept")
            finally:
                bar.close()
        self.save()

    def _goes_on(self, total):
        if total is not None:
            return self.trainer.done < total
        return self.seconds < 60 * self.trainer.config.minutes

    def _report(self, terms):
        trainer = self.trainer
        line = {"step": trainer.done, "seconds": round(self.seconds, 3), **terms}
        if trainer.done % trainer.batches.steps_per_epoch < self.report_every and len(trainer.dataset.validation):
            line["validation/loss"] = trainer.validate()
            if line["validation/loss"] < self.best:
                self.best = line["validation/loss"]
                if self.folder is not None:
                    self._write(self.folder.best)
        self.history.append(line)

    def save(self):
        """Write metrics, pictures and, last, the checkpoint that they belong to."""
        if self.folder is None:
            return
        self.folder.write_history(self.history)
        self._draw()
        self._write(self.folder.last)

    def _write(self, path):
        facts = {**self.facts, "step": self.trainer.done, "best": self.best, "seconds": self.seconds}
        write_checkpoint(path, self.trainer.state(), facts)

    def _draw(self):
        trainer = self.trainer
        model, rng = trainer.model, Stream(trainer.config.seed).child("pictures")
        model.eval()
        path = self.folder.sample_path(trainer.done)
        if len(model.spec.shape) == 3:
            save_grid(model.sample(64, rng), path)
        else:
            save_points(model.sample(2000, rng), path, reference=trainer.dataset.train.x[:2000])
        if self.history:
            save_curves(self.history, self.folder.curves)
        model.train()
