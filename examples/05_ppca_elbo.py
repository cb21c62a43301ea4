# %% [markdown]
# # 05 · Probabilistic PCA, and the gap of the ELBO
#
# The smallest model with an unseen cause: $z \sim N(0, I)$ in eight dimensions, and $x = W z + \mu + \sigma\varepsilon$
# in 64. Everything about it is known in closed form (Tipping and Bishop, *Probabilistic Principal Component Analysis*,
# 1999, https://doi.org/10.1111/1467-9868.00196): the best $W$, $\log p(x)$ and the posterior $p(z \mid x)$. So it can
# tell what a VAE never can: **how far is the bound that we train from the likelihood that we want?**
#
# $$\log p(x) = \mathrm{E}_q[\log p(x, z) - \log q(z)] + \mathrm{KL}(q(z) \,\|\, p(z \mid x)),$$
#
# the first term is the ELBO, the second the gap.

# %%
import numpy as np
from laws import check_elbo
from page import COLORS, QUICK, expect, imshow, panels, save
from solutions import s05

import minigen
from minigen import data, optim
from minigen import functional as F

digits = data.load("digits")
x = data.take(digits.train, np.arange(len(digits.train))).x.reshape(-1, 64).astype(np.float64)
d, k = 64, 8

# %% [markdown]
# ## Your turn: the ELBO in one dimension
# $z \sim N(0, 1)$, $x \mid z \sim N(wz, \sigma^2)$, $q = N(m, s^2)$. The ELBO is
# $\mathrm{E}_q[\log p(x \mid z)] - \mathrm{KL}(q \,\|\, N(0, 1))$, and both have closed forms. The law integrates
# numerically, and knows that at the true posterior the bound is no bound but $\log p(x)$ itself.


# %%
def elbo(x, w, sigma, m, s):
    """The ELBO in nats, numbers: x | z ~ N(w z, σ²), z ~ N(0, 1), q = N(m, s²)."""
    raise NotImplementedError("yours to write: E_q[(x − w z)²] = (x − w m)² + w² s²; the KL of normals is in 03's law")


elbo = s05.elbo  # the solution; delete this line when yours stands above

check_elbo(elbo)
print("elbo obeys its law.")

# %% [markdown]
# ## The likelihood in closed form
# $x$ is normal with covariance $C = W W^\top + \sigma^2 I$. The best $W$ holds the first eigenvectors of the data's
# covariance, each times $\sqrt{\lambda_i - \sigma^2}$; $\sigma^2$ is the mean of the other eigenvalues.

# %%
mean = x.mean(0)
eigenvalues, eigenvectors = np.linalg.eigh(np.cov(x.T, bias=True))
eigenvalues, eigenvectors = eigenvalues[::-1], eigenvectors[:, ::-1]
variance = eigenvalues[k:].mean()
w = eigenvectors[:, :k] * np.sqrt(eigenvalues[:k] - variance)  # (64, 8)


def log_likelihood(w):
    """The mean of log p(x) over the data, in nats."""
    root = np.linalg.cholesky(w @ w.T + variance * np.eye(d))
    white = np.linalg.solve(root, (x - mean).T)
    return (-0.5 * (white**2).sum(0) - np.log(np.diag(root)).sum() - 0.5 * d * np.log(2 * np.pi)).mean()


truth = log_likelihood(w)
worse = max(log_likelihood(w + 0.05 * np.random.default_rng(i).normal(size=w.shape)) for i in range(20))
expect("log p(x) at the best W minus at 20 neighbours, the least", truth - worse, 0, np.inf)

# %% [markdown]
# ## The ELBO, and its gap
# The posterior is $N(M^{-1} W^\top (x - \mu), \sigma^2 M^{-1})$ with $M = W^\top W + \sigma^2 I$. The encoder guesses
# $q = N(A (x - \mu), \mathrm{diag}(s^2))$, as a VAE's does. It is trained by minigen to raise the ELBO, knowing nothing
# of the posterior; at every step the gap must **be** the KL.

# %%
centred = minigen.tensor(x - mean)


def elbo_terms(w, a, log_s):
    """E_q[log p(x | z)] and KL(q ‖ p(z)), means over the data, of tensors w (64, k), a (64, k), log_s (k,)."""
    m, spread = F.matmul(centred, a), F.exp(2 * log_s)
    residual = centred - F.matmul(m, w.T)
    squares = (residual**2).sum(1).mean() + ((w * w).sum(0) * spread).sum()
    likelihood = squares * (-0.5 / variance) - 0.5 * d * np.log(2 * np.pi * variance)
    return likelihood, 0.5 * ((m**2).sum(1).mean() + (spread - 2 * log_s - 1).sum())


