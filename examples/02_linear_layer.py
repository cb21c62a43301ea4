# %% [markdown]
# # 02 · A linear layer
#
# The smallest network that learns: $\hat y = x W + b$. It is also the only one whose best weights are known in closed
# form, so here every part of training can be held against the truth: **are the gradients right, does gradient descent
# arrive, and how fast?**

# %%
import numpy as np
from laws import check_gradients
from page import COLORS, expect, panels, save
from solutions import s02

import minigen
from minigen import functional as F
from minigen import nn, optim

# %% [markdown]
# ## Data, and the closed form
# Forty points on a noisy line. With a column of ones beside $x$, least squares solves $A^\top A\,\theta = A^\top y$.

# %%
rng = np.random.default_rng(2)
x = rng.uniform(0, 2, (40, 1))
y = 1.5 * x - 0.8 + 0.3 * rng.normal(size=x.shape)

a = np.concatenate([x, np.ones_like(x)], axis=1)  # (N, 2)
best = np.linalg.lstsq(a, y, rcond=None)[0]  # (2, 1): slope and intercept
print(f"closed form: slope {best[0, 0]:.4f}, intercept {best[1, 0]:.4f}")

# %% [markdown]
# ## Your turn: the gradients by hand
# $L = \tfrac12 \mathrm{E}\,\|x W + b - y\|^2$, the mean over the $N$ rows. Write $\partial L/\partial W$ and
# $\partial L/\partial b$ with NumPy. The law compares slopes along random directions with differences of $L$, at shapes
# that you do not choose.


# %%
def gradients(x, y, w, b):
    """(∂L/∂W, ∂L/∂b) of L = ½ E‖x W + b − y‖²: x (N, D), y (N, K), w (D, K), b (K,)."""
    raise NotImplementedError("yours to write: start from the residual r = x W + b − y, then ask what W and b do to it")


gradients = s02.gradients  # the solution; delete this line when yours stands above

check_gradients(gradients)
print("gradients obeys its law.")

# %% [markdown]
# ## By autograd
# A layer holds its weights as parameters; `backward` leaves the gradient in each.

# %%
layer = nn.Linear(1, 1, rng=rng).to("float64")
inputs, targets = minigen.tensor(x), minigen.tensor(y)
(0.5 * F.mse_loss(layer(inputs), targets)).backward()
by_hand = gradients(x, y, layer.weight.numpy(), layer.bias.numpy())
difference = max(
    np.abs(layer.weight.grad.numpy() - by_hand[0]).max(), np.abs(layer.bias.grad.numpy() - by_hand[1]).max()
)
expect("autograd against hand, largest difference", difference, 0, 1e-14)

# %% [markdown]
# ## Predict, then run
# Near the minimum the loss is a bowl, $\tfrac12 (\theta - \theta^*)^\top H (\theta - \theta^*)$ with
# $H = A^\top A/N$, and each step of gradient descent multiplies the error along an eigenvector of $H$ by
# $1 - \eta\lambda$. **Which learning rate $\eta$ is too large, and what happens just
# below and just above it?** The cell trains with .05, with 95 % of that limit, and with 102 %.

# %%
values, vectors = np.linalg.eigh(a.T @ a / len(a))
limit = 2 / values.max()


def descend(rate, steps=200):
    """The weights (steps + 1, 2) on the way down from (0, 0), by minigen's layer, loss and SGD."""
    layer = nn.Linear(1, 1, rng=rng).to("float64")
    layer.weight.zero_(), layer.bias.zero_()
    sgd = optim.SGD(layer.parameters(), lr=rate)
    way = [np.zeros(2)]
    for _ in range(steps):
        sgd.zero_grad()
        (0.5 * F.mse_loss(layer(inputs), targets)).backward()
        sgd.step()
        way.append(np.array([layer.weight.item(), layer.bias.item()]))
    return np.array(way)


ways = {rate: descend(rate) for rate in (0.05, 0.95 * limit, 1.02 * limit)}
distance = {rate: np.linalg.norm(way - best[:, 0], axis=1) for rate, way in ways.items()}
for rate, way in ways.items():
    factors = (1 - rate * values) ** np.arange(len(way))[:, None]  # (steps + 1, 2), of both eigenvectors
    predicted = best[:, 0] + (factors * (vectors.T @ (way[0] - best[:, 0]))) @ vectors.T
    print(f"rate {rate:.3f}: factors {1 - rate * values}, distance {distance[rate][0]:.2f} -> {distance[rate][-1]:.1e}")
    expect("  largest distance from the predicted way", np.abs(way - predicted).max(), 0, 1e-9)

assert distance[0.05][-1] < distance[0.05][0] and distance[1.02 * limit][-1] > distance[1.02 * limit][0]
arrived = descend(0.95 * limit, 400)[-1]
expect("distance from the closed form after 400 steps", np.linalg.norm(arrived - best[:, 0]), 0, 1e-6)

# %% [markdown]
# **Answer.** $2/\lambda_{\max}$. Below it the path swings across the valley and still arrives; above it each swing is
# wider than the last. A small rate is safe and slow: the flattest direction, $\lambda_{\min}$, sets the pace.

# %%
figure, (left, middle, right) = panels(
    1, 3, 11, 3.5, ("the line", "the loss, and three ways down", "distance, by step")
)
left.plot(x, y, "o", color=COLORS[6], markersize=3, alpha=0.6)
ends = np.array([0.0, 2.0])
left.plot(ends, best[0] * ends + best[1], color=COLORS[6], linewidth=3, alpha=0.3, label="closed form")
left.plot(ends, arrived[0] * ends + arrived[1], color=COLORS[1], linewidth=1, label="gradient descent")
left.legend(fontsize=8, frameon=False)

w, b = np.meshgrid(np.linspace(-0.7, 3.2, 80), np.linspace(-2.2, 1.4, 80))
loss = 0.5 * ((x[:, 0] * w[..., None] + b[..., None] - y[:, 0]) ** 2).mean(-1)
middle.contour(w, b, np.log(loss), 14, colors=COLORS[6], linestyles="solid", linewidths=0.5, alpha=0.4)
for (rate, way), color, name in zip(ways.items(), COLORS, ("η = .05", "95 % of the limit", "102 %"), strict=False):
    middle.plot(*way[:16].T, ".-", color=color, markersize=4, linewidth=0.8)
    right.semilogy(distance[rate], color=color, label=name)
middle.set(xlim=(-0.7, 3.2), ylim=(-2.2, 1.4))
middle.set_xlabel("slope", fontsize=8)
middle.set_ylabel("intercept", fontsize=8)
right.legend(fontsize=8, frameon=False)
save(figure, "02.png")
