"""What every model promises, so that one loop trains all of them and one page compares them.

A model is a `Module` with ``loss``, ``sample``, ``log_prob`` and ``trajectory``. Randomness is an argument: the same
`Stream` gives the same loss and the same samples. A family adds ``encode`` and ``decode`` where it has them.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal, get_args, get_origin, get_type_hints

import numpy as np

from ..core import nn
from ..errors import UserError


@dataclass(frozen=True)
class DataSpec:
    """What a model needs to know about its data.

    Args:
        shape: of one datum: (H, W, C) for images, (D,) for points.
        levels: the number of grey levels of integer data (17 for the digits, 256 for MNIST); None for points.
        classes: the number of labels; None without labels.
    """

    shape: tuple[int, ...]
    levels: int | None = None
    classes: int | None = None

    @property
    def size(self):
        """The number of values of one datum."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class LogProb:
    """Log-probabilities, and what they are.

    Args:
        values: (N,) float64, in nats for each datum; NaN where the kind is "undefined".
        kind: "exact", "bound" (below the truth in expectation), "estimate" or "undefined".
        of: what is given a probability: "density of continuous x", "P(integer x)" or "P(binarised x)".
        parts: named summands of −values, (N,) each, where the family splits it (a diffusion's L_T, L_t, L_0).
        facts: what a reader must know beside the number, such as the end points of a schedule.
    """

    values: np.ndarray
    kind: str
    of: str
    parts: dict[str, np.ndarray] = field(default_factory=dict)
    facts: dict[str, float | str] = field(default_factory=dict)

    @property
    def mean(self):
        """The average over the data, in nats."""
        return float(self.values.mean())

    @property
    def standard_error(self):
        """Of the mean, over the data: s/√N."""
        return float(self.values.std(ddof=1) / np.sqrt(len(self.values))) if len(self.values) > 1 else float("nan")

    @staticmethod
    def concatenate(results):
        """One `LogProb` of several batches' ones, which are of the same kind."""
        results = list(results)
        parts = {name: np.concatenate([r.parts[name] for r in results]) for name in results[0].parts}
        values = np.concatenate([r.values for r in results])
        return LogProb(values, results[0].kind, results[0].of, parts, results[0].facts)


