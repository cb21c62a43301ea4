"""The multi-layer perceptron."""

from itertools import pairwise

from ...core import nn


class MLP(nn.Sequential):
    """Linear layers with tanh between them: (N, sizes[0]) to (N, sizes[-1]).

    Weights start uniform within ±√(6 / (in + out)) and biases at 0, so that tanh neither saturates nor fades.

    Args:
        sizes: features of the input, of each hidden layer and of the output.
        rng: NumPy generator for the initial weights.
    Source: Understanding the Difficulty of Training Deep Feedforward Neural Networks. Glorot, Bengio, 2010,
    https://proceedings.mlr.press/v9/glorot10a.html
    """

    def __init__(self, sizes, *, rng):
        layers = []
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            layer = nn.Linear(n_in, n_out, rng=rng)
            layer.weight.copy_(nn.init.xavier_uniform(layer.weight.shape, rng=rng))
            layer.bias.zero_()
            layers += [nn.Tanh(), layer] if i else [layer]
        super().__init__(*layers)
