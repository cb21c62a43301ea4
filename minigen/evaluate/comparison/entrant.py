"""One family, one seed: warmed up, trained for its budget, chosen on validation data, and measured once on test data.

Each entrant runs in a process of its own, so that its peak memory is its own, and compiles, or loads what was compiled,
before the clock starts. Training, validation, sampling and evaluation are timed apart.
"""

import resource
import statistics
import sys
import time
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np

from ... import data, train
from ...core.autograd import no_grad
from ...core.random import Stream
from ...core.tensor import tensor
from ...data import in_order
from ...errors import MinigenError
from ...insight import count_operations
from ..likelihood import divergence, in_words, log_prob
from .judge import Judge, generators_part
from .plan import model_config, train_config
from .quality import QualityCurve
from .traits import traits_of

WARM_STEPS, TIMED_STEPS = 3, 7
PRODUCTS = "Conv2d", "Conv2dBias", "Linear", "LinearReLU", "LinearTanh", "MultilayerPerceptron"  # ops of a network
SAVE_EVERY = 60  # seconds, more than a short run has: nobody looks at its pictures meanwhile
KEPT = 2000
"""Samples kept for the picture."""


def compile_kernels(plan):
    """Run what each family runs, so that later processes load what this one compiled.

    Returns:
        {family: {"operations": of a training step, "compile_seconds"}}.
    """
    costs, dataset = {}, generators_part(data.load(**plan.data))
    for family in plan.entrants:
        settings = train_config(family, dataset, 0, plan, seed=0, steps=WARM_STEPS)
        with train.placed(settings):
            (_, operations), seconds = timed(warm, family, dataset, model_config(family, dataset), settings)
        costs[family] = {"operations": operations, "compile_seconds": seconds}
    return costs


def step_seconds(plan):
    """The median time of some training steps of each family, once everything is compiled: {family: seconds}."""
    found, dataset = {}, generators_part(data.load(**plan.data))
    for family in plan.entrants:
        settings = train_config(family, dataset, 0, plan, seed=0, steps=WARM_STEPS + TIMED_STEPS)
        with train.placed(settings):
            trainer = _begun(family, dataset, model_config(family, dataset), settings)
            times = [timed(trainer.step)[1] for _ in range(WARM_STEPS + TIMED_STEPS)]
        found[family] = statistics.median(times[WARM_STEPS:])
    return found


def enter(plan, family, seed, trial, steps, folder, judge_file):
    """Train and measure one entrant: a dict fit for JSON, whose "status" is "ok" or says what went wrong.

    Args:
        plan: the `Plan`.
        family, seed, trial: who.
        steps: of training; None where the plan's seconds decide.
        folder: run folder; a run in it is continued.
        judge_file: of the `Judge`.
    """
    who = {"family": family, "seed": seed, "trial": trial}
    try:
        return who | {"status": "ok"} | _enter(plan, family, seed, trial, steps, Path(folder), judge_file)
    except MinigenError as error:  # a training that diverged stays in the table
        return who | {"status": f"{type(error).__name__}: {error}"}


def _enter(plan, family, seed, trial, steps, folder, judge_file):
    dataset = generators_part(data.load(**plan.data))
    config, judge = model_config(family, dataset), Judge.load(judge_file)
    settings = train_config(family, dataset, trial, plan, seed, steps)
    with train.placed(settings):
        curve = QualityCurve(judge, dataset, seed, folder.with_suffix(".quality.json"))
        model, trained = trained_model(family, dataset, config, settings, folder, curve)
        n = plan.samples or default_samples(dataset)
        samples, measured = measure(model, dataset, judge, n, seed)
    np.save(folder.with_suffix(".samples.npy"), samples[:KEPT])
    seconds = trained.pop("seconds") | measured.pop("seconds")
    return {"model": asdict(config), **trained, **measured, "quality": curve.points, "seconds": seconds}


def trained_model(family, dataset, config, settings, folder, curve):
    """The model of a run, continued where there is one, and what its training took: with `chosen` weights where a loss
    on unseen data tells which are better, else, of a GAN, with the last average.

    Raises:
        KeyboardInterrupt: the run was interrupted before its end.
    """
    begin = time.perf_counter()
    samples, _ = warm(family, dataset, config, settings)
    curve.judge.features(samples)
    compiled = time.perf_counter()
    model = train.fit(family, dataset, config, settings, folder, resume=True, observer=curve, save_every=SAVE_EVERY)
    if not curve.points or curve.points[-1]["fraction"] < 1:
        raise KeyboardInterrupt
    if model.comparable:
        model = chosen(model, train.load(folder, "best"), dataset.validation, settings.seed)
    trained = time.perf_counter()
    _, facts = train.read_checkpoint(train.RunFolder(folder).last)
    spent = float(facts["seconds"])
    seconds = {"compile": compiled - begin, "train": spent, "validate": trained - compiled - spent}
    found = {"train": facts["train"], "steps": int(facts["step"]), "parameters": count_parameters(model)}
    return model, found | {"seconds": seconds}


