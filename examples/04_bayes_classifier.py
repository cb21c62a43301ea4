# %% [markdown]
# # 04 · A Bayes classifier
#
# Some variables are **observable**, the pixels $x$; one is the **target**, the digit $y$. A *discriminative* model
# learns $p(y \mid x)$ at once. A *generative* one learns how each digit looks, $p(x \mid y)$, and how often it occurs,
# $p(y)$; Bayes' theorem turns it round:
#
# $$p(y \mid x) = \frac{p(x \mid y)\, p(y)}{\sum_{y'} p(x \mid y')\, p(y')}.$$
#
# **What does the detour cost, and what does it buy?**

# %%
import numpy as np
from laws import check_posterior
from page import COLORS, QUICK, expect, imshow, panels, save
from solutions import s04

import minigen
from minigen import data, nn, optim
from minigen import functional as F

digits = data.load("digits")
x, y = data.take(digits.train, np.arange(len(digits.train))).x.reshape(-1, 64), digits.train.labels
x_test, y_test = data.take(digits.test, np.arange(len(digits.test))).x.reshape(-1, 64), digits.test.labels
x, x_test = x.astype(np.float64), x_test.astype(np.float64)
print(f"{len(x)} digits to learn from, {len(x_test)} to test, 64 pixels each")

# %% [markdown]
# ## Your turn: Bayes' theorem in logarithms
# Densities of 64 pixels overflow; their logarithms do not. The law holds your posterior against the theorem itself, and
# then takes 5,000 from every log-likelihood.


# %%
def posterior(log_likelihood, log_prior):
    """p(y | x) (N, K) from log p(x | y) (N, K) and log p(y) (K,); rows sum to 1."""
    raise NotImplementedError("yours to write: the theorem above; a constant may be taken from each row before exp")


posterior = s04.posterior  # the solution; delete this line when yours stands above

check_posterior(posterior)
print("posterior obeys its law.")

# %% [markdown]
# ## A generative model
# $p(x \mid y) = N(\mu_y, \Sigma)$: each digit has its mean image, and all share one covariance, as if 100 more
# digits had been seen whose pixels vary alone and alike: without them the corners, always 0, would have no variance.
# Nothing is trained by steps; it is counted.


# %%
class Generative:
    """Normals with a mean for each class and one covariance: x (N, D), y (N,)."""

    def __init__(self, x, y):
        self.prior = (np.bincount(y, minlength=10) + 1) / (len(y) + 10)
        self.means = np.stack([x[y == k].mean(0) if (y == k).any() else x.mean(0) for k in range(10)])
        residual = x - self.means[y]
        scatter = residual.T @ residual / len(x)
        shrink = 100 / (100 + len(x))
        self.covariance = (1 - shrink) * scatter + shrink * np.trace(scatter) / len(scatter) * np.eye(len(scatter))

    def log_likelihood(self, x, seen=slice(None)):
        """log p(x_seen | y), (N, 10): a normal's marginal just leaves the unseen pixels out."""
        root = np.linalg.cholesky(self.covariance[seen][:, seen])
        white = np.linalg.solve(root, (x[:, None] - self.means)[..., seen].reshape(-1, len(root)).T)
        constant = 0.5 * len(root) * np.log(2 * np.pi) + np.log(np.diag(root)).sum()
        return -0.5 * (white**2).sum(0).reshape(len(x), 10) - constant

    def predict(self, x, seen=slice(None)):
        """p(y | x_seen), (N, 10)."""
        return posterior(self.log_likelihood(x, seen), np.log(self.prior))


def accuracy(p, y=y_test):
    """The share of rows whose most probable class is right, in percent."""
    return 100 * (p.argmax(1) == y).mean()


generative = Generative(x, y)
expect("generative, accuracy on unseen digits, %", accuracy(generative.predict(x_test)), 90, 98)

# %% [markdown]
# ## A discriminative twin
# With one covariance for all, the quadratic terms of Bayes' theorem cancel, and its answer is exactly a softmax of a
# linear layer, $W = \Sigma^{-1} \mu^\top$, $b_y = \log p(y) - \tfrac12 \mu_y^\top \Sigma^{-1} \mu_y$. So the same
# function can be trained directly, by cross-entropy: logistic regression. The two differ in nothing but the question.

# %%
w = np.linalg.solve(generative.covariance, generative.means.T)  # (64, 10)
b = np.log(generative.prior) - 0.5 * (generative.means * w.T).sum(1)
softmax = F.softmax(minigen.tensor(x_test @ w + b), -1).numpy()
expect(
    "Bayes' theorem against that layer, largest difference", np.abs(softmax - generative.predict(x_test)).max(), 0, 1e-9
)


