# %% [markdown]
# # 06 · A variational autoencoder
#
# 05 with networks in place of matrices: a decoder says $p(x \mid z)$, an encoder $q(z \mid x)$, and both are trained
# together on the bound. Nothing is known in closed form any more. **What do its ten latents hold, and can a datum be
# made from noise alone?** The library's file tells the story: `minigen/models/vae.py`.

# %%
import numpy as np
from laws import check_reparameterise
from page import FOLDER, QUICK, expect, imshow, panels, save
from solutions import s06

import minigen
from minigen import Stream, data, models, train

# %% [markdown]
# ## Your turn: the sampling that gradients pass through
# The bound is an average over $z \sim q(z \mid x) = N(\mu, \sigma^2)$, and $q$ itself is trained: a draw must say how
# it would have moved with $\mu$ and $\sigma$. Take the noise from outside. The encoder gives $\log \sigma^2$, so any
# number is allowed. The law looks at mean, deviation and both gradients.


# %%
def reparameterise(mu, logvar, epsilon):
    """z ~ N(μ, σ²) made of standard normal ε: tensors μ and log σ² (D,), an array ε (n, D), to a tensor (n, D)."""
    raise NotImplementedError("yours to write: shift and scale ε; mind that logvar is log σ², not log σ")


reparameterise = s06.reparameterise  # the solution; delete this line when yours stands above

check_reparameterise(reparameterise)
print("reparameterise obeys its law.")

# %% [markdown]
# ## Train
# Real digits of 8×8 pixels and 17 grey levels; a pixel's distribution is a logistic one cut into these levels, so that
# the bound is one on $P(\text{integer } x)$. The run folder keeps everything: the next call goes on from there.

# %%
digits = data.load("digits")
config = models.VAEConfig(latent=10, likelihood="logistic")
length = train.TrainConfig(epochs=20 if QUICK else 150)
run = FOLDER / ("vae-quick" if QUICK else "vae")
train.fit("vae", digits, config, length, out=run, resume=True, progress=False)

vae = minigen.load(run)  # from the disk, as next week
unseen, labels, _ = next(data.in_order(digits.test, 400))
bound = vae.log_prob(unseen, Stream(2), samples=50)
with_error = f"{bound.mean:.2f} ± {bound.standard_error:.2f} nats"
print(f"log {bound.of} of {len(unseen)} unseen digits: {with_error}, a {bound.kind}")
low, high = (-115, -98) if QUICK else (-100, -86)
expect("the same, nats", bound.mean, low, high)

# %% [markdown]
# ## Predict, then run
# Each latent may say nothing, $q(z_i \mid x) = N(0, 1)$, and then costs nothing, or tell the decoder something, and
# then costs $\mathrm{KL}(q \,\|\, N(0, 1))$ nats. **Guess three times: how many nats do all ten cost together? How
# much worse are reconstructions if the latents are exchanged between digits? And are samples from noise sharper than
# reconstructions, more blurred, or just odd?**

# %%
mu, sigma = vae.encode(unseen)
cost = 0.5 * (mu**2 + sigma**2 - 2 * np.log(sigma) - 1).mean(0)  # (10,)
print("nats of each latent:", np.sort(cost)[::-1].round(2))
print(f"together {cost.sum():.1f} nats, {(cost > 0.1).sum()} of 10 in use")

right = np.abs(vae.decode(mu) - unseen).mean()
exchanged = np.abs(vae.decode(np.roll(mu, 1, axis=0)) - unseen).mean()
mean_image = np.abs(unseen.mean(0) - unseen).mean()
print(f"error of a grey value: reconstructed {right:.3f}, the mean image {mean_image:.3f}, exchanged {exchanged:.3f}")
expect("all latents together, nats", cost.sum(), 8, 18)
expect("error reconstructed over error of the mean image", right / mean_image, 0.2, 0.8)
expect("error exchanged over error of the mean image", exchanged / mean_image, 1.0, 2.0)

# %% [markdown]
# **Answer.** About thirteen nats: $e^{13}$, half a million, digits can be told apart. That is enough for which digit
# and how it leans, not for the pen's every shake. Exchanged latents are worse than the mean image, so it is they that
# tell. Samples are as smooth as reconstructions, since both are means of $p(x \mid z)$; some are odd, because $N(0, I)$
# also holds causes that no digit ever had.

# %%
titles = ("noise → samples", "digits, through ten numbers", "one latent from −3 to 3", "a walk from noise to noise")
figure, (samples, pairs, latents, walk) = panels(1, 4, 12.5, 3.4, titles)
imshow(samples, vae.sample(64, Stream(0)), 8)
through = [pair for k in range(0, 32, 8) for pair in (unseen[k : k + 8], vae.decode(mu[k : k + 8]))]
imshow(pairs, np.concatenate(through), 8)
order = np.argsort(-cost)[:8]
ladder = np.repeat(mu[labels == 3][:1], 8, 0)
rows = []
for dim in order:
    moved = ladder.copy()
    moved[:, dim] = np.linspace(-3, 3, 8)
    rows.append(vae.decode(moved))
imshow(latents, np.concatenate(rows), 8)
imshow(walk, vae.trajectory(8, Stream(1), steps=8)["sample"].swapaxes(0, 1).reshape(-1, 8, 8, 1), 8)
save(figure, "06.png")
