# %% [markdown]
# # 09 · The score, and diffusion
#
# Add noise to data until nothing is left of them; then learn the way back. At every noise $\sigma$ the way back is
# given by one vector field, the **score** $\nabla \log p_\sigma(x)$: it points to where data are more likely. And to
# learn it takes no density, only regression, for the best guess of the clean datum tells it (Tweedie's formula):
#
# $$\nabla \log p_\sigma(x) = \frac{\mathrm{E}[x_0 \mid x] - x}{\sigma^2}.$$
#
# For a mixture of Gaussians the score is known exactly. **Does the network find it, and does it lead back to the
# data?**

# %%
from itertools import pairwise

import numpy as np
from laws import check_score
from page import COLORS, QUICK, expect, panels, save
from solutions import s09

from minigen import data, models, train

means, s = np.array([[-2.0, -1.0], [1.8, -1.4], [0.4, 2.0]]), 0.3

# %% [markdown]
# ## Your turn: the exact score
# Three Gaussians of width $s$, equally likely. With noise of width $\sigma$ each becomes a Gaussian of variance
# $s^2 + \sigma^2$. Write the gradient of the log of their sum: an average of pulls. The law differentiates the
# log-density with minigen, at three noises.


# %%
def score(x, means, s, sigma):
    """∇ log p_σ(x) of the noised mixture: x (N, D), means (K, D), numbers s and σ, to (N, D)."""
    raise NotImplementedError("yours to write: each mean pulls by (m − x)/(s² + σ²); weigh the pulls by p(k | x)")


score = s09.score  # the solution; delete this line when yours stands above

check_score(score)
print("score obeys its law.")

# %% [markdown]
# ## Learn it
# minigen's diffusion on these points: noise of all strengths, and a network that is asked for the clean point. It sees
# samples only.


# %%
def points(n, seed):
    """n draws from the mixture, as a split of a data set."""
    rng = np.random.default_rng(seed)
    return data.Split((means[rng.integers(3, size=n)] + s * rng.normal(size=(n, 2))).astype(np.float32))


splits = [points(n, seed) for seed, n in enumerate((100_000, 1000, 1000))]
triangle = data.DataSet("triangle", "points", (2,), None, None, *splits, log_density=None, provenance="drawn above")
config = models.DiffusionConfig(width=64, depth=2, waves=0)
length = train.TrainConfig(steps=500 if QUICK else 2500, batch_size=256, learning_rate=3e-3, ema=0.99)
diffusion = train.fit("diffusion", triangle, config, length, progress=False)


def learned_score(x, sigma):
    """(E[x₀ | x] − x)/σ² with the network's guess of x₀, in the data's units: x (N, 2) to (N, 2)."""
    shift, scale = diffusion.scaling.shift.numpy(), float(diffusion.scaling.scale.numpy()[0])
    clean, _ = diffusion.denoiser()(((x - shift) / scale).astype(np.float32), sigma / scale)
    return (diffusion.scaling.inverse(clean) - x) / sigma**2


# %% [markdown]
# ## Predict, then run
# **Under noise of 4, wider than the whole triangle, where does the score point? And under noise of 0.3? At which is it
# hardest to learn?** The error is relative, averaged over points as the noise scatters them.

# %%
rng = np.random.default_rng(9)
for sigma in (4.0, 1.0, 0.3):
    x = triangle.test.x + sigma * rng.normal(size=triangle.test.x.shape)
    exact, learned = score(x, means, s, sigma), learned_score(x, sigma)
    error = np.sqrt(((learned - exact) ** 2).sum() / (exact**2).sum())
    expect(f"noise {sigma}: relative error of the learned score", error, 0, 0.3 if QUICK else 0.15)
    towards = means.mean(0) - x
    cosine = ((exact * towards).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(towards, axis=1)).mean()
    print(f"  cosine between the score and the direction to the middle of all data: {cosine:.2f}")


def walk(score, x, sigmas):
    """dx/dσ = −σ score(x, σ), by Heun's method down the noises: the points (len(sigmas), N, 2) on the way."""
    way = [x]
    for sigma, lower in pairwise(sigmas):
        slope = -sigma * score(x, sigma)
        there = -lower * score(x + (lower - sigma) * slope, lower)
        x = x + (lower - sigma) * 0.5 * (slope + there)
        way.append(x)
    return np.array(way)


sigmas = np.geomspace(20, 0.02, 25 if QUICK else 40)
noise = 20 * rng.normal(size=(600, 2))
ways = [walk(lambda x, sigma: score(x, means, s, sigma), noise, sigmas), walk(learned_score, noise, sigmas)]

# %%
nearest = [np.linalg.norm(way[-1][:, None] - means, axis=-1).argmin(1) for way in ways]
apart = np.linalg.norm(ways[0][-1] - ways[1][-1], axis=1)
expect("same noise, both scores: median distance of the ends", np.median(apart), 0, 0.25 if QUICK else 0.12)
expect("share of walks that end at the same Gaussian", (nearest[0] == nearest[1]).mean(), 0.88, 1)
deviation = np.sqrt(((ways[1][-1] - means[nearest[1]]) ** 2).mean())
expect("deviation about their Gaussian's mean, over s", deviation / s, 0.7, 1.4)
for k, share in enumerate(np.bincount(nearest[1], minlength=3) / len(noise)):
    expect(f"share of Gaussian {k}", share, 0.23, 0.43)

# %% [markdown]
# **Answer.** Under strong noise to the middle of all data: from far away three Gaussians look like one. Only as the
# noise falls does the field split, and the walks with it: first it is decided where, later what exactly. That is
# "coarse first, detail later", in the plane. The walk is an equation without noise of its own, so the same start leads
# to the same end, by the exact score and by the learned one.

# %%
titles = (*(f"score at noise {sigma:g}" for sigma in (4.0, 1.0, 0.3)), "from noise to data")
figure, (*fields, paths) = panels(1, 4, 12.5, 3.5, titles)
side = np.linspace(-4, 4, 15)
plane = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
for axes, sigma in zip(fields, (4.0, 1.0, 0.3), strict=True):
    axes.scatter(*triangle.test.x[:500].T, s=2, color=COLORS[5], alpha=0.5, linewidths=0)
    exact, learned = score(plane, means, s, sigma), learned_score(plane, sigma)
    longest = np.linalg.norm(exact, axis=1, keepdims=True) ** 0.6  # long arrows are shortened: the direction counts
    unit = np.abs(exact / longest).max() / 0.8
    style = {"angles": "xy", "scale_units": "xy", "scale": unit}
    axes.quiver(*plane.T, *(exact / longest).T, color=COLORS[6], alpha=0.3, width=0.014, **style)
    axes.quiver(*plane.T, *(learned / longest).T, color=COLORS[1], width=0.005, **style)
for k, color in enumerate(COLORS[:3]):
    for way in ways[1][:, :60][:, nearest[1][:60] == k].swapaxes(0, 1):
        paths.plot(*way.T, color=color, linewidth=0.7, alpha=0.7)
    paths.scatter(*ways[1][-1][nearest[1] == k].T, s=3, color=color, linewidths=0)
for axes in (*fields, paths):
    axes.set(aspect="equal", xlim=(-4.2, 4.2), ylim=(-4.2, 4.2))
save(figure, "09.png")
