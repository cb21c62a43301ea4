# %% [markdown]
# # 11 · Conditional generation
#
# Everything so far drew from $p(x)$; here a label is asked for, $p(x \mid y)$. A diffusion model learns both at once:
# in training some labels are hidden. In sampling its two answers can be played against each other, which is called
# guidance. **Does it draw the digit that was asked for, and what does it pay for being more obedient?** A classifier
# that never saw a generated image judges.

# %%
import numpy as np
from laws import check_guided
from page import COLORS, QUICK, expect, imshow, panels, save
from solutions import s11

from minigen import Stream, data, models, train
from minigen.evaluate.classifier import label_agreement, train_classifier

# %% [markdown]
# ## Your turn: classifier-free guidance
# The conditional score is $\nabla \log p(x \mid y)$, the unconditional one $\nabla \log p(x)$; by Bayes' theorem their
# difference is $\nabla \log p(y \mid x)$, the slope of a classifier that nobody trained. Guidance $w$ adds that slope
# $w$ times more: the score of $p(x)\, p(y \mid x)^{1 + w}$. The law tries it on a mixture whose scores are exact.


# %%
def guided(conditional, unconditional, w):
    """The score of p(x) p(y | x)^(1 + w), from the conditional and the unconditional one, arrays of one shape."""
    raise NotImplementedError("yours to write: what is ∇ log p(y | x), and how often is it wanted?")


guided = s11.guided  # the solution; delete this line when yours stands above

check_guided(guided)
print("guided obeys its law.")

# %% [markdown]
# ## A judge, and a model
# The judge is a small convolutional classifier, trained on the same digits; the model a small U-Net.

# %%
digits = data.load("digits")
judge = train_classifier(digits, steps=150 if QUICK else 600)
expect("the judge's accuracy on unseen digits", judge.accuracy(digits.test), 0.85 if QUICK else 0.93, 1)

config = models.DiffusionConfig(conditional=True, base=16, attention_below=0)
length = train.TrainConfig(steps=60 if QUICK else 600, batch_size=64, learning_rate=3e-3, ema=0.98, warmup=20)
model = train.fit("diffusion", digits, config, length, progress=False)

# %% [markdown]
# ## The model's own guidance is your function
# One look at the network with the label, one without it, and yours between them must be what the library computes.

# %%
labels = np.arange(40) % 10
x_t = 0.8 * Stream(1).normal((40, 8, 8, 1))
answers = [model.denoiser(labels, guidance=w, clip=False)(x_t, 0.8)[0] for w in (0.0, -1.0, 2.0)]
difference = np.abs(answers[2] - guided(answers[0], answers[1], 2.0)).max()
expect("the library's guided answer against yours, largest difference", difference, 0, 1e-4)

# %% [markdown]
# ## Predict, then run
# Draw every digit with $w = -1$ (labels ignored), 0 (the conditional model), 1, 3 and 8. **How often does the judge
# agree with the label at each? And what happens to the variety of the samples?** Variety is measured as the mean
# distance between samples of the same label, over that of real digits of the same label.


# %%
def variety(images, labels):
    """The mean distance between images (N, H, W, C) of the same label."""
    flat, found = images.reshape(len(images), -1), []
    for k in range(10):
        one = flat[labels == k]
        found.append(np.linalg.norm(one[:, None] - one, axis=-1).sum() / (len(one) * (len(one) - 1)))
    return float(np.mean(found))


real = next(data.in_order(digits.test, 400))
each = 6 if QUICK else 20
labels = np.arange(10 * each) % 10
weights, table, drawn = (-1, 0, 1, 3, 8), [], {}
for w in weights:
    drawn[w] = model.sample(len(labels), Stream(2), labels, steps=10, guidance=w)
    share, error = label_agreement(judge, drawn[w], labels)
    table.append((share, variety(drawn[w], labels) / variety(real.x, real.labels)))
    print(f"w = {w:2}: the judge agrees with {100 * share:5.1f} ± {100 * error:.1f} %, variety {table[-1][1]:.2f}")
agreement, varieties = np.array(table).T

# %%
expect("labels ignored: agreement near 1 in 10", agreement[0], 0, 0.4 if QUICK else 0.25)
expect("w = 1: agreement", agreement[2], 0.25 if QUICK else 0.9, 1)
expect("agreement gained from w = 0 to 1", agreement[2] - agreement[1], -0.1 if QUICK else 0.0, 0.5)
expect("variety lost from w = 0 to 3", varieties[1] - varieties[3], -0.1 if QUICK else 0.1, 0.6)

# %% [markdown]
# **Answer.** Without the label one in ten is right by chance. With it nearly all are, and guidance removes most of the
# rest: it moves samples to where a label is beyond doubt. There is less room there, so variety falls; at $w = 8$ all
# that share a label look alike, on spotted paper. $p(x)\,p(y \mid x)^{1 + w}$ is another distribution than $p(x \mid
# y)$: guidance buys obedience with variety.

# %%
names = [str(w).replace("-", "−") for w in weights]
figure, (*sheets, curves) = panels(2, 3, 10, 7, (*(f"w = {name}" for name in names), "obedience and variety"))
columns = min(each, 9)
rows = np.arange(10)[:, None] + 10 * np.arange(columns)  # one label in each row of a sheet
for axes, w in zip(sheets, weights, strict=True):
    imshow(axes, drawn[w][rows.ravel()], columns)
curves.plot(range(5), agreement, "o-", color=COLORS[0], markersize=4, label="judge agrees")
curves.plot(range(5), varieties, "o-", color=COLORS[1], markersize=4, label="variety, real = 1")
curves.set_xticks(range(5), names)
curves.set_ylim(0, 1.5)
curves.set_xlabel("guidance w", fontsize=8)
curves.legend(fontsize=8, frameon=False, loc="lower right")
save(figure, "11.png")