class Model(nn.Module):
    """A generative model of data described by a `DataSpec`.

    Class attributes:
        family: its name on the command line.
        Config: the frozen dataclass of its hyper-parameters.
        players: who takes turns in training.
        averaged: the player whose weights an EMA follows: the one that samples.
        comparable: whether a lower loss on unseen data means a better model; in a game it does not.
        habits: fields of `minigen.train.TrainConfig` that this family trains with where the user names none.
        units: the unit and reduction of each term that ``loss`` returns.
        sample_options: names of the keyword arguments, beside labels, that ``sample`` and ``trajectory`` take.
    """

    family: str
    Config: type
    players = ("model",)
    averaged = "model"
    comparable = True
    habits: ClassVar[dict] = {}
    units: dict[str, str]
    sample_options: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config, spec):
        super().__init__()
        self.config = config
        self.spec = spec
        if self.conditional and not spec.classes:
            raise UserError("a conditional model needs labelled data; these have no labels: leave --conditional out")

    def forward(self, batch, rng, player="model"):
        """A model, called, gives its `loss`."""
        return self.loss(batch, rng, player)

    @abstractmethod
    def loss(self, batch, rng, player="model"):
        """Named scalar tensors of a batch; "loss" is the one to minimise.

        Args:
            batch: has ``x``, float32 (N, *shape), images in [0, 1], and ``labels`` (N,) or None.
            rng: the `Stream` of this step.
            player: whose loss; one of ``players``.
        """

    def prepared(self, batch, rng):
        """Of a family that cuts its loss in two, loss = terms(rng, *prepared(batch, rng)): the arrays, or tensors
        without gradient, that depend on no parameter, as a tuple.
        """
        raise UserError(f"a {self.family} does not cut its loss in two: call loss()")

    def terms(self, rng, *arrays):
        """The second half of `loss`: ops, and draws from ``rng``, alone, so that a training step can be captured."""
        raise UserError(f"a {self.family} does not cut its loss in two: call loss()")

    def halves(self, player="model"):
        """(prepared, terms) of ``player``, if a training step can be captured; None where ``loss`` is not cut in two.

        A subclass may have written a loss of its own over another's halves. Where a step changes more state than its
        gradients (running statistics), a try that fails would change it twice: name halves only if they succeed.
        """
        return (self.prepared, self.terms) if self.cuts_loss("terms") else None

    def cuts_loss(self, name):
        """Whether the class whose ``loss`` this is wrote the method ``name`` too."""
        loss, other = (next(c for c in type(self).__mro__ if n in vars(c)) for n in ("loss", name))
        return loss is other and loss is not Model

    @abstractmethod
    def sample(self, n, rng, labels=None):
        """n new data, an array (n, *shape), images in [0, 1].

        Args:
            n: how many.
            rng: a `Stream`; the same one draws the same samples.
            labels: of a conditional model: integers (n,), or one for all; None draws them uniformly.
        """

    @abstractmethod
    def log_prob(self, x, rng, labels=None):
        """`LogProb` of data x, an array (N, *shape); a conditional model's is of x given its labels (N,)."""

    @abstractmethod
    def trajectory(self, n, rng, labels=None):
        """What lies between noise and n samples: named arrays (frames, n, *shape), each to be shown as data are."""

    # training

    @property
    def turns(self):
        """Who plays when, in one step."""
        return self.players

    def adam_options(self, player):
        """Keyword arguments of ``player``'s Adam beside the learning rate."""
        return {}

    def parameters_of(self, player):
        """The parameters that ``player`` trains."""
        return self.parameters()

    def look_at_data(self, batches):
        """Set what depends on the training data, all of them in ``batches``, before the first step; here nothing."""

    def diagnose(self, samples, dataset):
        """Named numbers that tell a healthy training from an ill one, of fresh ``samples``; here none."""
        return {}

    def alarms(self, history):
        """Sentences about what is going wrong, given the lines of metrics so far; here none."""
        return []

    # labels and shapes

    @property
    def conditional(self):
        """Whether the model is one of x given a label."""
        return getattr(self.config, "conditional", False)

    def labels_for(self, n, rng, labels=None):
        """The int64 labels (n,) to sample with: the given ones, checked, or uniform draws; None if unconditional.

        Raises:
            UserError: the model takes no labels, their number is not n, one is out of range, or n is no number of data.
        """
        if not isinstance(n, int | np.integer) or n < 0:
            raise UserError(f"the number of data is {n!r}; it must be an integer of at least 0")
        if not self.conditional:
            if labels is not None:
                raise UserError(f"this {self.family} was trained without labels, so it cannot draw a chosen one")
            return None
        if labels is None:
            drawn = rng.child("labels").uniform((n,), np.float64)
            return (drawn * self.spec.classes).astype(np.int64)
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iu" or labels.shape not in ((), (n,)):
            raise UserError(
                f"labels are {labels.dtype} {labels.shape}; they must be integers, one for all or one for each of {n}"
            )
        wrong = labels[(labels < 0) | (labels >= self.spec.classes)]
        if wrong.size:
            last = self.spec.classes - 1
            raise UserError(f"label {wrong.flat[0]} does not exist; the data have the labels 0 to {last}")
        return np.broadcast_to(labels, (n,)).astype(np.int64)

    def labels_of(self, x, labels):
        """The labels (N,) of data x that a conditional model needs; None if unconditional, whatever was given."""
        if not self.conditional:
            return None
        if labels is None:
            raise UserError(f"this {self.family} is a model of x given its label; pass labels (N,) beside x")
        return self.labels_for(len(x), None, labels)

    @property
    def dtype(self):
        """float32, or float64 after ``to("float64")``: of the parameters, and so of latents and data."""
        return next(self._tensors("parameter"))[1].dtype  # the first: a list of all takes longer than an op

    def check_shape(self, x):
        """Raise UserError unless x is (N, *shape)."""
        if tuple(x.shape[1:]) != tuple(self.spec.shape):
            raise UserError(f"this model was made for data of shape (N, {self.spec.shape}); got {tuple(x.shape)}")

    def checked(self, x):
        """Data x (N, *shape) as an array of the model's dtype.

        Raises:
            UserError: another shape, no data, a value that is not finite, or one of an image outside [0, 1].
        """
        x = np.asarray(x, self.dtype)
        self.check_shape(x)
        if not len(x):
            raise UserError(f"got no data: an array of shape {x.shape}; at least one datum is wanted")
        if not np.isfinite(x).all() or (self.spec.levels is not None and (x.min() < 0 or x.max() > 1)):
            raise UserError(f"got data from {x.min()} to {x.max()}; they must be finite, of images within [0, 1]")
        return x


def check_config(config, **least):
    """Raise UserError unless each field of ``config`` is among its choices and at least what ``least`` says."""
    kinds = get_type_hints(type(config))
    for option in fields(config):
        values = getattr(config, option.name)
        choices = get_args(kinds[option.name]) if get_origin(kinds[option.name]) is Literal else None
        if choices and values not in choices:
            raise UserError(f"{option.name} is {values!r}; it must be one of: {', '.join(choices)}")
        for value in values if isinstance(values, tuple) else (values,):
            if option.name in least and not least[option.name] <= value < math.inf:
                raise UserError(f"{option.name} is {values}; it must be at least {least[option.name]}")
