# %% [markdown]
# # 01 · A derivative
#
# Everything on this path is trained by derivatives, so the first question is: **how does a program get one, and how
# exactly?** Four ways, on one function: by hand, by a difference quotient, by a step into the complex plane, and by
# recording the computation and going back through it, which is what minigen does.

# %%
import numpy as np
from laws import check_complex_step
from page import COLORS, expect, panels, save
from solutions import s01

import minigen

# %% [markdown]
# ## By hand
# $\tanh' = 1 - \tanh^2$, and once more: $\tanh'' = -2 \tanh (1 - \tanh^2)$. minigen must agree to the last digits of
# float64. `grad` of a gradient needs nothing new: a derivative is made of ops, so it can be differentiated again.

# %%
points = np.linspace(-3, 3, 61)
by_hand = [np.tanh(points), 1 - np.tanh(points) ** 2, -2 * np.tanh(points) * (1 - np.tanh(points) ** 2)]

x = minigen.tensor(points, requires_grad=True)
y = x.tanh()
(first,) = minigen.grad(y.sum(), x, create_graph=True)
(second,) = minigen.grad(first.sum(), x)

expect("first derivative, largest error", np.abs(first.numpy() - by_hand[1]).max(), 0, 1e-15)
expect("second derivative, largest error", np.abs(second.numpy() - by_hand[2]).max(), 0, 1e-15)

# %% [markdown]
# ## Your turn: a step into the complex plane
# For a function that is analytic, $f(x + ih) = f(x) + ih f'(x) - \tfrac12 h^2 f''(x) - \dots$, so the imaginary part
# holds $h f'(x)$ and no difference of nearly equal numbers is ever taken. Write it in one line, then delete the line
# under it. The law: exact to 14 digits, for functions that you do not know.


# %%
def complex_step(f, x, h=1e-20):
    """f′(x) of an analytic f, at an array x of real numbers."""
    raise NotImplementedError("yours to write: evaluate f beside the real axis, and look at the imaginary part")


complex_step = s01.complex_step  # the solution; delete this line when yours stands above

check_complex_step(complex_step)
print("complex_step obeys its law.")

# %% [markdown]
# ## Predict, then run
# The central difference $(f(x + h) - f(x - h)) / 2h$ is wrong by about $h^2 f'''/6$. **Let h fall from $10^{-1}$ to
# $10^{-15}$. Does the error fall with it, all the way?** Draw your curve first.

# %%
at, true = 0.7, 1 - np.tanh(0.7) ** 2
steps = np.logspace(-1, -15, 57)
central = [abs((np.tanh(at + h) - np.tanh(at - h)) / (2 * h) - true) for h in steps]
forward = [abs((np.tanh(at + h) - np.tanh(at)) / h - true) for h in steps]
stepped = [abs(complex_step(np.tanh, at, h) - true) for h in steps]

best = steps[np.argmin(central)]
expect("log10 of the best step of a central difference", np.log10(best), -6.5, -4)
expect("its error there, log10", np.log10(min(central)), -14, -9)
expect("its error at the smallest step, log10", np.log10(central[-1]), -4, 0)
expect("the complex step's largest error for h ≤ 1e-8", max(np.array(stepped)[steps <= 1e-8]), 0, 1e-15)

# %% [markdown]
# **Answer.** It falls as $h^2$ until the rounding of $f$, about $10^{-16}/h$, takes over: the best step is near
# $\sqrt[3]{10^{-16}}$ and four digits are lost even there. The complex step and the recorded computation subtract
# nothing, so they lose nothing.

# %%
figure, (left, right) = panels(1, 2, 9, 3.4, ("tanh and its derivatives", "error of f′(0.7) by step h"))
for values, found, color, name in zip(by_hand, (y, first, second), COLORS, ("f", "f′", "f″"), strict=False):
    left.plot(points, found.numpy(), color=color, label=f"{name}, minigen")
    left.plot(points[::4], values[::4], "o", color=color, markersize=3, label=f"{name}, by hand")
left.set_ylim(-1.75, 1.1)
left.legend(fontsize=7, frameon=False, ncols=3, loc="lower center")
quotients = (("forward difference", forward, COLORS[4]), ("central difference", central, COLORS[0]))
for name, errors, color in (*quotients, ("complex step", stepped, COLORS[2])):
    right.loglog(steps, np.maximum(errors, 1e-17), ".-", color=color, markersize=4, linewidth=1, label=name)
x = minigen.tensor(np.array(at), requires_grad=True)
(recorded,) = minigen.grad(x.tanh(), x)
recorded_error = max(abs(recorded.item() - true), 1e-17)
right.axhline(recorded_error, color=COLORS[1], linestyle="--", linewidth=1, label="minigen, which has no step")
right.legend(fontsize=8, frameon=False, loc=(0.02, 0.14))
right.set_xlabel("h", fontsize=8)
save(figure, "01.png")
