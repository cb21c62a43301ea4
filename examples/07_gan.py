# %% [markdown]
# # 07 · A generative adversarial network
#
# No density, no bound: a generator makes fakes, a discriminator says how real each looks, and each learns from the
# other. In one dimension both densities can be drawn, so the theorem behind the game can be watched: **against a fixed
# generator the best discriminator is $D(x) = p(x)/(p(x) + q(x))$; and when the game is over, it is ½ everywhere**
# (Goodfellow et al., *Generative Adversarial Networks*, 2014, https://arxiv.org/abs/1406.2661).

# %%
import numpy as np
from laws import check_best_discriminator
from page import COLORS, QUICK, expect, panels, save
from solutions import s07

import minigen
from minigen import Stream, data, models, optim, train
from minigen import functional as F

# %% [markdown]
# ## Your turn: the best discriminator
# At each $x$, $D$ should make $p(x) \log D + q(x) \log(1 - D)$ as large as it can. Find that $D$. The law does not know
# the formula: it tries 999 other answers at each of 500 places, and none may gain more than yours.


# %%
def best_discriminator(p, q):
    """The D in (0, 1) that maximises p log D + q log(1 − D), for arrays of densities p and q."""
    raise NotImplementedError("yours to write: set the derivative by D to 0")


best_discriminator = s07.best_discriminator  # the solution; delete this line when yours stands above

check_best_discriminator(best_discriminator)
print("best_discriminator obeys its law.")

# %% [markdown]
# ## One player alone
# Data: two humps, $p$. A generator that stands still: one normal, $q$. A small network is trained to tell them apart,
# on samples alone, by cross-entropy; it has never seen a density.


# %%
def density(x, means=(-1.5, 1.5), width=0.5):
    """The average of normal densities at x."""
    return np.mean([np.exp(-0.5 * ((x - m) / width) ** 2) / (width * np.sqrt(2 * np.pi)) for m in means], axis=0)


grid = np.linspace(-4, 4, 401)
p, q = density(grid), density(grid, (0.5,), 1.0)

rng, steps = np.random.default_rng(7), 500 if QUICK else 1500
network = models.networks.MLP((1, 64, 64, 1), rng=rng)
adam = optim.Adam(network.parameters(), lr=optim.Cosine(5e-3, steps))
for _ in range(steps):
    real = rng.choice([-1.5, 1.5], (256, 1)) + 0.5 * rng.normal(size=(256, 1))
    fake = 0.5 + rng.normal(size=(256, 1))
    adam.zero_grad()
    logits = [network(minigen.tensor(x, dtype="float32")) for x in (real, fake)]
    (F.softplus(-logits[0]).mean() + F.softplus(logits[1]).mean()).backward()
    adam.step()
learned = F.sigmoid(network(minigen.tensor(grid[:, None], dtype="float32"))).numpy()[:, 0]

weight = (p + q) / (p + q).sum()
expect("E|D − p/(p + q)| over real and fake data", (weight * np.abs(learned - best_discriminator(p, q))).sum(), 0, 0.04)

# %% [markdown]
# ## Predict, then run
# Now the generator may move: it follows the slope of $D$. **Where does it go first? And when its density $q$ has come
# to $p$, what does the discriminator know?** The cell plays the game with minigen's GAN and looks in at four moments;
# $q$ is a histogram of 50,000 fakes.


# %%
def points(n, seed):
    """n draws from p, as a split of a data set."""
    rng = np.random.default_rng(seed)
    return data.Split((rng.choice([-1.5, 1.5], (n, 1)) + 0.5 * rng.normal(size=(n, 1))).astype(np.float32))


splits = [points(n, seed) for seed, n in enumerate((50_000, 1000, 1000))]
humps = data.DataSet("two humps", "points", (1,), None, None, *splits, log_density=None, provenance="drawn above")
config = models.GANConfig(latent=2, hidden=(64, 64), loss="nonsaturating", penalties=("r1",), penalty_weight=0.1)
game = train.TrainConfig(steps=600 if QUICK else 2400, batch_size=256, learning_rate=2e-3, ema=0.99)
gan = models.GAN(config, models.DataSpec((1,)), rng=np.random.default_rng(7))
gan.look_at_data(data.in_order(humps.train, 1000))
trainer = train.Trainer(gan, humps, game)

width = grid[1] - grid[0]
edges = np.append(grid - width / 2, grid[-1] + width / 2)
window = np.exp(-0.5 * (np.arange(-8, 9) / 3) ** 2)
looks = (0, 100, 400, trainer.total)
seen = []
for step in range(trainer.total + 1):
    if step in looks:
        with trainer.averaged() as now:
            fakes = now.sample(50_000, Stream(1))[:, 0]
            opinion = now.probability_real(grid[:, None])
        q = np.convolve(np.histogram(fakes, edges)[0], window / window.sum(), "same") / len(fakes) / width
        seen.append((step, q, opinion))
        found = f"total variation between p and q {0.5 * np.abs(p - q).sum() * width:.3f}"
        print(f"step {step:4}: {found}, D from {opinion.min():.2f} to {opinion.max():.2f}")
    if step < trainer.total:
        trainer.step()

# %%
_, q, opinion = seen[-1]
expect("at the end, total variation between p and q", 0.5 * np.abs(p - q).sum() * width, 0, 0.3 if QUICK else 0.2)
weight = (p + q) / (p + q).sum()
expect("at the end, E|D − ½| over real and fake data", (weight * np.abs(opinion - 0.5)).sum(), 0, 0.06)

# %% [markdown]
# **Answer.** To where $D$ rises, which need not be where data are missing most; it may overshoot and come back. In the
# game $D$ never has the time to be the best one: its slope is penalised and its opponent moves, so it stays between ½
# and $p/(p + q)$, leaning the right way, and that is enough. At the end $D \approx \tfrac12$: it has taught itself out
# of work. A thin bridge of fakes stays between the humps, for a continuous map of one blob of noise is one piece.

# %%
titles = ("D alone, q stands still", *(f"the game, step {step}" for step, _, _ in seen))
figure, (alone, *moments) = panels(1, 5, 13.5, 3.0, titles)
first = (None, density(grid, (0.5,), 1.0), learned)
for axes, (_, q, opinion) in zip((alone, *moments), (first, *seen), strict=True):
    axes.fill_between(grid, p, color=COLORS[6], alpha=0.15, linewidth=0, label="data p")
    axes.plot(grid, q, color=COLORS[1], label="fakes q")
    there = p + q > 0.005
    best = best_discriminator(p[there], q[there])
    axes.plot(grid[there], best, color=COLORS[6], linewidth=1, linestyle="--", label="p/(p + q)")
    axes.plot(grid, opinion, color=COLORS[0], label="D(x)")
    axes.set(xlim=(-4, 4), ylim=(0, 1.4))
alone.legend(fontsize=7, frameon=False, ncols=2, loc="upper left")
save(figure, "07.png")
