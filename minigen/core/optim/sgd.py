"""Gradient descent, with momentum."""

from .optimizer import Optimizer, require


class SGD(Optimizer):
    """Stochastic gradient descent with (Nesterov) momentum.

    g ← ∇ + weight_decay·θ;  v ← g at the first step, then momentum·v + (1 − dampening)·g;
    θ ← θ − lr·v, or with ``nesterov`` θ ← θ − lr·(g + momentum·v).

    Args:
        parameters: Parameters, or groups of them, see `Optimizer`.
        lr: a number or a schedule.
    Raises:
        UserError: a hyper-parameter out of its range, or nesterov without momentum or with dampening.
    Source: On the importance of initialization and momentum in deep learning. Sutskever, Martens, Dahl, Hinton, 2013,
    https://proceedings.mlr.press/v28/sutskever13.html
    """

    def __init__(self, parameters, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(
            parameters, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    moments = ("velocity",)

    def _validate(self, group):
        require(self, "momentum", group["momentum"], group["momentum"] >= 0, "a number of at least 0")
        possible = not group["nesterov"] or (group["momentum"] > 0 and group["dampening"] == 0)
        require(self, "nesterov", group["nesterov"], possible, "False, or momentum positive and dampening 0")

    def _update(self, kernels, span, t, lr, group):
        momentum = group["momentum"]
        velocity = self._companions["velocity"][span] if momentum else None
        kernels.sgd_step(
            span.values, span.gradients, velocity, lr, momentum, group["dampening"], group["weight_decay"],
            group["nesterov"], t == 1,
        )  # fmt: skip
