"""Optimizer: what all optimisers share: groups of parameters, the learning rate, state."""

import math
from abc import ABC, abstractmethod

import numpy as np

from ... import backends
from ...errors import CheckpointError, UserError
from ..autograd.modes import repeated
from ..autograd.modes import state as modes
from ..tensor import Tensor
from .flat import Companion, Pack


class Optimizer(ABC):
    """Changes parameters by their gradients.

    The parameters move into flat buffers (`minigen.optim.FlatBuffer`); their gradients are never None from then on.
    A parameter that no gradient reached since `zero_grad` counts as one with gradient zero, so that momentum and
    weight decay go on; one with ``requires_grad=False`` is left alone, and counts its own updates once it thaws.

    Args:
        parameters: Parameters, or dicts ``{"params": Parameters, "lr": …}`` whose other entries replace the defaults.
        defaults: the hyper-parameters; ``lr`` is a number or a schedule, a function of the number of steps made.
    Raises:
        UserError: no parameters, one given twice, or a hyper-parameter out of its range.
    """

    moments = ()  # names of the arrays that the update keeps for each element

    def __init__(self, parameters, **defaults):
        if isinstance(parameters, Tensor | dict):
            raise UserError(
                f"{type(self).__name__} got a single {type(parameters).__name__}; pass a list of them, or of groups"
            )
        groups = list(parameters)
        if not groups or not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        self.param_groups = [self._group(group, defaults) for group in groups]
        everything = Pack([p for group in self.param_groups for p in group["params"]], type(self).__name__)
        self._parameters = everything.parameters
        self._packs = [Pack(group["params"], type(self).__name__) for group in self.param_groups]
        self._updates = [[0] * len(group["params"]) for group in self.param_groups]
        self.steps = 0
        self._companions = {name: Companion(everything.spans) for name in self.moments}

    def _group(self, group, defaults):
        unknown = sorted(set(group) - {"params", *defaults})
        if "params" not in group or unknown:
            raise UserError(
                f"{type(self).__name__} got a group with the keys {sorted(group)}; it needs 'params', and may have"
                f" {', '.join(defaults)}"
            )
        group = {**defaults, **group, "params": list(group["params"])}
        if not callable(group["lr"]):
            require(self, "lr", group["lr"], group["lr"] >= 0, "a number of at least 0, or a schedule")
        require(self, "weight_decay", group["weight_decay"], group["weight_decay"] >= 0, "a number of at least 0")
        self._validate(group)
        return group

    @abstractmethod
    def _validate(self, group):
        """Raise UserError if a hyper-parameter of ``group`` is out of its range."""

    @abstractmethod
    def _update(self, kernels, span, t, lr, group):
        """Change the values of ``span``, for the ``t``-th time (from 1 on)."""

    @property
    def lr(self):
        """The learning rate of the next step, of the first group."""
        return self._rate(self.param_groups[0])

    def _rate(self, group):
        lr = group["lr"]
        rate = float(lr(self.steps) if callable(lr) else lr)
        require(self, "lr", rate, rate >= 0, f"a number of at least 0 (its schedule gave this at step {self.steps})")
        return rate

    def gradients(self):
        """The gradients of all parameters that require one, as few writable 1-D arrays, for MPI."""
        if modes.tape is not None:
            modes.tape.changed("an optimiser was asked for its gradients, to change them")
        return [span.gradients for pack in self._packs for span in pack.settled()]

    @repeated
    def zero_grad(self):
        """Forget the gradients: the next that arrives replaces what stands there."""
        for p in self._parameters:
            p._fresh = True

    @repeated
    def step(self):
        """Update every parameter that requires a gradient, in place.

        Raises:
            GraphError: a parameter was moved to other memory (by `Module.to`) after the optimiser was made.
        """
        kernels = backends.current()
        for pack in self._packs:
            pack.verify()
        for group, pack, updates in zip(self.param_groups, self._packs, self._updates, strict=True):
            lr, counts = self._rate(group), []
            for i, p in enumerate(pack.parameters):
                if p.requires_grad:
                    if p._fresh:
                        p.settle()
                    updates[i] += 1
                    p.version[0] += 1
                counts.append(updates[i] if p.requires_grad else None)
            for span, t in pack.stretches(counts):
                self._update(kernels, span, t, lr, group)
        self.steps += 1

    def state_dict(self):
        """What resuming needs, as numbers and 1-D arrays by name; hyper-parameters are not part of it.

        ``step``: steps made; ``updates`` (P,): updates of each parameter; ``exp_avg.float32`` and the like: the moments
        of all parameters of one dtype, one after the other.
        """
        state = {"step": self.steps, "updates": np.array([t for updates in self._updates for t in updates], np.int64)}
        for name, companion in self._companions.items():
            state |= companion.collect(self._parameters, name)
        return state

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave, for the same parameters in the same order.

        Raises:
            CheckpointError: something is missing or has another length; nothing was changed.
        """
        count = len(self._parameters)
        updates = np.asarray(state.get("updates", ()))
        if "step" not in state or updates.shape != (count,):
            raise CheckpointError(
                f"the state of {type(self).__name__} needs 'step', and 'updates' of shape ({count},); got"
                f" {sorted(state)}, updates of shape {updates.shape}: it is of another model or optimiser"
            )
        for name, companion in self._companions.items():
            companion.check(self._parameters, name, state)
        for name, companion in self._companions.items():
            companion.restore(self._parameters, name, state)
        self.steps = int(state["step"])
        counts = iter(updates.tolist())
        self._updates = [[next(counts) for _ in group["params"]] for group in self.param_groups]

    def __repr__(self):
        lines = [
            f"{sum(p.numel() for p in g['params']):,} numbers in {len(g['params'])} parameters, "
            + ", ".join(f"{k}={v}" for k, v in g.items() if k != "params")
            for g in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(lines)})"


def require(optimizer, name, value, condition, wanted):
    """Raise UserError unless ``condition``: hyper-parameter ``name`` is ``value``, ``wanted`` says what it must be."""
    if not condition or (isinstance(value, float) and not math.isfinite(value)):
        raise UserError(f"{type(optimizer).__name__}'s {name} is {value!r}; it must be {wanted}")
