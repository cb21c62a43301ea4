"""The training loop. It knows no model: players take turns, each minimises its own loss."""

import math

import numpy as np

from ..core import optim
from ..core.autograd import anomaly, no_grad
from ..core.random import Stream
from ..data import Batches, in_order
from ..errors import CheckpointError, NonFiniteError


class Trainer:
    """A model, its data and one optimiser for each player; `step` is one turn of each.

    Step k draws its batch and its noise by k alone, so a run that is resumed from the arrays of `state` goes on
    bit for bit as if it had not stopped.

    Args:
        model: a `minigen.models.Model`.
        dataset: a `minigen.data.DataSet`.
        config: a `TrainConfig`.
    """

    def __init__(self, model, dataset, config):
        self.model = model
        self.dataset = dataset
        self.config = config
        self.batches = Batches(dataset.train, config.batch_size, config.seed)
        self.rng = Stream(config.seed).child("train")
        self.parameters = {player: model.parameters_of(player) for player in model.players}
        self.optimizers = {
            player: optim.Adam(parameters, lr=config.learning_rate) for player, parameters in self.parameters.items()
        }
        self.done = 0  # steps

    def step(self):
        """One batch for each player; returns the terms of the losses as floats.

        Raises:
            NonFiniteError: a loss or a gradient is NaN or infinite; the message names the op that made it.
        """
        self.model.train()
        with np.errstate(all="ignore"):  # what is not finite is found, and explained better, below
            terms = self._turns()
        self.done += 1
        return terms

    def _turns(self):
        batch, rng, terms = self.batches.at(self.done), self.rng.at(self.done), {}
        for player in self.model.players:
            optimizer = self.optimizers[player]
            optimizer.zero_grad()
            losses = self.model(batch, rng.child(player), player)
            losses["loss"].backward()
            norm = optim.get_total_norm(self.parameters[player])
            if not math.isfinite(norm) or not math.isfinite(losses["loss"].item()):
                self._explain(batch, rng.child(player), player)
            optimizer.step()
            prefix = "" if len(self.model.players) == 1 else f"{player}/"
            terms.update({prefix + name: value.item() for name, value in losses.items()})
            terms[f"{prefix}gradient_norm"] = norm
        return terms

    def _explain(self, batch, rng, player):
        """Compute the same step again, watching every op: noise and batch are functions of the step."""
        with anomaly(step=self.done):
            self.model(batch, rng, player)["loss"].backward()
        raise NonFiniteError(f"step {self.done}: the gradient's norm overflows though each of its values is finite")

    @no_grad()
    def validate(self, batch_size=500):
        """The mean loss of the last player over the validation data, with the same noise each time."""
        self.model.eval()
        total = count = 0
        for i, batch in enumerate(in_order(self.dataset.validation, batch_size)):
            rng = Stream(self.config.seed).child("validate").at(i)
            n = len(batch.x)
            total += n * self.model(batch, rng, self.model.players[-1])["loss"].item()
            count += n
        self.model.train()
        return total / count

    def state(self):
        """All arrays that going on needs, by name; the number of steps done is a fact beside them."""
        arrays = {f"model/{name}": array for name, array in self.model.state_dict().items()}
        for player, optimizer in self.optimizers.items():
            arrays.update({f"optimizer/{player}/{name}": array for name, array in optimizer.state_dict().items()})
        return arrays

    def load_state(self, arrays, step):
        """Go on from `state` after ``step`` steps.

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
        self.done = step


def part(arrays, prefix):
    """The arrays whose name starts with ``prefix``, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
