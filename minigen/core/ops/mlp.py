"""A small network in one op: affine maps with ReLU or tanh between them.

Both directions are one kernel each where no graph of the gradient is asked for; else the backward pass is the
composition of ops, which can be differentiated to any order.
"""

from ...errors import ShapeError
from ..autograd import Op
from ..autograd.modes import state
from .activation import ReLUGrad
from .linalg import LinearWeightGrad, MatMulNT, on_matrix
from .trigonometry import TanhGrad

DERIVATIVES = {"relu": ReLUGrad, "tanh": TanhGrad}
"""Activation -> the op that takes a gradient and the activation's output to the gradient before it."""


class MultilayerPerceptron(Op):
    """h₁ = a(x W₁ + b₁), h₂ = a(h₁ W₂ + b₂), …, y = h W + b, with an ``activation`` a: gives y, h₁, h₂, …

    With G what reaches the result of a map of h: dW = hᵀ G, db = Σ G, and what reaches the map before is a′ G Wᵀ. The
    derivative a′ can be told from h: 1 where h > 0, else 0, of ReLU, and 1 − h² of tanh.
    """

    saves_outputs = (1,)  # and on, see `_remember`

    @property
    def saves(self):
        """x and the weights."""
        return (0, *range(1, 2 * self.layers, 2))

    def forward(self, x, *parameters):
        *hidden, y = self.kernels.multilayer_perceptron(x, parameters[::2], parameters[1::2], self.activation)
        return y, *hidden

    def _remember(self, outputs):
        self.saves_outputs = range(1, self.layers)
        super()._remember(outputs)

    def backward(self, g, *to_hidden):
        x, *weights = self.saved
        inputs, rooms = (x, *self.outputs), [self.room(i) for i in range(1, 2 * self.layers + 1)]
        if state.recording or g is None or any(h is not None for h in to_hidden):
            return self._composed(g, to_hidden, inputs, weights, rooms)
        wanted = self.edges[0] is not None
        options = {"layers": self.layers, "activation": self.activation, "rooms": rooms, "input_too": wanted}
        found = MultilayerPerceptronGrad.apply(g, *inputs, *weights, **options)
        return (found[-1], *found[:-1]) if wanted else (None, *found)

    def _composed(self, g, to_hidden, inputs, weights, rooms):
        found = []
        for i in reversed(range(self.layers)):
            room = (rooms[2 * i], rooms[2 * i + 1])
            pair = (None, None) if g is None else LinearWeightGrad.apply(inputs[i], g, rooms=room)
            found = [*pair, *found]
            g = None if g is None else MatMulNT.apply(g, weights[i])
            if i:
                more = to_hidden[i - 1]
                g = more if g is None else g if more is None else g + more
                g = None if g is None else DERIVATIVES[self.activation].apply(g, inputs[i])
        return g, *found


class MultilayerPerceptronGrad(Op):
    """From g, x, h₁, …, W₁, … the gradients of `MultilayerPerceptron` in W₁, b₁, …, and, if ``input_too``, in x.

    ``rooms`` are arrays to write to, or None. Never recorded.
    """

    differentiable = False

    def forward(self, g, *arrays):
        inputs, weights = arrays[: self.layers], arrays[self.layers :]
        return self.kernels.multilayer_perceptron_grad(g, inputs, weights, self.rooms, self.input_too, self.activation)


def relu_mlp(x, *parameters):
    """Affine maps with ReLU between them, and none behind the last: x (..., K) to (..., M).

    Args:
        parameters: weight and bias of each map in turn, (K, H), (H,), …, (H, M), (M,).
    Raises:
        ShapeError: they do not fit each other, or x.
    """
    return _perceptron("relu", x, parameters)


def tanh_mlp(x, *parameters):
    """Affine maps with tanh between them, and none behind the last: x (..., K) to (..., M); arguments as of `relu_mlp`.

    Raises:
        ShapeError: the parameters do not fit each other, or x.
    """
    return _perceptron("tanh", x, parameters)


def _perceptron(activation, x, parameters):
    weights, biases, size = parameters[::2], parameters[1::2], x.shape[-1] if x.ndim else None
    fits = len(weights) == len(biases) > 0
    for weight, bias in zip(weights, biases, strict=False):
        fits = fits and weight.ndim == 2 and weight.shape[0] == size and bias.shape == weight.shape[1:]
        size = weight.shape[-1] if fits else None
    if not fits:
        shapes = ", ".join(str(tuple(p.shape)) for p in parameters) or "no parameters"
        raise ShapeError(
            f"{activation}_mlp got x {tuple(x.shape)} and {shapes}; it needs (..., K), (K, H), (H,), …, (H, M), (M,)"
        )
    options = {"layers": len(weights), "activation": activation}
    return on_matrix(lambda rows: MultilayerPerceptron.apply(rows, *parameters, **options)[0], x)
