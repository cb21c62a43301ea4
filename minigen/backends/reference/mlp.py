"""A chain of affine maps with ReLU or tanh between them, and its gradients."""

import numpy as np

from .elementwise import relu, relu_grad, tanh_grad
from .gemm import linear, linear_weight_grad

ACTIVATIONS = {"relu": (relu, relu_grad), "tanh": (np.tanh, tanh_grad)}
"""Name -> the function a, and what turns g and a's output to the gradient before it."""


def multilayer_perceptron(x, weights, biases, activation):
    """h₁ = a(x W₁ + b₁), h₂ = a(h₁ W₂ + b₂), …, and y, the last map, without a: (h₁, h₂, …, y).

    x (N, K), each weight (K, M) with the M of the one before as its K, each bias (M,); results are (N, M). The
    activation a is one of `ACTIVATIONS`.
    """
    outputs, (function, _) = [x], ACTIVATIONS[activation]
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        y = linear(outputs[-1], weight, bias)
        outputs.append(function(y) if i + 1 < len(weights) else y)
    return tuple(outputs[1:])


def multilayer_perceptron_grad(g, inputs, weights, rooms, input_too, activation):
    """The gradients of W₁, b₁, W₂, b₂, …, and of x too if ``input_too``, given g (N, M), that of y.

    ``inputs`` are x, h₁, h₂, …, what each map saw; ``rooms`` holds for each weight and bias where its gradient may be
    written to, or None. With G = g at the last map: ∂W = hᵀ G, ∂b = Σ_n G[n], and one map earlier G ← a′ G Wᵀ, with
    the derivative a′ as told from h.
    """
    found, (_, derivative) = [], ACTIVATIONS[activation]
    for i in reversed(range(len(weights))):
        found = [*linear_weight_grad(inputs[i], g, *rooms[2 * i : 2 * i + 2]), *found]
        if i:
            g = derivative(np.matmul(g, weights[i].T), inputs[i])
    return (*found, np.matmul(g, weights[0].T)) if input_too else tuple(found)
