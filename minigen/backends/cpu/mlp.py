"""Small networks, affine maps with ReLU or tanh between them, in one call forward and in one back.

A network with some hundred features costs as much to be called, layer by layer, as to be computed. Here each thread
takes blocks of rows through all layers, so that what one writes the next finds in the cache:

    forward     for each block of rows:   h₁ = a(x W₁ + b₁), h₂ = a(h₁ W₂ + b₂), …, y
    backward    for each block of rows:   G ← a′ G Wᵀ, a′ as told from h, from the last layer to the first
                for each share of tiles:  ∂W = hᵀ G, ∂b = Σ G, of all layers

What other threads wrote comes from other cores. So where rows weigh more than a weight, its gradient is summed in two
halves, each by those that wrote its rows, and the halves are added. A row's numbers depend on that row alone, and sums
over rows are taken in one order, so the result is the same for any number of threads. Products with few columns lie
along the other axis, as in `columns`.
"""

import numpy as np
from numba import njit, prange

from ..reference import mlp as reference
from .buffers import ZEROS, target_for
from .columns import NARROW, ROWS, by_rows
from .elementwise import FAST, tanh
from .gemm import RATE, multiply, parts_for
from .panel import NONE, UNIT
from .simd import GROUP
from .threads import launch
from .vectors import driver

BLOCK = 64 * GROUP  # rows that go through all layers together
HALVED = 2  # times a weight's numbers: where inputs and outputs have more, their rows are summed in two halves
GRAIN = 16  # numbers to a cache line
RELU, TANH = np.int64(0), np.int64(1)
CODES = {"relu": RELU, "tanh": TANH}
DTYPES = {"relu": tuple(ZEROS), "tanh": (np.dtype(np.float32),)}  # served; our tanh knows float32 alone


