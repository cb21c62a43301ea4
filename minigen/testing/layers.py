"""Every layer beside PyTorch's from equal weights, in float64: outputs, gradients by input and weights, and theirs.

Needs torch (extra ``oracle``). `LAYERS` are the cases, `layer_parity` compares; `special_layers` holds the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ..core import functional as F
from ..core import nn
from ..core.tensor import Tensor
from .comparison import scaled_error
from .parity import Errors, Ours, Theirs, compare

F64 = np.float64
TN = torch.nn
IMAGE, VECTOR, SEQUENCE = (3, 7, 6, 4), (5, 4), (3, 9, 4)


def _rng():
    return np.random.default_rng(0)


def _same(x):
    return x


def _output_first(weight):
    """(…kernel, in, out) -> (out, in, …kernel)."""
    return np.ascontiguousarray(np.moveaxis(weight, (-1, -2), (0, 1))) if weight.ndim > 1 else weight


def _output_first_back(weight):
    return np.ascontiguousarray(np.moveaxis(weight, (0, 1), (-1, -2))) if weight.ndim > 1 else weight


def _input_first(weight):
    """(…kernel, in, out) -> (in, out, …kernel)."""
    return np.ascontiguousarray(np.moveaxis(weight, (-2, -1), (0, 1))) if weight.ndim > 1 else weight


def _input_first_back(weight):
    return np.ascontiguousarray(np.moveaxis(weight, (0, 1), (-2, -1))) if weight.ndim > 1 else weight


@dataclass(frozen=True)
class LayerCase:
    """A layer and torch's.

    Args:
        layer, oracle: functions that build ours and torch's.
        shape: of the input, in our axes; x is drawn by a seed.
        channels_first: whether torch wants the last axis as its second.
        turn: functions of a weight's array, from our axes to torch's and back.
    """

    layer: Callable
    oracle: Callable
    shape: tuple = VECTOR
    channels_first: bool = False
    turn: tuple = (_output_first, _output_first_back)


def _image(layer, oracle, turn=(_output_first, _output_first_back), shape=IMAGE):
    return LayerCase(layer, oracle, shape, True, turn)


LAYERS = {
    "Linear": LayerCase(lambda: nn.Linear(4, 3, rng=_rng(), dtype=F64), lambda: TN.Linear(4, 3), (2, 5, 4)),
    "Linear without bias": LayerCase(
        lambda: nn.Linear(4, 3, bias=False, rng=_rng(), dtype=F64), lambda: TN.Linear(4, 3, bias=False)
    ),
    "Conv2d": _image(
        lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2, rng=_rng(), dtype=F64),
        lambda: TN.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2),
    ),
    "Conv1d": _image(
        lambda: nn.Conv1d(4, 5, 3, stride=2, padding=2, dilation=2, rng=_rng(), dtype=F64),
        lambda: TN.Conv1d(4, 5, 3, stride=2, padding=2, dilation=2),
        shape=SEQUENCE,
    ),
    "ConvTranspose2d": _image(
        lambda: nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1, output_padding=(1, 0), rng=_rng(), dtype=F64),
        lambda: TN.ConvTranspose2d(4, 3, 4, stride=2, padding=1, output_padding=(1, 0)),
        turn=(_input_first, _input_first_back),
    ),
    "BatchNorm of images": _image(lambda: nn.BatchNorm(4, dtype=F64), lambda: TN.BatchNorm2d(4)),
    "BatchNorm of vectors": LayerCase(
        lambda: nn.BatchNorm(4, momentum=0.3, dtype=F64), lambda: TN.BatchNorm1d(4, momentum=0.3)
    ),
    "LayerNorm": LayerCase(lambda: nn.LayerNorm(4, dtype=F64), lambda: TN.LayerNorm(4), SEQUENCE),
    "LayerNorm over two axes": LayerCase(
        lambda: nn.LayerNorm((9, 4), elementwise_affine=False, dtype=F64),
        lambda: TN.LayerNorm((9, 4), elementwise_affine=False),
        SEQUENCE,
    ),
    "GroupNorm": _image(lambda: nn.GroupNorm(2, 4, dtype=F64), lambda: TN.GroupNorm(2, 4)),
    "BatchNormLeakyReLU": _image(
        lambda: nn.BatchNormLeakyReLU(4, 0.2, dtype=F64), lambda: TN.Sequential(TN.BatchNorm2d(4), TN.LeakyReLU(0.2))
    ),
    "GroupNormSiLU": _image(
        lambda: nn.GroupNormSiLU(2, 4, dtype=F64), lambda: TN.Sequential(TN.GroupNorm(2, 4), TN.SiLU())
    ),
    "InstanceNorm": _image(
        lambda: nn.InstanceNorm(4, affine=True, dtype=F64), lambda: TN.InstanceNorm2d(4, affine=True)
    ),
    "RMSNorm": LayerCase(lambda: nn.RMSNorm(4, dtype=F64), lambda: TN.RMSNorm(4, eps=1e-6), SEQUENCE),
    "MaxPool2d": _image(lambda: nn.MaxPool2d(3, 2, 1), lambda: TN.MaxPool2d(3, 2, 1)),
    "AvgPool2d": _image(lambda: nn.AvgPool2d(2), lambda: TN.AvgPool2d(2)),
    "Upsample": _image(lambda: nn.Upsample(2), lambda: TN.Upsample(scale_factor=2)),
    "Upsample bilinear": _image(
        lambda: nn.Upsample(2, "bilinear"), lambda: TN.Upsample(scale_factor=2, mode="bilinear")
    ),
    "Flatten": LayerCase(nn.Flatten, TN.Flatten, IMAGE),
    "Unflatten": LayerCase(lambda: nn.Unflatten(-1, (2, 2)), lambda: TN.Unflatten(-1, (2, 2))),
    "Softmax": LayerCase(lambda: nn.Softmax(1), lambda: TN.Softmax(1), SEQUENCE),
    "LeakyReLU": LayerCase(lambda: nn.LeakyReLU(0.2), lambda: TN.LeakyReLU(0.2)),
    "ELU": LayerCase(lambda: nn.ELU(1.5), lambda: TN.ELU(1.5)),
    "GELU": LayerCase(nn.GELU, TN.GELU),
    "GELU by tanh": LayerCase(lambda: nn.GELU("tanh"), lambda: TN.GELU("tanh")),
} | {
    name: LayerCase(getattr(nn, name), getattr(TN, name))
    for name in ("ReLU", "Tanh", "Sigmoid", "Softplus", "SiLU", "Identity")
}


def layer_parity(case, seed=0):
    """The worst `Errors` of a layer in two passes in training and one in evaluation; its buffers count as forward."""
    layer, oracle, rng = case.layer(), case.oracle().double(), np.random.default_rng(seed)
    _copy(layer, oracle, case.turn[0], rng)
    worst = Errors(0.0, 0.0, 0.0)
    for training in (True, True, False):  # twice, so that running statistics have moved
        layer.train(training)
        oracle.train(training)
        worst = Errors(*map(max, worst, compare(*_sides(layer, oracle, case, rng.standard_normal(case.shape)), rng)))
    buffers = {name.rpartition(".")[2]: b for name, b in oracle.named_buffers()}  # of torch's layer, or of a chain
    drift = max((scaled_error(b.numpy(), buffers[name].numpy()) for name, b in layer.named_buffers()), default=0.0)
    return worst._replace(forward=max(worst.forward, drift))


def _copy(layer, oracle, to_torch, rng):
    """Give torch's layer our weights, perturbed so that none is 0 or 1."""
    with torch.no_grad():
        for p, q in zip(layer.parameters(), oracle.parameters(), strict=True):
            p.copy_(p.numpy() + 0.3 * rng.standard_normal(p.shape))
            q.copy_(torch.tensor(to_torch(p.numpy())))


def _sides(layer, oracle, case, data):
    """Both layers as functions of torch's input, differentiated by it and by the weights."""
    last, first = (
        (lambda x: F.movedim(x, 1, -1), lambda y: F.movedim(y, -1, 1)) if case.channels_first else (_same, _same)
    )
    data = np.ascontiguousarray(np.moveaxis(data, -1, 1) if case.channels_first else data)
    parameters = list(layer.parameters())
    turns = [(_same, _same)] + [case.turn] * len(parameters)
    return (
        Ours(lambda x, *_: first(layer(last(x))), [Tensor(data), *parameters], turns),
        Theirs(lambda x, *_: oracle(x), [torch.tensor(data), *oracle.parameters()]),
    )
