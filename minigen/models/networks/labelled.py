"""A network that sees a label beside its input."""

from ...core import nn


class Labelled(nn.Module):
    """Layers whose first takes the input with a one-hot label y beside its features: rest(first(x) + V y).

    V y is what the label's columns of a first layer of [x, y] would add, without joining any arrays: x and y may
    broadcast, so that y (K, 1, K) meets N inputs with each of K labels, and a convolution sees y at every pixel.

    V starts as large as the one-hot is sparse, N(0, 1): labels make a difference from the first step. With the small
    weights of a linear layer the latents of M2 learn what its labels could tell, before the labels do.

    Args:
        layers: a `Sequential` that begins with a linear or a convolutional layer.
        classes: K, the number of labels.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, layers, classes, *, rng):
        super().__init__()
        self.layers = layers
        self.label = nn.Linear(classes, layers[0].weight.shape[-1], bias=False, rng=rng)
        self.label.weight.copy_(nn.init.normal(self.label.weight.shape, rng))

    def forward(self, x, y):
        first, *rest = self.layers
        h = first(x) + self.label(y)
        for layer in rest:
            h = layer(h)
        return h