@njit(inline="always")
def _share(size, part, parts, grain):
    """Where part `part` of `parts` of a range begins and ends, in whole grains."""
    step = -(-size // (parts * grain)) * grain
    return min(size, part * step), min(size, (part + 1) * step)


@njit(**FAST)
def _activate(activation, y):
    zero = y.dtype.type(0)
    if activation == RELU:
        for i in range(y.size):
            y[i] = zero if y[i] <= zero else y[i]
    else:
        for i in range(y.size):
            y[i] = tanh(y[i])


@njit(**FAST)
def _scale(activation, g, h):
    """g ← a′ g, with the derivative of the activation as told from its output h."""
    zero, one = g.dtype.type(0), g.dtype.type(1)
    if activation == RELU:
        for i in range(g.size):
            g[i] = zero if h[i] <= zero else g[i]
    else:
        for i in range(g.size):
            g[i] *= one - h[i] * h[i]


@njit(**FAST)
def _affine(x, weight, bias, y):
    (m, k), n = x.shape, weight.shape[1]
    if n > NARROW:
        operands = y.ravel(), bias, x.ravel(), weight.ravel()
        multiply(*operands, m, n, k, False, False, True, NONE, UNIT)
        return
    by_rows(x, weight.T.copy(), y)
    for i in range(m):
        for j in range(n):
            y[i, j] += bias[j]


@njit(**FAST)
def _back(g, weight, zeros, dx):
    """dx = g · weightᵀ."""
    (m, n), k = g.shape, weight.shape[0]
    if k > NARROW:
        operands = dx.ravel(), zeros, g.ravel(), weight.ravel()
        multiply(*operands, m, k, n, False, True, False, NONE, UNIT)
    else:
        by_rows(g, weight, dx)


@njit(**FAST)
def _weight_grad(x, g, zeros, dweight, part, parts):
    """A share of the tiles of xᵀ · g."""
    (m, k), n = x.shape, g.shape[1]
    if n > GROUP:
        operands = dweight.ravel(), zeros, x.ravel(), g.ravel()
        multiply(*operands, k, n, m, True, False, False, part, parts)
    elif part == 0:  # with its columns for rows, which are too few for a vector
        turned = np.empty((n, k), g.dtype)
        operands = turned.ravel(), zeros, g.ravel(), x.ravel()
        multiply(*operands, n, k, m, True, False, False, NONE, UNIT)
        for i in range(k):
            for j in range(n):
                dweight[i, j] = turned[j, i]


@njit(**FAST)
def _bias_grad(g, dbias, part, parts):
    """A share of the columns of Σ g, in pieces of `ROWS` rows."""
    first, last = _share(g.shape[1], part, parts, GRAIN)
    total, sums = dbias[first:last], np.empty(last - first, g.dtype)
    total[:] = 0
    for top in range(0, g.shape[0], ROWS):
        sums[:] = 0
        for i in range(top, min(g.shape[0], top + ROWS)):
            row = g[i, first:last]
            for j in range(sums.size):
                sums[j] += row[j]
        for j in range(sums.size):
            total[j] += sums[j]


@njit(cache=True)
def _forward(activation, inputs, weights, biases, outputs, part, parts):
    driver()
    first, last = _share(len(inputs[0]), part, parts, 1)
    for top in range(first, last, BLOCK):
        end = min(last, top + BLOCK)
        for i in range(len(weights)):
            y = outputs[i][top:end]
            _affine(inputs[i][top:end], weights[i], biases[i], y)
            if i + 1 < len(weights):
                _activate(activation, y.ravel())


@njit(cache=True, parallel=True)
def _forward_parallel(activation, inputs, weights, biases, outputs, parts):
    for part in prange(parts):
        _forward(activation, inputs, weights, biases, outputs, np.int64(part), parts)


@njit(cache=True)
def _backward(activation, inputs, weights, zeros, g, dx, input_too, part, parts):
    """What reaches the results of all layers: g[-1] is given, dx and the other g are written."""
    driver()
    first, last = _share(len(dx), part, parts, 1)
    for top in range(first, last, BLOCK):
        end = min(last, top + BLOCK)
        for i in range(len(weights) - 1, 0, -1):
            earlier = g[i - 1][top:end]
            _back(g[i][top:end], weights[i], zeros, earlier)
            _scale(activation, earlier.ravel(), inputs[i][top:end].ravel())
        if input_too:
            _back(g[0][top:end], weights[0], zeros, dx[top:end])


@njit(cache=True)
def _layer_grads(x, g, zeros, dweight, dbias, part, parts):
    """A share of what reaches a layer's weight and bias."""
    _weight_grad(x, g, zeros, dweight, part, parts)
    _bias_grad(g, dbias, part, parts)


@njit(cache=True)
def _weight_grads(inputs, zeros, g, dweights, dbiases, others, part, parts):
    """Shares of all layers' gradients; where there is an other, of the first half of the rows, and there the second."""
    driver()
    apart = parts % 2 == 0  # the threads that wrote a half of the rows go through it: the other stays where it is
    shares = parts // 2 if apart else parts
    for i in range(len(g)):
        x, y, middle = inputs[i], g[i], len(inputs[i]) // 2
        if others[i].size == 0:
            _layer_grads(x, y, zeros, dweights[i], dbiases[i], part, parts)
            continue
        if part < shares:
            _layer_grads(x[:middle], y[:middle], zeros, dweights[i], dbiases[i], part, shares)
        if part >= shares or not apart:
            other = others[i]
            share = part - shares if apart else part
            _layer_grads(x[middle:], y[middle:], zeros, other[:-1], other[-1], share, shares)


@njit(**FAST)
def _add_halves(dweights, dbiases, others, part, parts):
    """Add a share of what the second halves of the rows gave."""
    for i in range(len(others)):
        other = others[i]
        if other.size:
            total, more = dweights[i].ravel(), other[:-1].ravel()
            first, last = _share(total.size, part, parts, GRAIN)
            total, more = total[first:last], more[first:last]
            for j in range(total.size):
                total[j] += more[j]
            if part == 0:
                dbias, more = dbiases[i], other[-1]
                for j in range(dbias.size):
                    dbias[j] += more[j]


@njit(cache=True)
def _step(step, activation, inputs, weights, zeros, g, dx, input_too, dweights, dbiases, others, part, parts):
    driver()
    if step == 0:
        _backward(activation, inputs, weights, zeros, g, dx, input_too, part, parts)
    elif step == 1:
        _weight_grads(inputs, zeros, g, dweights, dbiases, others, part, parts)
    else:
        _add_halves(dweights, dbiases, others, part, parts)


@njit(cache=True, parallel=True)
def _steps_parallel(activation, inputs, weights, zeros, g, dx, input_too, dweights, dbiases, others, steps, parts):
    for step in range(steps):
        for part in prange(parts):
            _step(
                step, activation, inputs, weights, zeros, g, dx, input_too, dweights, dbiases, others, np.int64(part),
                parts,
            )  # fmt: skip


def multilayer_perceptron(x, weights, biases, activation):
    """See `reference.multilayer_perceptron`; float32 is served here, with ReLU also float64."""
    if not _served(x, weights, activation) or [b.shape for b in biases] != [w.shape[1:] for w in weights]:
        return reference.multilayer_perceptron(x, weights, biases, activation)
    weights, biases, outputs = _plain(weights), _plain(biases), _empty([(len(x), w.shape[1]) for w in weights], x)
    operations = _operations(x, weights)
    parts = parts_for(operations)
    arrays = CODES[activation], (*_plain((x,)), *outputs[:-1]), weights, biases, outputs
    if parts == 1:
        _forward(*arrays, 0, 1)
    else:
        launch(_forward_parallel, operations / RATE, *arrays, parts)
    return outputs


def multilayer_perceptron_grad(g, inputs, weights, rooms, input_too, activation):
    """See `reference.multilayer_perceptron_grad`."""
    x, shapes = inputs[0], [(len(inputs[0]), w.shape[1]) for w in weights]
    if not _served(x, weights, activation) or [h.shape for h in (*inputs[1:], g)] != shapes:
        return reference.multilayer_perceptron_grad(g, inputs, weights, rooms, input_too, activation)
    inputs, weights, gradients = _plain(inputs), _plain(weights), (*_empty(shapes[:-1], g), *_plain((g,)))
    dx = np.empty((len(x), x.shape[1] if input_too else 0), g.dtype)
    dweights = tuple([target_for(room, w.shape, g.dtype) for room, w in zip(rooms[::2], weights, strict=True)])
    dbiases = tuple([target_for(room, w.shape[1:], g.dtype) for room, w in zip(rooms[1::2], weights, strict=True)])
    operations, zeros = 2 * _operations(x, weights), ZEROS[g.dtype]
    parts = parts_for(operations)
    halved = [len(x) * sum(w.shape) > HALVED * w.size for w in weights]
    others = _empty([(w.shape[0] + 1 if half else 0, w.shape[1]) for w, half in zip(weights, halved, strict=True)], g)
    arrays = CODES[activation], inputs, weights, zeros, gradients, dx, input_too, dweights, dbiases, others
    steps = 3 if any(halved) else 2
    if parts == 1:
        for step in range(steps):
            _step(step, *arrays, 0, 1)
    else:
        launch(_steps_parallel, operations / RATE, *arrays, steps, parts)
    found = [each for pair in zip(dweights, dbiases, strict=True) for each in pair]
    return (*found, dx) if input_too else tuple(found)


def _served(x, weights, activation):
    """Whether the kernels, which check no bounds, may go through the layers; if not, the reference computes, or raises.

    All arrays are of one dtype: ops see to that.
    """
    if x.ndim != 2 or x.size == 0 or x.dtype not in DTYPES[activation]:
        return False
    size = x.shape[1]
    for weight in weights:
        if weight.ndim != 2 or weight.shape[0] != size or weight.size == 0:
            return False
        size = weight.shape[1]
    return True


def _plain(arrays):
    """The arrays, copied where they are not contiguous, or read-only: kernels are compiled for one kind of array."""
    return tuple([a if a.flags.carray else a.copy() for a in arrays])


def _empty(shapes, like):
    return tuple([np.empty(shape, like.dtype) for shape in shapes])


def _operations(x, weights):
    return 2 * len(x) * sum([weight.size for weight in weights])
