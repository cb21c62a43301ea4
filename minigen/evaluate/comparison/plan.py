"""What is compared: which families, on which data, and how long each may train."""

import re
from dataclasses import asdict, dataclass, field, replace

from ...errors import UserError
from ...models import FAMILIES, DiffusionConfig, FlowConfig, GANConfig, VAEConfig
from ...train import TrainConfig

ENTRANTS = ("vae", "gan", "flow", "diffusion")
EQUAL = ("seconds", "flops")
RATES = (1.0, 0.5, 2.0, 0.25, 4.0)
"""Factors on a family's own learning rate: what its trials try, in this order."""
AVERAGE = 0.999
"""Decay of the average of the weights, of every family: samples are drawn with the last average."""


@dataclass(frozen=True)
class Plan:
    """A comparison. The same plan gives the same comparison, but for the clock.

    Args:
        data: keyword arguments of `minigen.data.load`, "name_or_path" among them.
        budget: seconds of training steps for each family, seed and trial.
        equal: "seconds", all families get the budget; "flops", all get as many operations as the family that
            does the fewest in the budget.
        seeds: how often each family is trained.
        trials: learning rates that each family may try on its first seed; validation data choose.
        samples: drawn of each model; None: as many as the test split has.
        threads: of the backend; None: all cores.
        entrants: the families.
    Raises:
        UserError: a number that is not positive, or an unknown family.
    """

    data: dict
    budget: float
    equal: str = "seconds"
    seeds: int = 1
    trials: int = 1
    samples: int | None = None
    threads: int | None = None
    entrants: tuple[str, ...] = field(default=ENTRANTS)

    def __post_init__(self):
        for name in ("budget", "seeds", "trials"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} is {getattr(self, name)}; it must be positive")
        if self.trials > len(RATES):
            raise UserError(f"trials is {self.trials}; there are {len(RATES)} learning rates to try")
        if self.samples is not None and self.samples < 50:
            raise UserError(f"samples is {self.samples}; distances between distributions need at least 50")
        if self.equal not in EQUAL:
            raise UserError(f"equal is {self.equal!r}; it must be one of: {', '.join(EQUAL)}")
        unknown = sorted(set(self.entrants) - set(ENTRANTS))
        if unknown or not self.entrants:
            raise UserError(f"entrants are {self.entrants}; choose among: {', '.join(ENTRANTS)}")

    def as_dict(self):
        """The fields, fit for JSON."""
        return asdict(self) | {"entrants": list(self.entrants)}


SMALL = 16
"""Pixels of a side below which steps are cheaper, so that each family makes more of them: the GAN's networks are linear
layers, the flow's couplings swap halves instead of mixing channels by 1×1 convolutions, and the diffusion has half the
channels and attends at its smallest maps only."""
FASTER = {"flow": 3.0, "diffusion": 2.0}
"""Factors on the learning rate of those; a little dropout keeps the flow from learning few images by heart."""
LOG_SIGMA = (-0.4, 1.0)
"""Of the diffusion's training on images: what they show is decided at more noise than the default's.

Source: Analyzing and Improving the Training Dynamics of Diffusion Models. Karras et al., 2024,
https://arxiv.org/abs/2312.02696
"""


def model_config(family, dataset):
    """The configuration that ``family`` enters with, for a `minigen.data.DataSet`.

    Of images each family that has a likelihood models P(integer x), so that they can stand in one column.
    """
    images, small = dataset.kind == "images", _small(dataset)
    return {
        "vae": VAEConfig(likelihood="logistic") if images else VAEConfig(likelihood="gaussian"),
        "gan": GANConfig(network="dcgan") if images and not small else GANConfig(),
        "flow": FlowConfig(mixing="swap", dropout=0.1) if small else FlowConfig(),
        "diffusion": _denoiser(small) if images else DiffusionConfig(),
    }[family]


def _denoiser(small):
    return DiffusionConfig(log_sigma=LOG_SIGMA, **({"base": 16, "attention_below": 4} if small else {}))


def train_config(family, dataset, trial, plan, seed, steps=None):
    """How a trial of ``family`` trains: for the plan's seconds, or for so many ``steps``."""
    length = {"minutes": plan.budget / 60} if steps is None else {"steps": steps}
    habit = TrainConfig(**length, schedule="cosine", ema=AVERAGE, seed=seed, threads=plan.threads)
    rate = habit.settled(FAMILIES[family].habits).learning_rate * RATES[trial]
    if not _small(dataset):
        return replace(habit, learning_rate=rate)
    batch = 64 if family == "diffusion" else None
    return replace(habit, learning_rate=rate * FASTER.get(family, 1.0), batch_size=batch)


def _small(dataset):
    return dataset.kind == "images" and min(dataset.shape[:2]) < SMALL


def seconds_of(text):
    """Seconds of a length of time such as "45s", "15m", "1.5h" or "90".

    Raises:
        UserError: it cannot be read, or is not positive.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not seconds > 0:
        raise UserError(f"the budget is {text!r}; wanted a positive length of time such as 45s, 15m or 1.5h")
    return seconds
