"""The ``vae`` workload in JAX: one jitted function for the whole step."""

from functools import partial

import jax
import jax.numpy as jnp

from ..vae import BATCH, LATENT, LEARNING_RATE, PIXELS, make_batch, make_model
from .layers_jax import adam, adam_start


def _network(layers, x):
    for i, (weight, bias) in enumerate(layers):
        x = (jnp.tanh(x) if i else x) @ weight + bias
    return x


def loss(parameters, x, noise):
    """The negative ELBO of x (N, 784) with noise (N, 50), averaged over the batch."""
    mu, logvar = jnp.split(_network(parameters["encoder"], x), 2, axis=-1)
    logits = _network(parameters["decoder"], mu + jnp.exp(0.5 * logvar) * noise)
    reconstruction = (jax.nn.softplus(logits) - x * logits).sum(-1)
    kl = 0.5 * (mu**2 + jnp.exp(logvar) - logvar - 1).sum(-1)
    return (reconstruction + kl).mean()


@partial(jax.jit, donate_argnums=(0, 1))
def _step(parameters, state, key, x):
    value, gradients = jax.value_and_grad(loss)(parameters, x, jax.random.normal(key, (BATCH, LATENT)))
    return *adam(parameters, state, gradients, LEARNING_RATE), value


class Contender:
    """JAX's side of the workload."""

    def __init__(self):
        state = make_model().state_dict()
        layers = {part: [name for name in state if name.startswith(part) and name.endswith("weight")]
                  for part in ("encoder", "decoder")}  # fmt: skip
        self.parameters = {
            part: [(jnp.array(state[w]), jnp.array(state[w.replace("weight", "bias")])) for w in names]
            for part, names in layers.items()
        }
        self.state = adam_start(self.parameters)
        self.batch = jnp.array(make_batch()).reshape(BATCH, PIXELS)
        self.key = jax.random.key(0)

    def step(self):
        """One training step."""
        self.key, key = jax.random.split(self.key)
        self.parameters, self.state, value = _step(self.parameters, self.state, key, self.batch)
        return float(value)
