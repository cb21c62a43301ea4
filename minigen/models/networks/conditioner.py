"""Conditioners: the networks inside a flow's couplings. Their last layer starts at zero: every coupling at rest."""

from itertools import pairwise

from ...core import nn
from ...core.functional import sigmoid
from ...core.nn.container import call_in_turn


class MLPConditioner(nn.Module):
    """Features (N, in) and perhaps a context (N, E) to (N, out): linear layers with ReLU between them.

    Args:
        sizes: features of the input, of each hidden layer and of the output.
        context: E; 0 for none.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, sizes, context=0, *, rng):
        self.first = nn.Linear(*sizes[:2], rng=rng)
        self.context = nn.Linear(context, sizes[1], bias=False, rng=rng) if context else None
        rest = []
        for n_in, n_out in pairwise(sizes[1:]):
            rest += [nn.ReLU(), nn.Linear(n_in, n_out, rng=rng)]
        self.rest = nn.Sequential(*rest)
        _rest(rest[-1])

    def forward(self, x, context=None):
        if context is None:
            return call_in_turn([self.first, *self.rest], x)
        return self.rest(self.first(x) + self.context(context))


class GatedConvConditioner(nn.Module):
    """Images (N, H, W, in) and perhaps a context to (N, H, W, out): a 3×3 convolution, gated residual blocks, another.

    Args:
        channels: in, hidden and out.
        blocks: the number of `GatedBlock`.
        context: E of a context (N, E), the same at every pixel, or (N, H, W, E); 0 for none.
        dropout: the share of a block's features that training drops.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, channels, blocks, context=0, dropout=0.0, *, rng):
        n_in, hidden, n_out = channels
        self.first = nn.Conv2d(n_in, hidden, 3, padding=1, rng=rng)
        self.context = nn.Linear(context, hidden, bias=False, rng=rng) if context else None
        self.blocks = nn.Sequential(*(GatedBlock(hidden, dropout, rng=rng) for _ in range(blocks)))
        self.last = nn.Conv2d(hidden, n_out, 3, padding=1, rng=rng)
        _rest(self.last)

    def forward(self, x, context=None):
        h = self.first(x)
        if context is not None:
            hint = self.context(context)
            h = h + (hint if hint.ndim == 4 else hint.unsqueeze(1).unsqueeze(1))
        return self.last(self.blocks(h))


class GatedBlock(nn.Module):
    """h + a σ(b), a and b linear in a 3×3 convolution of h at each pixel: (N, H, W, hidden) to the same.

    Args:
        hidden: channels.
        dropout: the share of the convolution's values that training drops.
        rng: NumPy generator for the initial weights.
    Source: Conditional Image Generation with PixelCNN Decoders. van den Oord et al., 2016,
    https://arxiv.org/abs/1606.05328 (the gate, with the identity in the place of tanh)
    """

    def __init__(self, hidden, dropout=0.0, *, rng):
        self.conv = nn.Conv2d(hidden, hidden, 3, padding=1, rng=rng)
        self.value = nn.Linear(hidden, hidden, rng=rng)
        self.gate = nn.Linear(hidden, hidden, rng=rng)
        self.dropout = nn.Dropout(dropout, rng=rng) if dropout else nn.Identity()

    def forward(self, h):
        update = self.dropout(self.conv(h.relu()).relu())
        return h + self.value(update) * sigmoid(self.gate(update))


def _rest(layer):
    layer.weight.zero_()
    layer.bias.zero_()
