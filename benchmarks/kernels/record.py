"""Which products and convolutions a step of each workload calls: written down as they run, not listed by hand."""

from collections import Counter, defaultdict

from minigen import backends

from .. import ddpm, flow2d, gan, vae
from .shapes import Convolution, Product

CONTENDERS = {
    "vae": vae.Contender,
    "flow2d": flow2d.Contender,
    "gan": gan.Contender,
    "ddpm": ddpm.Contender,
    "ddpm-sample": ddpm.SampleContender,
}
"""Workload -> minigen's side of it."""


class Recorder:
    """A backend that serves another's kernels and counts the `shapes` of those in `READ`."""

    def __init__(self, backend):
        self._backend, self.name, self.shapes = backend, backend.name, Counter()

    def __getattr__(self, kernel):
        function = getattr(self._backend, kernel)
        if kernel not in READ:
            return function

        def counted(*args, **options):
            self.shapes.update(READ[kernel](*args, **options))
            return function(*args, **options)

        return counted


def calls_of(workload):
    """A Counter: the shape of each product and convolution of one step of ``workload``, to how often it is called."""
    contender = CONTENDERS[workload]()
    recorder = Recorder(backends.current())
    before = backends.activate(recorder)
    try:
        contender.step()
    finally:
        backends.activate(before)
    return recorder.shapes


def recorded(workloads=tuple(CONTENDERS)):
    """{shape: {workload: calls in a step}} of all ``workloads``, products first, each kind from small to large."""
    found = defaultdict(dict)
    for workload in workloads:
        for shape, calls in calls_of(workload).items():
            found[shape][workload] = calls
    kinds = sorted({shape.kind for shape in found}, key=lambda kind: (not kind.startswith("matmul"), kind))
    return {shape: found[shape] for kind in kinds for shape in _of(kind, found)}


def _of(kind, shapes):
    return sorted((shape for shape in shapes if shape.kind == kind), key=lambda shape: (shape.operations, shape.name))


def _product(a, b):
    if b.ndim == 2:  # one product of all rows
        return _rows_product(a, b)
    batch = max(a.size // (a.shape[-2] * a.shape[-1]), b.size // (b.shape[-2] * b.shape[-1]))
    return [Product(a.shape[-2], a.shape[-1], b.shape[-1], _layout(a) + _layout(b), batch)]


def _rows_product(x, weight, bias=None):
    return [Product(x.size // x.shape[-1], *weight.shape, _layout(x) + _layout(weight))]


def _network_gradient(g, inputs, weights, rooms, input_too, activation):
    """A product for each weight, and one for what goes on from it: not from the first if its input has no gradient."""
    back = weights if input_too else weights[1:]
    return [Product(w.shape[0], len(g), w.shape[1], "TN") for w in weights] + [
        Product(len(g), w.shape[1], w.shape[0], "NT") for w in back
    ]


def _layout(x):
    turned = x.swapaxes(-1, -2).flags.c_contiguous and not x.flags.c_contiguous
    return "T" if turned else "N"


def _convolution(part, image, kernel, outputs, stride, padding, dilation, groups):
    if stride[0] != stride[1] or padding[0] != padding[1] or dilation != (1, 1) or groups != 1:
        raise NotImplementedError("no workload had dilated or grouped convolutions, or uneven strides: extend `shapes`")
    return [Convolution(part, image, tuple(kernel), outputs, stride[0], padding[0])]


READ = {
    "matmul": _product,
    "linear": _rows_product,
    "linear_weight_grad": lambda x, g, *rooms: [Product(x.shape[1], len(x), g.shape[1], "TN")],
    "multilayer_perceptron": lambda x, weights, biases, activation: [
        Product(len(x), *weight.shape) for weight in weights
    ],
    "multilayer_perceptron_grad": _network_gradient,
    "conv2d": lambda x, w, *args, bias=None, **geometry: _convolution(
        "forward", x.shape, w.shape[:2], w.shape[3], *args, **geometry
    ),
    "conv2d_input_grad": lambda g, w, size, *args, **geometry: _convolution(
        "input grad", (len(g), *size, w.shape[2]), w.shape[:2], w.shape[3], *args, **geometry
    ),
    "conv2d_weight_grad": lambda x, g, kernel, *args, **geometry: _convolution(
        "weight grad", x.shape, kernel, g.shape[3], *args, **geometry
    ),
}
"""Kernel -> the shapes of a call with such arguments."""
