# %% [markdown]
# # 03 · Maximum likelihood, and two divergences
#
# A model with one hump meets data with two. It must be wrong; **which way of being wrong it chooses depends on what is
# minimised**. Maximum likelihood minimises $\mathrm{KL}(p \,\|\, q) = \mathrm{E}_p[\log p - \log q]$, an average over
# the data; variational methods minimise the other direction, $\mathrm{KL}(q \,\|\, p)$, an average over the model.

# %%
import numpy as np
from laws import check_kl
from page import COLORS, expect, panels, save
from solutions import s03

import minigen
from minigen import functional as F
from minigen import optim

# %% [markdown]
# ## Your turn: a divergence on a grid
# Both densities are given by their logarithms on a fine grid of $x$, so the integral is a sum. The law knows the closed
# form for two normals, and that a density is at no distance from itself.


# %%
def kl(log_p, log_q, dx):
    """KL(p ‖ q) in nats, of log-densities (n,) on a grid with spacing dx."""
    raise NotImplementedError("yours to write: ∫ p (log p − log q) dx as a sum; which of the two is averaged over?")


kl = s03.kl  # the solution; delete this line when yours stands above

check_kl(kl)
print("kl obeys its law.")

# %% [markdown]
# ## The target
# Two humps of width ½ at −2 and 2, the right one with 60 % of the mass. The model is one normal,
# $q = N(\mu, \sigma^2)$.

# %%
grid = np.linspace(-8, 8, 1601)
dx = grid[1] - grid[0]
modes, width, share = np.array([-2.0, 2.0]), 0.5, np.array([0.4, 0.6])


def log_normal(x, mu, log_sigma):
    """log N(x; μ, σ²), arrays or tensors."""
    return -0.5 * ((x - mu) * np.exp(-log_sigma)) ** 2 - log_sigma - 0.5 * np.log(2 * np.pi)


def log_target(x):
    """log p(x) of an array."""
    return np.logaddexp.reduce([np.log(w) + log_normal(x, m, np.log(width)) for w, m in zip(share, modes, strict=True)])


# %% [markdown]
# ## Maximum likelihood, from samples
# The average log-likelihood of data is $-\mathrm{KL}(p\,\|\,q)$ plus a number that no model can change, the entropy of
# $p$. For a normal the maximum is known: the mean and the deviation of the data. Adam must find the same.

# %%
rng = np.random.default_rng(3)
data = rng.choice(modes, 4000, p=share) + width * rng.normal(size=4000)


def minimise(objective, start, steps=1000, rate=0.1):
    """The way (steps + 1, 2) of (μ, log σ) down a function of two tensors."""
    theta = minigen.Parameter(np.array(start, np.float64))
    adam = optim.Adam([theta], lr=optim.Cosine(rate, steps))
    way = [np.array(start, np.float64)]
    for _ in range(steps):
        adam.zero_grad()
        objective(theta[0], theta[1]).backward()
        adam.step()
        way.append(np.array(theta.numpy()))
    return np.array(way)


def log_q(x, mu, log_sigma):
    """log N(x; μ, σ²) of an array x, as a tensor."""
    return -0.5 * ((minigen.tensor(x) - mu) * F.exp(-log_sigma)) ** 2 - log_sigma - 0.5 * np.log(2 * np.pi)


fitted = minimise(lambda mu, log_sigma: -log_q(data, mu, log_sigma).mean(), (0.0, 0.0))[-1]
expect("mean found minus the data's", fitted[0] - data.mean(), -1e-3, 1e-3)
expect("deviation found minus the data's", np.exp(fitted[1]) - data.std(), -1e-3, 1e-3)

# %% [markdown]
# ## Predict, then run
# Now both divergences on the grid, each from three starts: $\mu = -3$, $0.5$ and $3$. **Where does each end? Which of
# them depends on the start?**

# %%
log_p = log_target(grid)
p = np.exp(log_p)


def forward(mu, log_sigma):
    """KL(p ‖ q), a tensor."""
    return (p * (log_p - log_q(grid, mu, log_sigma))).sum() * dx


def reverse(mu, log_sigma):
    """KL(q ‖ p), a tensor."""
    log = log_q(grid, mu, log_sigma)
    return (F.exp(log) * (log - log_p)).sum() * dx


