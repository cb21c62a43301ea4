"""An op of your own: from its equation to a trained layer, with a proof on the way.

The op is swish with a learned slope for each channel (Searching for Activation Functions, Ramachandran, Zoph, Le, 2017,
https://arxiv.org/abs/1710.05941): of x (N, D) and β (D,)

    y = x s,   s = σ(β x),   ∂y/∂x = s + β y (1 − s),   ∂y/∂β = x y (1 − s)

Needs hypothesis for the search in step 3: pip install 'minigen[test]'. Every step raises where something is off.
"""

import numpy as np

from minigen import Parameter, nn, optim, tensor
from minigen import functional as F
from minigen.core.autograd import Op
from minigen.testing import Case, GradientError, Sample, check_gradients, check_module
from minigen.testing.search import check_op

# 1. The equation becomes a class. forward sees arrays; backward sees tensors and is made of ops, so it can be
#    differentiated again. β is broadcast over the rows of x: the base class sums its gradient back.


class Swish(Op):
    """y = x σ(β x)."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, beta):
        return x / (1 + np.exp(-beta * x))

    def backward(self, g):
        x, beta = self.saved
        s = F.sigmoid(beta * x)
        slope = x * s * (1 - s)  # y (1 − s)
        return g * (s + beta * slope), g * x * slope


rng = np.random.default_rng(0)
x, beta = rng.normal(size=(3, 4)), rng.normal(size=4)

# 2. A proof at one point: in random directions, to second order, in three memory layouts.

check_gradients(Swish.apply, x, beta, order=2)
print("2. Swish has the right first and second derivative at one point.")

# 3. A proof everywhere: say what the op means in plain NumPy and how to draw inputs; shapes, broadcasting, empty
#    arrays, strides and dtypes are searched for a counterexample.


def proof(op):
    return Case(
        op.__name__,
        op.apply,
        lambda x, beta: x / (1 + np.exp(-beta * x)),
        lambda draw: Sample([draw.values(shape) for shape in draw.broadcastable()]),
    )


check_op(proof(Swish), examples=20)
print("3. No counterexample among drawn shapes, layouts and dtypes.")

# 4. What a mistake looks like. Three slips that happen to everyone, and what the check says of each.


class Forgotten(Swish):
    """β x is differentiated as if β were 1."""

    def backward(self, g):
        x, beta = self.saved
        s = F.sigmoid(beta * x)
        return g * (s + beta * x * s * (1 - s)), -(g * x * x * s * (1 - s))


class Unsummed(Swish):
    """Nobody sums over the rows that share a β."""

    broadcasts = False


class Frozen(Swish):
    """s is computed outside the graph: first order right, second order wrong."""

    def backward(self, g):
        x, beta = self.saved
        s = F.sigmoid(beta * x).detach()
        return g * (s + beta * x * s * (1 - s)), g * x * x * s * (1 - s)


for wrong, words in ((Forgotten, "the sign"), (Unsummed, "missing un-broadcast"), (Frozen, "wrong in second order")):
    try:
        check_op(proof(wrong), examples=100)
    except GradientError as error:
        assert words in str(error), f"{wrong.__name__}: {error}"
        print(f"4. {wrong.__name__}: {str(error).splitlines()[0]}")
    else:
        raise AssertionError(f"{wrong.__name__} was not caught")

# 5. In a layer, which owns the slopes. check_module looks at every parameter too.


class SwishLayer(nn.Module):
    """Linear, then `Swish`: (N, features) to (N, out)."""

    def __init__(self, features, out, *, rng):
        self.linear = nn.Linear(features, out, rng=rng)
        self.beta = Parameter(np.ones(out, np.float32))

    def forward(self, x):
        return Swish.apply(self.linear(x), self.beta)


network = nn.Sequential(SwishLayer(1, 16, rng=rng), nn.Linear(16, 1, rng=rng))
check_module(network, rng.normal(size=(2, 1)), order=2, directions=1)
print("5. The layer's gradients are right for its input, weights, biases and slopes.")

# 6. It trains: sin x from 64 points.

points = np.linspace(-3, 3, 64, dtype=np.float32)[:, None]
inputs, targets = tensor(points), tensor(np.sin(points))
adam = optim.Adam(network.parameters(), lr=0.02)
losses = []
for _ in range(300):
    adam.zero_grad()
    loss = F.mse_loss(network(inputs), targets)
    loss.backward()
    adam.step()
    losses.append(loss.item())
assert losses[-1] < 0.01 * losses[0], f"the loss fell from {losses[0]:.4f} to {losses[-1]:.4f} only"
print(f"6. It learned sin x: mean squared error {losses[0]:.3f} -> {losses[-1]:.5f} in 300 steps of Adam.")
print(f"   The slopes went from 1 to {network[0].beta.numpy().min():.2f} … {network[0].beta.numpy().max():.2f}.")