def discriminative(x, y, steps=150 if QUICK else 300):
    """A linear layer trained on log p(y | x) of all data at once, with a little weight decay; x (N, D) to logits."""
    layer = nn.Linear(x.shape[1], 10, rng=np.random.default_rng(0))
    adam = optim.AdamW(layer.parameters(), lr=optim.Cosine(0.05, steps), weight_decay=0.05)
    inputs = minigen.tensor(x, dtype="float32")
    for _ in range(steps):
        adam.zero_grad()
        F.cross_entropy(layer(inputs), y).backward()
        adam.step()
    return lambda x: F.softmax(layer(minigen.tensor(x, dtype="float32")), -1).numpy()


direct = discriminative(x, y)
expect("discriminative, accuracy on unseen digits, %", accuracy(direct(x_test)), 90, 98)

# %% [markdown]
# ## Predict, then run
# **With 50 labelled digits instead of 1,297, which of the two is ahead? And when the lower half of each image is
# covered, what can each still do?** The generative model integrates the unseen pixels out, exactly. The discriminative
# one has no word for "unseen"; give it the average pixel there.

# %%
rng = np.random.default_rng(4)
sizes, repeats = (20, 50, 150, 500, len(x)), 3 if QUICK else 8
curves = np.zeros((2, len(sizes)))
for i, n in enumerate(sizes):
    for _ in range(repeats):
        rows = rng.choice(len(x), n, replace=False)
        curves[0, i] += accuracy(Generative(x[rows], y[rows]).predict(x_test)) / repeats
        curves[1, i] += accuracy(discriminative(x[rows], y[rows])(x_test)) / repeats
for n, one, other in zip(sizes, *curves, strict=True):
    print(f"{n:5} labels: generative {one:.1f} %, discriminative {other:.1f} %")

upper = np.arange(64) < 32
covered = np.where(upper, x_test, x.mean(0))
half = accuracy(generative.predict(x_test, upper)), accuracy(direct(covered))
print(f"lower half covered: generative {half[0]:.1f} %, discriminative {half[1]:.1f} %")

# %%
expect("with 50 labels, generative minus discriminative, points", curves[0, 1] - curves[1, 1], 0, 10)
expect("with all labels, generative minus discriminative, points", curves[0, -1] - curves[1, -1], -6, 0)
expect("covered, generative minus discriminative, points", half[0] - half[1], 3, 60)

# %% [markdown]
# **Answer.** With few labels the generative model is ahead, because it assumes more; with many the assumption is a
# bias, and the discriminative one passes. This is the trade of Ng and Jordan, *On Discriminative vs.
# Generative Classifiers* (2002, https://papers.nips.cc/paper/2020). And only a model of $x$ can say what it thinks of
# half an $x$, or draw one.

# %%
titles = ("p(x | y): the mean, then draws", "accuracy by number of labels", "p(y | x), seen whole and by half")
figure, (drawn, learned, bars) = panels(1, 3, 11, 3.6, titles)
root = np.linalg.cholesky(generative.covariance)
noise = rng.normal(size=(7, 10, 64)) @ root.T
shown = np.concatenate([generative.means, *(generative.means + one for one in noise)])
imshow(drawn, np.clip(shown, 0, 1).reshape(-1, 8, 8, 1), 10)

for curve, color, name in zip(curves, COLORS, ("generative", "discriminative"), strict=False):
    learned.semilogx(sizes, curve, "o-", color=color, markersize=4, label=name)
learned.legend(fontsize=8, frameon=False, loc="lower right")
learned.set_xlabel("labels", fontsize=8)
learned.set_ylabel("%", fontsize=8)

whole, seen = generative.predict(x_test), generative.predict(x_test, upper)
entropy = -(seen * np.log(seen + 1e-12)).sum(1) * (whole.argmax(1) == y_test)
doubtful = entropy.argmax()
bars.bar(np.arange(10) - 0.2, whole[doubtful], 0.4, color=COLORS[0], label="whole")
bars.bar(np.arange(10) + 0.2, seen[doubtful], 0.4, color=COLORS[4], label="upper half only")
bars.set_xticks(range(10))
bars.set_ylim(0, 1.35)
bars.legend(fontsize=8, frameon=False, loc="upper left")
inset = bars.inset_axes([0.72, 0.72, 0.28, 0.28])
imshow(inset, x_test[doubtful].reshape(1, 8, 8, 1), 1)
inset.axhline(3.5, color=COLORS[4], linewidth=1.5)
save(figure, "04.png")
