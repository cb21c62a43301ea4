"""A chain of affine maps with ReLU between them, and its gradients."""

import numpy as np

from .elementwise import relu, relu_grad
from .gemm import linear, linear_weight_grad


def relu_mlp(x, weights, biases):
    """h₁ = max(x W₁ + b₁, 0), h₂ = max(h₁ W₂ + b₂, 0), …, and y, the last map, without ReLU: (h₁, h₂, …, y).

    x (N, K), each weight (K, M) with the M of the one before as its K, each bias (M,); results are (N, M).
    """
    outputs = [x]
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        y = linear(outputs[-1], weight, bias)
        outputs.append(relu(y) if i + 1 < len(weights) else y)
    return tuple(outputs[1:])


def relu_mlp_grad(g, inputs, weights, rooms, input_too):
    """The gradients of W₁, b₁, W₂, b₂, …, and of x too if ``input_too``, given g (N, M), that of y.

    ``inputs`` are x, h₁, h₂, …, what each map saw; ``rooms`` holds for each weight and bias where its gradient may be
    written to, or None. With G = g at the last map: ∂W = hᵀ G, ∂b = Σ_n G[n], and one map earlier G ← G Wᵀ where
    h > 0, else 0.
    """
    found = []
    for i in reversed(range(len(weights))):
        found = [*linear_weight_grad(inputs[i], g, *rooms[2 * i : 2 * i + 2]), *found]
        if i:
            g = relu_grad(np.matmul(g, weights[i].T), inputs[i])
    return (*found, np.matmul(g, weights[0].T)) if input_too else tuple(found)
