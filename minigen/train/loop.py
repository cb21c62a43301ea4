"""The training loop. It knows no model: players take turns, each minimises its own loss."""

import math
import time
from collections import Counter
from contextlib import contextmanager, nullcontext

import numpy as np

from ..core import optim
from ..core.autograd import anomaly, no_grad
from ..core.random import Stream
from ..data import Batches, in_order
from ..errors import CheckpointError, NonFiniteError
from .gradients import Gradients


class Trainer:
    """A model, its data and one optimiser for each player; `step` is one turn of each.

    Step k draws its batches and its noise by k alone, so a run that is resumed from the arrays of `state` goes on
    bit for bit as if it had not stopped (but for a schedule that follows the clock).

    Args:
        model: a `minigen.models.Model`.
        dataset: a `minigen.data.DataSet`.
        config: a `TrainConfig`; what it leaves open is settled by the model's habits.
    """

    def __init__(self, model, dataset, config):
        self.model = model
        self.dataset = dataset
        self.config = config = config.settled(model.habits)
        self.batches = Batches(dataset.train, config.batch_size, config.seed)
        self.per_step = max(Counter(model.turns).values())  # batches: as many as the busiest player has turns
        self.total = config.total_steps(math.ceil(self.batches.steps_per_epoch / self.per_step))
        self.rng = Stream(config.seed).child("train")
        self.parameters = {player: model.parameters_of(player) for player in model.players}
        self.optimizers = {
            player: optim.Adam(parameters, lr=self._rate, **model.adam_options(player))
            for player, parameters in self.parameters.items()
        }
        self.gradients = {player: Gradients(model, player, self.optimizers[player]) for player in model.players}
        self.ema = optim.EMA(self.parameters[model.averaged], config.ema) if config.ema else None
        self.done = 0  # steps
        self.seconds = 0.0  # spent in steps

    @property
    def fraction(self):
        """The part of the training that is done: by steps, or by the clock."""
        return self.done / self.total if self.total is not None else self.seconds / (60 * self.config.minutes)

    def _rate(self, _):
        return self.config.rate(self.done, self.fraction)

    def step(self):
        """Every player's turns, each with a batch; returns the terms of the losses as floats.

        Raises:
            NonFiniteError: a loss or a gradient is NaN or infinite; the message names the op that made it.
        """
        begin = time.perf_counter()
        if not self.model.training:  # a walk through all modules, which a step of a small model would notice
            self.model.train()
        terms, played = {}, Counter()
        with np.errstate(all="ignore"):  # what is not finite is found, and explained better, below
            for player in self.model.turns:
                turn = played[player]
                played[player] += 1
                batch = self.batches.at(self.done * self.per_step + turn)
                rng = self.rng.at(self.done).child(f"{player} {turn}" if turn else player)
                terms.update(self._turn(player, batch, rng))
        if self.ema:
            self.ema.update()
        self.done += 1
        self.seconds += time.perf_counter() - begin
        return terms

    def _turn(self, player, batch, rng):
        """One update of ``player``; the terms of its loss."""
        losses = self.gradients[player](batch, rng)
        norm = optim.get_total_norm(self.parameters[player])
        if not math.isfinite(norm) or not math.isfinite(losses["loss"].item()):
            self._explain(batch, rng, player)
        if 0 < self.config.clip_norm < norm:
            optim.clip_grad_norm_(self.parameters[player], self.config.clip_norm)
        self.optimizers[player].step()
        prefix = "" if len(self.model.players) == 1 else f"{player}/"
        terms = {prefix + name: value.item() for name, value in losses.items()}
        return {**terms, f"{prefix}gradient_norm": norm}

    def _explain(self, batch, rng, player):
        """Compute the same step again, watching every op: noise and batch are functions of the step."""
        with anomaly(step=self.done):
            self.model(batch, rng, player)["loss"].backward()
        raise NonFiniteError(f"step {self.done}: the gradient's norm overflows though each of its values is finite")

    @contextmanager
    def averaged(self):
        """Inside, the model is in evaluation mode, with the average of its weights if one is kept."""
        self.model.eval()
        with self.ema.applied() if self.ema and self.ema.updates else nullcontext():
            yield self.model
        self.model.train()

    @no_grad()
    def validate(self, batch_size=500):
        """The mean loss of the last player over the validation data, with the same noise each time."""
        with self.averaged():
            return self._mean_loss(batch_size)

    def _mean_loss(self, batch_size):
        total = count = 0
        for i, batch in enumerate(in_order(self.dataset.validation, batch_size)):
            rng = Stream(self.config.seed).child("validate").at(i)
            n = len(batch.x)
            total += n * self.model(batch, rng, self.model.players[-1])["loss"].item()
            count += n
        return total / count

    def state(self):
        """All arrays that going on needs, by name; the number of steps done is a fact beside them."""
        arrays = {f"model/{name}": array for name, array in self.model.state_dict().items()}
        for player, optimizer in self.optimizers.items():
            arrays.update({f"optimizer/{player}/{name}": array for name, array in optimizer.state_dict().items()})
        if self.ema:
            arrays.update({f"ema/{name}": array for name, array in self.ema.state_dict().items()})
        return arrays

    def load_state(self, arrays, step, seconds):
        """Go on from `state` after ``step`` steps and ``seconds`` of training.

        An average that this run keeps and the earlier one did not begins here.

        Raises:
            CheckpointError: the arrays are of another model.
        """
        self.model.load_state_dict(part(arrays, "model/"))
        for player, optimizer in self.optimizers.items():
            state = part(arrays, f"optimizer/{player}/")
            if not state:
                raise CheckpointError(
                    "the checkpoint has no optimiser state: it holds a model to sample from, not a run"
                )
            optimizer.load_state_dict(state)
        if self.ema and part(arrays, "ema/"):
            self.ema.load_state_dict(part(arrays, "ema/"))
        self.done, self.seconds = step, seconds


def part(arrays, prefix):
    """The arrays whose name starts with ``prefix``, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
