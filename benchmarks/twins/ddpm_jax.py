"""The ``ddpm`` and ``ddpm-sample`` workloads in JAX: one jitted function each; parameters are named as minigen's."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ..ddpm import BATCH, LEARNING_RATE, STEPS, make_batch, make_noisy, make_unet
from .layers_jax import adam, adam_start, conv, group_norm, linear, part

ALPHA_BAR = np.cumprod(1 - np.linspace(1e-4, 0.02, STEPS))
SIGNAL, NOISE = np.sqrt(ALPHA_BAR).astype(np.float32), np.sqrt(1 - ALPHA_BAR).astype(np.float32)


def unet(p, x, t, blocks=2):
    """x (N, 32, 32, 1), t (N,) to (N, 32, 32, 1)."""
    told = jax.nn.silu(_time(part(p, "time"), t))
    x = conv(part(p, "enter"), x)
    skips, levels = (
        [x],
        sum(1 for name in p if name.startswith("down") and name.endswith("blocks.0.residual.conv1.bias")),
    )
    for level in range(levels):
        stage = part(p, f"down.{level}")
        for i in range(blocks):
            x = _block(part(stage, f"blocks.{i}"), x, told)
            skips.append(x)
        if "downsample.weight" in stage:
            x = conv(part(stage, "downsample"), x, stride=2)
            skips.append(x)
    x = _residual(part(p, "before"), x, told)
    x = _residual(part(p, "after"), _attention(part(p, "attend"), x), told)
    for level in range(levels):
        stage = part(p, f"up.{level}")
        for i in range(blocks + 1):
            x = _block(part(stage, f"blocks.{i}"), jnp.concatenate([x, skips.pop()], -1), told)
        if "upsample.weight" in stage:
            x = conv(part(stage, "upsample"), x.repeat(2, 1).repeat(2, 2))
    return conv(part(p, "leave.2"), jax.nn.silu(group_norm(part(p, "leave.0"), x)))


def _time(p, t):
    half = p["hidden.weight"].shape[0] // 2
    angles = t[:, None].astype(jnp.float32) * jnp.exp(-math.log(10_000) * jnp.arange(half) / half)
    waves = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)
    return linear(part(p, "out"), jax.nn.silu(linear(part(p, "hidden"), waves)))


def _block(p, x, told):
    x = _residual(part(p, "residual"), x, told)
    attention = part(p, "attention")
    return _attention(attention, x) if attention else x


def _residual(p, x, told):
    h = conv(part(p, "conv1"), jax.nn.silu(group_norm(part(p, "norm1"), x)))
    h = h + linear(part(p, "told"), told)[:, None, None, :]
    skip = conv(part(p, "skip"), x, padding=0) if "skip.weight" in p else x
    return skip + conv(part(p, "conv2"), jax.nn.silu(group_norm(part(p, "norm2"), h)))


def _attention(p, x):
    n, h, w, c = x.shape
    pixels = group_norm(part(p, "norm"), x).reshape(n, h * w, c)
    q, k, v = (linear(part(p, f"attention.{name}"), pixels) for name in ("query", "key", "value"))
    weights = jax.nn.softmax(q @ k.mT / math.sqrt(c))
    return x + linear(part(p, "attention.output"), weights @ v).reshape(x.shape)


def loss(parameters, x, t, eps):
    """DDPM's simple loss (eq. 14) for x in [−1, 1], times t from 0 to 999."""
    noisy = jnp.array(SIGNAL)[t, None, None, None] * x + jnp.array(NOISE)[t, None, None, None] * eps
    return jnp.square(unet(parameters, noisy, t) - eps).mean()


@partial(jax.jit, donate_argnums=(0, 1))
def _step(parameters, state, key, x):
    for_times, for_noise = jax.random.split(key)
    t = jax.random.randint(for_times, (BATCH,), 0, STEPS)
    value, gradients = jax.value_and_grad(loss)(parameters, x, t, jax.random.normal(for_noise, x.shape))
    return *adam(parameters, state, gradients, LEARNING_RATE), value


class Contender:
    """JAX's side of ``ddpm``."""

    def __init__(self):
        self.parameters = {name: jnp.array(value) for name, value in make_unet().state_dict().items()}
        self.state = adam_start(self.parameters)
        self.batch = 2 * jnp.array(make_batch()) - 1
        self.key = jax.random.key(0)

    def step(self):
        """One training step."""
        self.key, key = jax.random.split(self.key)
        self.parameters, self.state, value = _step(self.parameters, self.state, key, self.batch)
        return float(value)


@jax.jit
def _evaluate(parameters, x, t):
    return jnp.square(unet(parameters, x, t)).mean()


class SampleContender:
    """JAX's side of ``ddpm-sample``."""

    def __init__(self):
        self.parameters = {name: jnp.array(value) for name, value in make_unet().state_dict().items()}
        self.x, self.t = map(jnp.array, make_noisy())

    def step(self):
        """One evaluation; returns the mean square of the answer."""
        return float(_evaluate(self.parameters, self.x, self.t))