def posterior_kl(w, a, log_s):
    """KL(q ‖ p(z | x)), the mean over the data, by NumPy alone."""
    precision = (w.T @ w + variance * np.eye(k)) / variance
    off = (x - mean) @ a - np.linalg.solve(precision * variance, w.T @ (x - mean).T).T
    quadratic = ((off @ precision) * off).sum(1).mean()
    log_det = np.linalg.slogdet(precision)[1]
    return 0.5 * ((np.diag(precision) * np.exp(2 * log_s)).sum() + quadratic - k - log_det - 2 * log_s.sum())


def train(w, steps=200 if QUICK else 500):
    """(step, ELBO, KL to the posterior) at every tenth step, (steps / 10, 3), and the encoder at the end."""
    fixed, rng = minigen.tensor(w), np.random.default_rng(5)
    a, log_s = minigen.Parameter(0.1 * rng.normal(size=(d, k))), minigen.Parameter(np.zeros(k))
    adam = optim.Adam([a, log_s], lr=optim.Cosine(0.06, steps))
    history = []
    for step in range(1, steps + 1):
        adam.zero_grad()
        likelihood, kl = elbo_terms(fixed, a, log_s)
        bound = likelihood - kl
        if step % 10 == 0:
            history.append((step, bound.item(), posterior_kl(w, a.numpy(), log_s.numpy())))
        (-bound).backward()
        adam.step()
    return np.array(history), np.array(a.numpy()), np.array(log_s.numpy())


history, a, log_s = train(w)
gap = truth - history[:, 1]
expect("the gap minus KL(q ‖ p(z | x)) at all steps, largest", np.abs(gap - history[:, 2]).max(), 0, 1e-9)
expect("the gap at the end, nats", gap[-1], 0, 1e-2 if QUICK else 1e-3)
print(f"log p(x) = {truth:.3f} nats; the ELBO rose from {history[0, 1]:.1f} to {history[-1, 1]:.3f}")

# %% [markdown]
# ## Predict, then run
# Turn the plane of the first and the last latent by 45°: $W R$ instead of $W$. Since
# $W R R^\top W^\top = W W^\top$, **the likelihood is the same for every $x$. Train the encoder again: does the gap
# close as before?**

# %%
rotation = np.eye(k)
rotation[np.ix_((0, -1), (0, -1))] = np.sqrt(0.5) * np.array([[1, -1], [1, 1]])
turned = w @ rotation
expect("change of log p(x), nats", log_likelihood(turned) - truth, -1e-9, 1e-9)
turned_history, turned_a, turned_log_s = train(turned)
turned_gap = truth - turned_history[-1, 1]
precision = turned.T @ turned / variance + np.eye(k)
least = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
expect("the gap that stays, minus ½ (Σ log Λᵢᵢ − log det Λ)", turned_gap - least, -1e-6, 1e-2 if QUICK else 1e-3)
print(f"the gap that stays: {turned_gap:.4f} nats")

# %% [markdown]
# **Answer.** No. The posterior's ellipse has turned with $W$, and a $q$ without covariances cannot lie along it: it
# fits inside, too narrow, and the bound keeps a gap that no training removes. A VAE, which trains decoder and encoder
# together, feels that gap as a reason to turn its latents upright. The likelihood does not care; the bound does.

# %%
titles = (
    "the bound rises to the likelihood",
    "upright: q meets the posterior",
    "turned by 45°: it cannot",
    "two of the causes",
)
figure, (rise, upright, tilted, causes) = panels(1, 4, 12.5, 3.4, titles)
steps, bounds, _ = history.T
rise.semilogx(steps, bounds, color=COLORS[0], label="ELBO")
rise.fill_between(steps, bounds, truth, color=COLORS[4], alpha=0.3, linewidth=0, label="KL(q ‖ p(z | x))")
rise.axhline(truth, color=COLORS[6], linewidth=1, label="log p(x)")
rise.set_xlabel("step", fontsize=8)
rise.legend(fontsize=8, frameon=False, loc="lower right")

circle = np.stack([np.cos(np.linspace(0, 2 * np.pi, 100)), np.sin(np.linspace(0, 2 * np.pi, 100))])
for axes, basis, scale in ((upright, w, log_s), (tilted, turned, turned_log_s)):
    covariance = np.linalg.inv(basis.T @ basis / variance + np.eye(k))[np.ix_((0, -1), (0, -1))]
    ellipse = 2 * np.linalg.cholesky(covariance) @ circle
    axes.fill(*ellipse, color=COLORS[6], alpha=0.15, linewidth=0, label="p(z | x), two deviations")
    axes.plot(*(2 * np.exp(scale)[[0, -1], None] * circle), color=COLORS[1], label="q(z)")
    axes.set(aspect="equal", xlim=(-0.9, 0.9), ylim=(-0.9, 1.2))
    axes.legend(fontsize=8, frameon=False, loc="upper left")
ladder = np.linspace(-2, 2, 5)
grid = np.stack([mean + w[:, :2] @ (p, q) for q in ladder[::-1] for p in ladder])
imshow(causes, np.clip(grid, 0, 1).reshape(-1, 8, 8, 1), 5)
save(figure, "05.png")