starts = [(-3.0, 0.0), (0.5, 0.7), (3.0, 0.0)]
ways = {name: [minimise(f, start) for start in starts] for name, f in (("p ‖ q", forward), ("q ‖ p", reverse))}
ends = {name: [way[-1] for way in three] for name, three in ways.items()}
for name, three in ends.items():
    for start, (mu, log_sigma) in zip(starts, three, strict=True):
        q = log_normal(grid, mu, log_sigma)
        both = f"KL(p‖q) {kl(log_p, q, dx):.3f}, KL(q‖p) {kl(q, log_p, dx):.3f}"
        print(f"KL({name}) from μ = {start[0]:4}: μ = {mu:6.3f}, σ = {np.exp(log_sigma):.3f}; {both}")

mean = (p * grid).sum() * dx
deviation = np.sqrt((p * (grid - mean) ** 2).sum() * dx)
spread = max(np.abs(end - (mean, np.log(deviation))).max() for end in ends["p ‖ q"])
expect("KL(p‖q): distance of all ends from the target's own moments", spread, 0, 1e-3)
(left_mu, left_sigma), _, (right_mu, right_sigma) = ends["q ‖ p"]
expect("KL(q‖p) from the left ends on the left mode", left_mu, -2.05, -1.95)
expect("KL(q‖p) from the right ends on the right mode", right_mu, 1.95, 2.05)
expect("with that mode's width", np.exp(right_sigma), 0.48, 0.52)
expect("and pays −log(its share)", kl(log_normal(grid, right_mu, right_sigma), log_p, dx) + np.log(0.6), -0.01, 0.01)

# %% [markdown]
# **Answer.** KL(p‖q) has one minimum, wherever one starts: $q$ must have mass wherever $p$ has, or the average of
# $-\log q$ explodes. So it **covers** both modes and the desert between. KL(q‖p) asks only that $p$ be large where $q$
# is: it **seeks** one mode and pays $-\log$ of the share that it found; which one, the start decides (from the middle
# it gets stuck astride, in a poorer third minimum). A VAE trained by likelihood blurs; a game that looks only at
# its own samples may forget modes. Both are on this page.

# %%
titles = ("two answers", "KL(p‖q) over μ and σ", "KL(q‖p) over μ and σ")
figure, (density, *maps) = panels(1, 3, 11, 3.5, titles)
density.fill_between(grid, p, color=COLORS[6], alpha=0.15, linewidth=0, label="target p")
for (mu, log_sigma), color, name in (
    (ends["p ‖ q"][1], COLORS[0], "minimises KL(p‖q)"),
    (ends["q ‖ p"][0], COLORS[1], "minimises KL(q‖p)"),
    (ends["q ‖ p"][2], COLORS[1], None),
):
    density.plot(grid, np.exp(log_normal(grid, mu, log_sigma)), color=color, label=name)
density.set_xlim(-5, 5)
density.set_ylim(0, 1.05)
density.legend(fontsize=8, frameon=False, loc="upper left")

mus, log_sigmas = np.linspace(-4, 4, 81), np.linspace(-1.4, 1.6, 61)
surface = {name: np.empty((61, 81)) for name in ways}
for i, log_sigma in enumerate(log_sigmas):
    for j, mu in enumerate(mus):
        q = log_normal(grid, mu, log_sigma)
        surface["p ‖ q"][i, j], surface["q ‖ p"][i, j] = kl(log_p, q, dx), kl(q, log_p, dx)
for axes, name, color in zip(maps, ways, COLORS, strict=False):
    levels = np.linspace(0, np.log(30), 16) + np.log(surface[name].min())
    style = {"colors": COLORS[6], "linestyles": "solid", "linewidths": 0.6, "alpha": 0.4}
    axes.contour(mus, log_sigmas, np.log(surface[name]), levels, **style)
    for way in ways[name]:
        axes.plot(*way.T, color=color, linewidth=1.4)
        axes.plot(*way[0], "o", color=color, markersize=4, fillstyle="none")
        axes.plot(*way[-1], "o", color=color, markersize=5)
    axes.set_xlabel("μ", fontsize=8)
    axes.set_ylabel("log σ", fontsize=8)
save(figure, "03.png")
