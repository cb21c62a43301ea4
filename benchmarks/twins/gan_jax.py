"""The ``gan`` workload in JAX: one jitted function for both turns; parameters are named as minigen's."""

from functools import partial

import jax
import jax.numpy as jnp

from ..gan import BETAS, LATENT, LEARNING_RATE, make_batch, make_model
from .layers_jax import adam, adam_start, batch_norm, conv, conv_transpose, linear, part

MOMENTUM = 0.1
adam = partial(adam, lr=LEARNING_RATE, betas=BETAS)


def generator(p, z):
    """z (N, 64) to images (N, 32, 32, 1), and the batch's statistics for each normalisation."""
    x = linear(part(p, "project"), z).reshape(len(z), 4, 4, -1)
    statistics = {}
    for i in (1, 4, 7):
        x, statistics[f"layers.{i}"] = batch_norm(part(p, f"layers.{i}"), x)
        x = conv_transpose(part(p, f"layers.{i + 2}"), jax.nn.relu(x))
    return jnp.tanh(x), statistics


def discriminator(p, x):
    """Images (N, 32, 32, 1) to logits (N,), and the batch's statistics for each normalisation."""
    x = jax.nn.leaky_relu(conv(part(p, "layers.0"), x, stride=2), 0.2)
    statistics = {}
    for i in (2, 5):
        x, statistics[f"layers.{i + 1}"] = batch_norm(part(p, f"layers.{i + 1}"), conv(part(p, f"layers.{i}"), x, 2))
        x = jax.nn.leaky_relu(x, 0.2)
    return linear(part(p, "judge"), x.reshape(len(x), -1))[:, 0], statistics


def follow(running, *looks):
    """Running statistics after each of ``looks``, the statistics of one batch each."""
    for statistics in looks:
        running = jax.tree.map(lambda r, s: (1 - MOMENTUM) * r + MOMENTUM * s, running, statistics)
    return running


def discriminator_loss(p, real, fake):
    """−log σ(D(x)) − log(1 − σ(D(G(z)))), and the statistics of both looks."""
    (r, first), (f, second) = discriminator(p, real), discriminator(p, fake)
    return jax.nn.softplus(-r).mean() + jax.nn.softplus(f).mean(), (first, second)


def generator_loss(p, p_discriminator, z):
    """−log σ(D(G(z))), and the statistics of both networks."""
    fake, made = generator(p, z)
    f, judged = discriminator(p_discriminator, fake)
    return jax.nn.softplus(-f).mean(), (made, judged)


@partial(jax.jit, donate_argnums=(0,))
def turns(state, real, z_d, z_g):
    """Both turns; ``state`` holds parameters, moments and running statistics of both players."""
    (d, d_adam, d_running), (g, g_adam, g_running) = state
    fake, made = generator(g, z_d)
    (d_loss, looks), gradients = jax.value_and_grad(discriminator_loss, has_aux=True)(d, real, fake)
    d, d_adam = adam(d, d_adam, gradients)
    (g_loss, (made_again, judged)), gradients = jax.value_and_grad(generator_loss, has_aux=True)(g, d, z_g)
    g, g_adam = adam(g, g_adam, gradients)
    d_running, g_running = follow(d_running, *looks, judged), follow(g_running, made, made_again)
    return ((d, d_adam, d_running), (g, g_adam, g_running)), d_loss, g_loss


def start(model):
    """The state of a fresh `minigen.models.GAN`."""
    players = []
    for net in (model.discriminator, model.generator):
        parameters = {name: jnp.array(value.numpy()) for name, value in net.named_parameters()}
        buffers = {name: jnp.array(value.numpy()) for name, value in net.named_buffers()}
        norms = [name.removesuffix(".running_mean") for name in buffers if name.endswith("running_mean")]
        running = {name: (buffers[f"{name}.running_mean"], buffers[f"{name}.running_var"]) for name in norms}
        players.append((parameters, adam_start(parameters), running))
    return tuple(players)


class Contender:
    """JAX's side of the workload."""

    def __init__(self):
        self.state = start(make_model())
        self.batch = 2 * jnp.array(make_batch()) - 1
        self.key = jax.random.key(0)

    def step(self):
        """One training step; returns the generator's loss."""
        self.key, for_d, for_g = jax.random.split(self.key, 3)
        shape = len(self.batch), LATENT
        noise = jax.random.normal(for_d, shape), jax.random.normal(for_g, shape)
        self.state, _, value = turns(self.state, self.batch, *noise)
        return float(value)
