"""The ``vae`` workload in JAX: one jitted function for the whole step, Adam by hand in it."""

from functools import partial

import jax
import jax.numpy as jnp

from ..vae import BATCH, LATENT, LEARNING_RATE, PIXELS, make_batch, make_model


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


@partial(jax.jit, donate_argnums=(0, 1, 2))
def _step(parameters, first, second, count, key, x):
    value, gradients = jax.value_and_grad(loss)(parameters, x, jax.random.normal(key, (BATCH, LATENT)))
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)

    def update(p, m, v):
        return p - LEARNING_RATE * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)

    return jax.tree.map(update, parameters, first, second), first, second, value


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
        self.first = jax.tree.map(jnp.zeros_like, self.parameters)
        self.second = jax.tree.map(jnp.zeros_like, self.parameters)
        self.batch = jnp.array(make_batch()).reshape(BATCH, PIXELS)
        self.key, self.done = jax.random.key(0), 0

    def step(self):
        """One training step."""
        self.done += 1
        self.key, key = jax.random.split(self.key)
        self.parameters, self.first, self.second, value = _step(
            self.parameters, self.first, self.second, self.done, key, self.batch
        )
        return float(value)
