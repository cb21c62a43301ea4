# %% [markdown]
# # 08 · Change of variables, then a flow
#
# A flow is a function $f$ that carries data to noise and can be run backwards. Nothing is lost on the way, so each
# datum's density is exact:
#
# $$\log p(x) = \log N(f(x); 0, I) + \log\left|\det \frac{\partial f}{\partial x}\right|.$$
#
# **Why the determinant? And is what a trained flow claims true?**

# %%
import numpy as np
from laws import check_log_density
from page import COLORS, FOLDER, QUICK, expect, panels, save, show
from solutions import s08

from minigen import Stream, data, models, train, viz

# %% [markdown]
# ## Your turn: the density of one number
# Given $f$ and $f'$, write $\log p(x)$. The law integrates $e^{\log p}$ for five functions, one of them falling, and
# wants 1 each time. Leave the slope out first, and see what it says.


# %%
def log_density(x, f, slope):
    """log p(x) where f(x) ~ N(0, 1): an array x, f and its derivative as functions of arrays."""
    raise NotImplementedError("yours to write: log N(f(x); 0, 1), and by how much f stretches the line at x")


log_density = s08.log_density  # the solution; delete this line when yours stands above

check_log_density(log_density)
print("log_density obeys its law.")

# %% [markdown]
# ## Train one in the plane
# Two moons, whose density is known. A chain of spline couplings: each changes one coordinate by a rising function that
# the other coordinate chooses, so the Jacobian is triangular and its determinant a product.

# %%
moons = data.load("moons")
length = train.TrainConfig(steps=150 if QUICK else 700, batch_size=256, learning_rate=5e-3)
flow = train.fit("flow", moons, models.FlowConfig(layers=4, hidden=(64, 64)), length, progress=False)

x = moons.test.x[: 2000 if QUICK else 10_000]
found = flow.log_prob(x, Stream(0))
true = moons.log_density(x)
print(f"log {found.of}, {found.kind}: {found.mean:.3f} nats, the truth's own {true.mean():.3f}")
expect("KL(truth ‖ flow), nats", (true - found.values).mean(), -0.02, 0.35 if QUICK else 0.12)

# %% [markdown]
# ## Is it true?
# Three claims, held against something that knows nothing of couplings: the determinant against a whole Jacobian by
# finite differences in float64, the inverse against where it came from, and the density's integral against 1. The
# library's `flow.check()` does the same with its own autograd.

# %%
twin = models.Flow(flow.config, flow.spec, rng=np.random.default_rng(0)).to("float64").eval()
twin.load_state_dict({name: np.asarray(value, np.float64) for name, value in flow.state_dict().items()})
z = twin.encode(x[:20].astype(np.float64))
h, columns = 1e-6, []
for axis in np.eye(2):
    columns.append((twin.encode(x[:20] + h * axis) - twin.encode(x[:20] - h * axis)) / (2 * h))
jacobian = np.stack(columns, -1)  # (20, 2, 2)
log_noise = -0.5 * (z**2).sum(1) - np.log(2 * np.pi)
by_hand = log_noise + np.log(np.abs(np.linalg.det(jacobian)))
claimed = twin.log_prob(x[:20].astype(np.float64), Stream(0)).values
expect("log p(x) against finite differences, largest error", np.abs(claimed - by_hand).max(), 0, 1e-4)
expect("x against decode(encode(x)), largest error", np.abs(twin.decode(z) - x[:20]).max(), 0, 1e-6)

low, high, side = np.array([-1.8, -1.3]), np.array([2.8, 1.8]), 300
across = [np.linspace(a, b, side) for a, b in zip(low, high, strict=True)]
plane = np.stack(np.meshgrid(*across), -1).reshape(-1, 2)
log_p = flow.log_prob(plane.astype(np.float32), Stream(0)).values
expect("∫ p over the box", np.exp(log_p).sum() * np.prod((high - low) / (side - 1)), 0.98, 1.01)

# %% [markdown]
# ## Predict, then run
# Push a square grid of the noise's plane through the layers, with a cloud of noise. **The two moons are apart, the
# noise is one piece, and $f^{-1}$ is continuous. What becomes of the space between the moons, and can the flow leave it
# empty?**

# %%
grid = viz.lines(3.0, 25, 120)
warped = flow.warp(grid.reshape(-1, 2).astype(np.float32)).reshape(-1, *grid.shape)
FOLDER.mkdir(parents=True, exist_ok=True)
viz.save_warp(warped, FOLDER / "08_warp.png", flow.warp(Stream(3).normal((1500, 2))))
show(FOLDER / "08_warp.png")

drawn = flow.sample(20_000, Stream(4))
between = moons.log_density(drawn) < moons.log_density(moons.test.x).min()
expect("share of samples where data never are", between.mean(), 0, 0.15 if QUICK else 0.04)

# %% [markdown]
# **Answer.** The grid is pulled out thin: the lines between the moons are spread so far apart that hardly any noise
# falls there. But never none: a continuous map of one piece is one piece, so a bridge of small density stays. Each
# layer bends one coordinate only; look how they take turns.

# %%
titles = ("the truth, log p", "the flow, log p", "the moons as noise: f(x)")
figure, (truth, model, latent) = panels(1, 3, 11, 4.0, titles)
for axes, values in ((truth, moons.log_density(plane)), (model, log_p)):
    picture, extent = np.maximum(values, -8).reshape(side, side), (low[0], high[0], low[1], high[1])
    axes.imshow(picture, origin="lower", extent=extent, cmap="Blues")
for k, color in enumerate(COLORS[:2]):
    part = flow.encode(x[:1500])[moons.test.labels[:1500] == k]
    latent.scatter(*part.T, s=4, color=color, alpha=0.6, linewidths=0)
latent.set(aspect="equal", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5))
save(figure, "08.png")
