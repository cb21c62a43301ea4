"""The ``flow2d`` workload in JAX: one jitted function for the whole step."""

import math
from functools import partial

import jax
import jax.numpy as jnp

from ..flow2d import LEARNING_RATE, make_batch, make_model
from .layers_jax import adam, adam_start, linear, part


def loss(couplings, x):
    """−log p(x), averaged over x (N, 2); the roles of the two coordinates are swapped after each coupling."""
    a, b = x[:, :1], x[:, 1:]
    log_det = 0
    for p in couplings:
        h = jax.nn.relu(linear(part(p, "first"), a))
        s, t = jnp.split(linear(part(p, "rest.3"), jax.nn.relu(linear(part(p, "rest.1"), h))), 2, axis=1)
        s = jnp.tanh(s)
        a, b = b * jnp.exp(s) + t, a
        log_det = log_det + s
    return (0.5 * (a**2 + b**2) - log_det).mean() + math.log(2 * math.pi)


@partial(jax.jit, donate_argnums=(0, 1))
def _step(couplings, state, x):
    value, gradients = jax.value_and_grad(loss)(couplings, x)
    return *adam(couplings, state, gradients, LEARNING_RATE), value


class Contender:
    """JAX's side of the workload."""

    def __init__(self):
        self.couplings = [
            {name: jnp.array(value) for name, value in coupling.conditioner.state_dict().items()}
            for coupling in make_model().bijector.bijectors
        ]
        self.state = adam_start(self.couplings)
        self.batch = jnp.array(make_batch())

    def step(self):
        """One training step."""
        self.couplings, self.state, value = _step(self.couplings, self.state, self.batch)
        return float(value)
