"""A training session: the loop, its reports, and the run folder."""

import contextlib
import time
from dataclasses import asdict

from .. import __version__, backends
from ..core.random import Stream
from ..data import in_order
from ..errors import CheckpointError, UserError
from ..models import FAMILIES, DataSpec
from ..viz.curves import save_curves
from ..viz.health import save_health
from ..viz.samples import save_samples
from .checkpoint import read_checkpoint, write_checkpoint
from .folder import RunFolder
from .interrupts import Interrupts
from .loop import Trainer
from .progress import Progress
from .restore import adopt_average


def fit(family, dataset, model_config, config, out=None, resume=False, progress=True, observer=None, save_every=20.0):
    """Train a model and return it.

    An interrupt (Ctrl-C, or the stop button in Jupyter) ends the training early and keeps the model.

    The model that comes back has the averaged weights, where the run keeps an average.

    Args:
        family: one of `minigen.models.FAMILIES`, such as "vae".
        dataset: a `minigen.data.DataSet`, from `minigen.data.load`.
        model_config: the family's frozen dataclass, e.g. `VAEConfig`.
        config: `TrainConfig`.
        out: run folder to write (see `RunFolder`); None writes nothing.
        resume: go on where the run in ``out`` stopped, or start where it holds no checkpoint yet.
        progress: show a progress bar.
        observer: called with the `Trainer` every 50 steps and at the end; what it takes is no training time.
        save_every: seconds of training, at least, from one checkpoint with its pictures to the next; the end has one
            in any case.
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
    with placed(config):
        trainer = make_trainer(family, dataset, model_config, config)
        model = trainer.model
        session = _Session(trainer, out, progress, observer, save_every)
        session.start(resume)
        session.run()
        if trainer.ema and trainer.ema.updates:
            adopt_average(model, trainer.ema.state_dict())
    return model.eval()


def make_trainer(family, dataset, model_config, config):
    """The `Trainer` of a new model with the initial weights of ``config.seed``; arguments as in `fit`."""
    spec = DataSpec(tuple(dataset.shape), dataset.levels, dataset.classes)
    rng = Stream(config.seed).child("initial weights").generator()
    return Trainer(FAMILIES[family](model_config, spec, rng=rng), dataset, config)


@contextlib.contextmanager
def placed(config):
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
    patience = 10  # seconds of training for each second that a picture takes

    def __init__(self, trainer, out, progress, observer, save_every):
        self.trainer, self.save_every = trainer, save_every
        self.observe = observer or (lambda trainer: None)
        self.folder = None if out is None else RunFolder(out)
        self.show = progress
        self.history = []
        self.best = None  # the lowest validation loss so far
        self.alarms = set()  # sentences that were said

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
            step, self.best, seconds = int(facts["step"]), facts["best"], float(facts["seconds"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{self.folder.last} does not say where its run stopped: {error}") from error
        self.trainer.load_state(arrays, step, seconds)
        # the last line of an earlier end is not one that an uninterrupted run would have written
        lines = self.folder.history()
        self.history = [line for line in lines if line["step"] <= step and line["step"] % self.report_every == 0]
        self.alarms.update(alarm for line in self.history for alarm in line.get("alarms", ()))

    def run(self):
        """Train to the end, or to an interrupt; either way the model is kept."""
        trainer, terms, pause = self.trainer, None, self.save_every
        saved = time.perf_counter()
        with Progress(trainer, self.show) as bar, Interrupts() as interrupts:
            if trainer.fraction >= 1:
                bar.say(f"nothing to do: the run is at step {trainer.done} already")
            while trainer.fraction < 1 and not interrupts.asked:
                terms = trainer.step()
                bar.advance(terms)
                if trainer.done % self.report_every == 0:
                    self._report(terms, self._epoch_ended(), bar)
                    self.observe(trainer)
                begin = time.perf_counter()
                if begin - saved > pause:
                    self.save()
                    saved = time.perf_counter()
                    pause = max(self.save_every, self.patience * (saved - begin))
            if terms is not None:
                self._report(terms, True, bar)
                self.observe(trainer)
                self.save()
            if interrupts.asked:
                bar.say(f"interrupted after {trainer.done} steps; the model is kept")

    def _epoch_ended(self):
        """Whether an epoch ended since the last report."""
        return self.trainer.done % self.trainer.batches.steps_per_epoch < self.report_every

    def _report(self, terms, validate, bar):
        trainer = self.trainer
        line = {"step": trainer.done, "seconds": round(trainer.seconds, 3), **terms}
        if self.history and self.history[-1]["step"] == trainer.done:
            line = {**self.history.pop(), **line}  # what was said of this step, alarms too, still holds
        if validate and trainer.model.comparable and len(trainer.dataset.validation):
            line["validation/loss"] = trainer.validate()
            if self.best is None or line["validation/loss"] < self.best:
                self.best = line["validation/loss"]
                if self.folder is not None:
                    self._write(self.folder.best)
        self.history.append(line)
        for alarm in trainer.model.alarms(self.history):
            if alarm not in self.alarms:
                bar.say(f"step {trainer.done}: {alarm}")
                line.setdefault("alarms", []).append(alarm)
        self.alarms.update(line.get("alarms", ()))

    def save(self):
        """Write metrics, pictures and, last, the checkpoint that they belong to, even if they cannot be written."""
        if self.folder is None:
            return
        with contextlib.ExitStack() as afterwards:  # whatever happens, in this order: metrics, then the checkpoint
            afterwards.callback(self._write, self.folder.last)
            afterwards.callback(self.folder.write_history, self.history)
            self._draw()

    def _write(self, path):
        facts = {**self.facts, "step": self.trainer.done, "best": self.best, "seconds": self.trainer.seconds}
        write_checkpoint(path, self.trainer.state(), facts)

    def _draw(self):
        trainer = self.trainer
        rng, dataset = Stream(trainer.config.seed).child("pictures"), trainer.dataset
        with trainer.averaged() as model:
            samples = model.sample(2000 if dataset.kind == "points" else 64, rng)
        save_samples(samples, self.folder.sample_path(trainer.done), dataset.kind, reference=dataset.train.x)
        if self.history:
            health = model.diagnose(samples, dataset)
            self.history[-1].update(health)
            save_curves(self.history, self.folder.curves)
            if health:
                save_health(self.history, self.folder.health)
