"""What every training workload does with a minigen model: the turns of its players, as `minigen.train` takes them."""

from minigen import Stream, optim
from minigen.train.gradients import Gradients


class Training:
    """minigen's side of a training workload: ``step()`` lets each player take its turn and returns the last loss.

    Steps are captured, as `minigen.train` does and as JAX's are jitted.

    Args:
        model: a `minigen.models.Model`.
        batch: has ``x`` and ``labels``; the same at every step, in memory.
        learning_rate: of each player's Adam.
    """

    def __init__(self, model, batch, learning_rate):
        self.model, self.batch, self.learning_rate = model, batch, learning_rate
        self.rng, self.done = Stream(0), 0
        self.to("float32")

    def to(self, dtype):
        """Compute in ``dtype``, with fresh optimisers; returns self."""
        model = self.model.to(dtype)
        self.optimizers = {
            player: optim.Adam(model.parameters_of(player), lr=self.learning_rate, **model.adam_options(player))
            for player in model.players
        }
        self.gradients = {player: Gradients(model, player, optimizer) for player, optimizer in self.optimizers.items()}
        return self

    def step(self):
        """One training step."""
        return self.losses()[-1]

    def losses(self):
        """One training step; the loss of each turn."""
        losses = []
        for player in self.model.turns:
            loss = self.gradients[player](self.batch, self.noise(player))["loss"]
            self.optimizers[player].step()
            losses.append(loss.item())
        self.done += 1
        return losses

    def noise(self, player):
        """The stream of random numbers of ``player`` at this step."""
        return self.rng.at(self.done).child(player)