def chosen(last, best, validation, seed):
    """Early stopping: the weights of the lowest validation loss, if they are better than the last by more than luck.

    That is a standard error of the difference, over 100 batches; the last weights were made by the smallest steps.

    After the 1 SE rule of Classification and Regression Trees. Breiman, Friedman, Olshen, Stone, 1984, ch. 3
    """
    rng = Stream(seed).child("choice")
    batches = list(islice(in_order(validation, max(1, len(validation) // 100)), 100))

    @no_grad()
    def losses(model):
        return np.array([model.loss(batch, rng.at(i))["loss"].item() for i, batch in enumerate(batches)])

    worse = losses(last) - losses(best)
    error = worse.std(ddof=1) / np.sqrt(len(worse)) if len(worse) > 1 else 0.0
    return best if worse.mean() > error else last


def measure(model, dataset, judge, n, seed):
    """n samples, and everything that is measured of a trained model, each part timed."""
    samples, sampling = timed(model.sample, n, Stream(seed).child("comparison"))
    scores, judging = timed(judge.scores, dataset, samples)
    likelihood, evaluating = timed(likelihood_of, model, dataset, seed)
    return samples, {
        "samples": n,
        "evaluations_per_sample": evaluations(model),
        "likelihood": likelihood,
        "scores": scores,
        "traits": traits_of(model, dataset, samples, seed),
        "seconds": {"sample": sampling, "judge": judging, "likelihood": evaluating},
        "peak_mib": peak_mib(),
    }


def warm(family, dataset, config, settings):
    """Run each kernel once on a model that is thrown away, so that the clock measures training, not compilation.

    Returns:
        Its samples, (64, *shape), and the operations of a step.
    """
    trainer = _begun(family, dataset, config, settings)
    with count_operations() as count:  # of the first step: later ones may be captured, and call no op
        trainer.step()
    for _ in range(WARM_STEPS - 1):
        trainer.step()
    with trainer.averaged() as model:
        return model.sample(64, Stream(0)), count.total


def _begun(family, dataset, config, settings):
    """A trainer whose model has looked at the data."""
    trainer = train.make_trainer(family, dataset, config, settings)
    trainer.model.look_at_data(in_order(dataset.train, 1000))
    return trainer


def default_samples(dataset):
    """As many samples as there are test images; of points, whose test split is huge, 2,000."""
    return min(len(dataset.test), len(dataset.train), 10_000 if dataset.kind == "images" else 2_000)


def likelihood_of(model, dataset, seed):
    """log p of the test split in words, see `likelihood.in_words`, and under the name of its object."""
    found = log_prob(model, dataset.test, seed, progress=True)
    words = in_words(found, model.spec.size)
    named = {"P(binarised x)": "binarised", "density of continuous x": "density"}.get(found.of)
    if found.kind == "undefined":
        return words
    if dataset.log_density is not None:
        words |= divergence(found, dataset.log_density, dataset.test.x)
    return words | ({named: found.mean} if named else {})


def evaluations(model):
    """How often the network is run for one sample; counted, for a diffusion, by the products that it takes."""
    if model.family != "diffusion":
        return 1
    with count_operations() as walk:
        model.sample(1, Stream(0))
    with count_operations() as once, no_grad():
        model.output(tensor(np.zeros((1, *model.spec.shape), model.dtype)), np.full(1, model.path.times(2)[0]))
    return round(products(walk) / products(once))


def products(count):
    """The convolutions and linear layers among the calls of an `OperationCount`."""
    return sum(count.calls[op] for op in PRODUCTS)


def count_parameters(model):
    """The numbers in all trained arrays."""
    return int(sum(parameter.numpy().size for parameter in model.parameters()))


def timed(function, *args):
    """What a call returns, and its seconds."""
    begin = time.perf_counter()
    return function(*args), time.perf_counter() - begin


def peak_mib():
    """The most memory that this process held at any time, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))
