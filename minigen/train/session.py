"""A training session: the loop, its reports, and the run folder."""

import contextlib
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .. import __version__, backends
from ..core.random import Stream
from ..data import in_order
from ..errors import CheckpointError, UserError
from ..models import FAMILIES, DataSpec
from ..viz.curves import save_curves
from ..viz.samples import save_samples
from .checkpoint import read_checkpoint, write_checkpoint
from .folder import RunFolder
from .interrupts import Interrupts
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
    if family not in FAMILIES:
        raise UserError(f"unknown family {family!r}; choose one of: {', '.join(FAMILIES)}")
    if not isinstance(model_config, FAMILIES[family].Config):
        wanted = FAMILIES[family].Config.__name__
        raise UserError(f"a {family} is configured by a {wanted}, got a {type(model_config).__name__}")
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
            hint = (
                "validation comes once an epoch and at the end"
                if which == "best"
                else "was the training started there?"
            )
            raise CheckpointError(f"{run} holds no checkpoint ({path.relative_to(run)}); {hint}")
    arrays, facts = read_checkpoint(path)
    if facts.get("family") not in FAMILIES:
        raise CheckpointError(
            f"{path} holds a model of the unknown family {facts.get('family')!r}; known: {', '.join(FAMILIES)}"
        )
    family = FAMILIES[facts["family"]]
    try:
        config = family.Config(**_with_tuples(facts["model"]))
        model = family(config, DataSpec(**_with_tuples(facts["spec"])), rng=np.random.default_rng(0))
    except (AttributeError, KeyError, TypeError, UserError) as error:
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
        before = None if config.threads is None else backends.set_threads(config.threads)
        try:
            yield
        finally:
            if before is not None:
                backends.set_threads(before)


class _Session:
    """What happens around the steps: reports, pictures, checkpoints, the end."""

    report_every = 50  # steps
    picture_seconds = 20

    def __init__(self, trainer, out, progress):
        self.trainer = trainer
        self.folder = None if out is None else RunFolder(out)
        self.show = progress
        self.history = []
        self.best = None  # the lowest validation loss so far
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
            "kind": trainer.dataset.kind,
            "spec": asdict(model.spec),
            "minigen": __version__,
        }
        if self.folder is not None and self.folder.prepare(self.facts, resume):
            self._continue()
        else:
            model.look_at_data(in_order(trainer.dataset.train, 1000))
        if self.folder is not None:
            self.folder.write_config(self.facts)

    def _continue(self):
        arrays, facts = read_checkpoint(self.folder.last)
        if facts.get("family") != self.facts["family"]:
            raise CheckpointError(f"{self.folder.last} holds a {facts.get('family')}, not a {self.facts['family']}")
        try:
            step, self.best, self.seconds = int(facts["step"]), facts["best"], float(facts["seconds"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{self.folder.last} does not say where its run stopped: {error}") from error
        self.trainer.load_state(arrays, step)
        # the last line of an earlier end is not one that an uninterrupted run would have written
        lines = self.folder.history()
        self.history = [line for line in lines if line["step"] <= step and line["step"] % self.report_every == 0]

    def run(self):
        """Train to the end, or to an interrupt; either way the model is kept."""
        trainer = self.trainer
        total = trainer.config.total_steps(trainer.batches.steps_per_epoch)
        since = picture = time.perf_counter()
        earlier, terms = self.seconds, None
        with Progress(trainer, total, self.show) as bar, Interrupts() as interrupts:
            if not self._goes_on(total):
                bar.say(f"nothing to do: the run is at step {trainer.done} already")
            while self._goes_on(total) and not interrupts.asked:
                terms = trainer.step()
                now = time.perf_counter()
                self.seconds = earlier + now - since
                bar.advance(terms)
                if trainer.done % self.report_every == 0:
                    self._report(terms, self._epoch_ended())
                if now - picture > self.picture_seconds:
                    self.save()
                    picture = time.perf_counter()
            if terms is not None:
                self._report(terms, validate=True)
                self.save()
            if interrupts.asked:
                bar.say(f"interrupted after {trainer.done} steps; the model is kept")

    def _goes_on(self, total):
        if total is not None:
            return self.trainer.done < total
        return self.seconds < 60 * self.trainer.config.minutes

    def _epoch_ended(self):
        """Whether an epoch ended since the last report."""
        return self.trainer.done % self.trainer.batches.steps_per_epoch < self.report_every

    def _report(self, terms, validate):
        trainer = self.trainer
        line = {"step": trainer.done, "seconds": round(self.seconds, 3), **terms}
        if self.history and self.history[-1]["step"] == trainer.done:
            self.history.pop()
        if validate and len(trainer.dataset.validation):
            line["validation/loss"] = trainer.validate()
            if self.best is None or line["validation/loss"] < self.best:
                self.best = line["validation/loss"]
                if self.folder is not None:
                    self._write(self.folder.best)
        self.history.append(line)

    def save(self):
        """Write metrics, pictures and, last, the checkpoint that they belong to, even if they cannot be written."""
        if self.folder is None:
            return
        try:
            self.folder.write_history(self.history)
            self._draw()
        finally:
            self._write(self.folder.last)

    def _write(self, path):
        facts = {**self.facts, "step": self.trainer.done, "best": self.best, "seconds": self.seconds}
        write_checkpoint(path, self.trainer.state(), facts)

    def _draw(self):
        trainer = self.trainer
        model, rng = trainer.model, Stream(trainer.config.seed).child("pictures")
        kind, path = trainer.dataset.kind, self.folder.sample_path(trainer.done)
        model.eval()
        save_samples(model.sample(2000 if kind == "points" else 64, rng), path, kind, reference=trainer.dataset.train.x)
        if self.history:
            save_curves(self.history, self.folder.curves)
        model.train()
