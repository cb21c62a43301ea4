"""A player's gradients: the part of a step that depends on the model, and that is captured where it can be."""

from ..core.capture import capture
from ..errors import GraphError


class Gradients:
    """Called with a batch and a `Stream`, gives the terms of a player's loss, with its gradients in its parameters.

    Of a model that cuts its loss in two (`Model.halves`), what follows the cut is captured: after two calls it is
    repeated without its graph, with the same bits. Where that cannot be, it is called each time. A capture that fails
    leaves nothing behind but gradients, which the call in its place overwrites.

    Args:
        model: a `minigen.models.Model`.
        player: one of its players.
        optimizer: of the player's parameters.
    """

    def __init__(self, model, player, optimizer):
        self.model, self.player, self.optimizer = model, player, optimizer
        self._captured, halves = None, model.halves(player)
        if halves is not None:
            self._prepare, terms = halves
            self._captured = capture(lambda rng, *arrays: self._of(terms(rng, *arrays)))

    def __call__(self, batch, rng):
        if self._captured is not None:
            try:
                return self._captured(rng, *self._prepare(batch, rng))
            except GraphError:
                self._captured = None
        return self._of(self.model(batch, rng, self.player))

    def _of(self, losses):
        self.optimizer.zero_grad()
        losses["loss"].backward()
        return losses
