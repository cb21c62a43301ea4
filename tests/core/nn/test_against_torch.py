"""Every layer against PyTorch's in float64, from equal weights: outputs, and gradients by input and parameters."""

import numpy as np
import pytest

import minigen
from minigen import nn

torch = pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")
pytestmark = pytest.mark.oracle

F64 = np.float64


def rng():
    return np.random.default_rng(0)


def to_torch(weight):
    """Ours to torch's axes: (in, out) -> (out, in); (…kernel, in, out) -> (out, in, …kernel)."""
    return np.moveaxis(weight, (-1, -2), (0, 1)) if weight.ndim > 1 else weight


def to_torch_transposed(weight):
    """(…kernel, in, out) -> (in, out, …kernel)."""
    return np.moveaxis(weight, (-2, -1), (0, 1)) if weight.ndim > 1 else weight


def channels_first(x):
    return np.moveaxis(x, -1, 1)


def channels_last(x):
    return np.moveaxis(x, 1, -1)


def same(x):
    return x


IMAGE, VECTOR, SEQUENCE = (3, 7, 6, 4), (5, 4), (3, 9, 4)
TN = torch.nn
LAYERS = {  # ours, torch's, input shape, axes of the input, axes of the weight
    "linear": (lambda: nn.Linear(4, 3, rng=rng(), dtype=F64), lambda: TN.Linear(4, 3), (2, 5, 4), same, to_torch),
    "linear without bias": (
        lambda: nn.Linear(4, 3, bias=False, rng=rng(), dtype=F64),
        lambda: TN.Linear(4, 3, bias=False),
        VECTOR,
        same,
        to_torch,
    ),
    "conv2d": (
        lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2, rng=rng(), dtype=F64),
        lambda: TN.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2),
        IMAGE,
        channels_first,
        to_torch,
    ),
    "conv1d": (
        lambda: nn.Conv1d(4, 5, 3, stride=2, padding=2, dilation=2, rng=rng(), dtype=F64),
        lambda: TN.Conv1d(4, 5, 3, stride=2, padding=2, dilation=2),
        SEQUENCE,
        channels_first,
        to_torch,
    ),
    "conv_transpose2d": (
        lambda: nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1, output_padding=(1, 0), rng=rng(), dtype=F64),
        lambda: TN.ConvTranspose2d(4, 3, 4, stride=2, padding=1, output_padding=(1, 0)),
        IMAGE,
        channels_first,
        to_torch_transposed,
    ),
    "batch norm of images": (
        lambda: nn.BatchNorm(4, dtype=F64),
        lambda: TN.BatchNorm2d(4),
        IMAGE,
        channels_first,
        to_torch,
    ),
    "batch norm of vectors": (
        lambda: nn.BatchNorm(4, momentum=0.3, dtype=F64),
        lambda: TN.BatchNorm1d(4, momentum=0.3),
        VECTOR,
        same,
        to_torch,
    ),
    "layer norm": (lambda: nn.LayerNorm(4, dtype=F64), lambda: TN.LayerNorm(4), SEQUENCE, same, to_torch),
    "layer norm over two axes": (
        lambda: nn.LayerNorm((9, 4), elementwise_affine=False, dtype=F64),
        lambda: TN.LayerNorm((9, 4), elementwise_affine=False),
        SEQUENCE,
        same,
        to_torch,
    ),
    "group norm": (
        lambda: nn.GroupNorm(2, 4, dtype=F64),
        lambda: TN.GroupNorm(2, 4),
        IMAGE,
        channels_first,
        to_torch,
    ),
    "instance norm": (
        lambda: nn.InstanceNorm(4, affine=True, dtype=F64),
        lambda: TN.InstanceNorm2d(4, affine=True),
        IMAGE,
        channels_first,
        to_torch,
    ),
    "rms norm": (lambda: nn.RMSNorm(4, dtype=F64), lambda: TN.RMSNorm(4, eps=1e-6), SEQUENCE, same, to_torch),
    "max pool": (lambda: nn.MaxPool2d(3, 2, 1), lambda: TN.MaxPool2d(3, 2, 1), IMAGE, channels_first, to_torch),
    "average pool": (lambda: nn.AvgPool2d(2), lambda: TN.AvgPool2d(2), IMAGE, channels_first, to_torch),
    "upsample": (lambda: nn.Upsample(2), lambda: TN.Upsample(scale_factor=2), IMAGE, channels_first, to_torch),
    "upsample bilinear": (
        lambda: nn.Upsample(2, "bilinear"),
        lambda: TN.Upsample(scale_factor=2, mode="bilinear"),
        IMAGE,
        channels_first,
        to_torch,
    ),
    "flatten": (lambda: nn.Flatten(), lambda: TN.Flatten(), IMAGE, same, to_torch),
    "unflatten": (lambda: nn.Unflatten(-1, (2, 2)), lambda: TN.Unflatten(-1, (2, 2)), VECTOR, same, to_torch),
    "softmax": (lambda: nn.Softmax(1), lambda: TN.Softmax(1), SEQUENCE, same, to_torch),
    "leaky relu": (lambda: nn.LeakyReLU(0.2), lambda: TN.LeakyReLU(0.2), VECTOR, same, to_torch),
    "elu": (lambda: nn.ELU(1.5), lambda: TN.ELU(1.5), VECTOR, same, to_torch),
    "gelu": (lambda: nn.GELU(), lambda: TN.GELU(), VECTOR, same, to_torch),
    "gelu by tanh": (lambda: nn.GELU("tanh"), lambda: TN.GELU("tanh"), VECTOR, same, to_torch),
} | {
    name: (getattr(nn, name), getattr(TN, name), VECTOR, same, to_torch)
    for name in ("ReLU", "Tanh", "Sigmoid", "Softplus", "SiLU", "Identity")
}


def copied(layer, oracle, axes):
    """Give torch's layer our weights, perturbed so that none is 0 or 1."""
    draw = np.random.default_rng(5)
    for p, q in zip(layer.parameters(), oracle.parameters(), strict=True):
        p.copy_(p.numpy() + 0.3 * draw.standard_normal(p.shape))
        with torch.no_grad():
            q.copy_(torch.tensor(np.ascontiguousarray(axes(p.numpy()))))
    return oracle


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    build, build_oracle, shape, axes, weight_axes = LAYERS[name]
    layer = build()
    oracle = copied(layer, build_oracle().double(), weight_axes)
    back = channels_last if axes is channels_first else same
    for training in (True, True, False):  # twice, so that running statistics have moved
        data = np.random.default_rng(1).standard_normal(shape)
        layer.train(training).zero_grad()
        oracle.train(training).zero_grad()
        x = minigen.tensor(data, requires_grad=True)
        x2 = torch.tensor(np.ascontiguousarray(axes(data)), requires_grad=True)
        y, y2 = layer(x), oracle(x2)
        np.testing.assert_allclose(y.numpy(), back(y2.detach().numpy()), rtol=1e-9, atol=1e-10)
        v = np.random.default_rng(2).standard_normal(y.shape)
        (y * v).sum().backward()
        y2.backward(torch.tensor(np.ascontiguousarray(axes(v) if y.ndim == len(shape) else v)))
        np.testing.assert_allclose(x.grad.numpy(), back(x2.grad.numpy()), rtol=1e-8, atol=1e-10)
        for p, q in zip(layer.parameters(), oracle.parameters(), strict=True):
            np.testing.assert_allclose(weight_axes(p.grad.numpy()), q.grad.numpy(), rtol=1e-8, atol=1e-10)
    for ours, theirs in zip(layer.named_buffers(), oracle.named_buffers(), strict=False):
        assert ours[0] == theirs[0]
        np.testing.assert_allclose(ours[1].numpy(), theirs[1].numpy(), rtol=1e-10)


def test_embedding():
    layer, oracle = nn.Embedding(7, 3, rng=rng(), dtype=F64), TN.Embedding(7, 3).double()
    copied(layer, oracle, same)
    index = np.array([[1, 1, 6], [0, 2, 1]])
    y, y2 = layer(index), oracle(torch.tensor(index))
    np.testing.assert_array_equal(y.numpy(), y2.detach().numpy())
    (y * y).sum().backward()
    (y2 * y2).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.numpy(), oracle.weight.grad.numpy())


@pytest.mark.parametrize("case", ["self", "cross", "causal", "mask"])
def test_attention(case):
    e, heads = 6, 3
    layer = nn.MultiheadAttention(e, heads, rng=rng(), dtype=F64)
    oracle = TN.MultiheadAttention(e, heads, batch_first=True).double()
    inputs = [layer.query, layer.key, layer.value]
    with torch.no_grad():
        oracle.in_proj_weight.copy_(torch.tensor(np.concatenate([p.weight.numpy().T for p in inputs])))
        oracle.out_proj.weight.copy_(torch.tensor(layer.output.weight.numpy().T.copy()))
    draw = np.random.default_rng(3)
    x = minigen.tensor(draw.standard_normal((2, 4, e)), requires_grad=True)
    memory = minigen.tensor(draw.standard_normal((2, 5, e))) if case == "cross" else x
    mask = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], bool)
    ours = {"mask": {"attn_mask": mask}, "causal": {"is_causal": True}}.get(case, {})
    hidden = ~mask if case == "mask" else np.triu(np.ones((4, 4), bool), 1) if case == "causal" else None
    x2, memory2 = torch.tensor(x.numpy().copy(), requires_grad=True), torch.tensor(memory.numpy().copy())
    memory2 = memory2 if case == "cross" else x2
    y = layer(x, memory if case == "cross" else None, **ours)
    y2, _ = oracle(x2, memory2, memory2, attn_mask=None if hidden is None else torch.tensor(hidden))
    np.testing.assert_allclose(y.numpy(), y2.detach().numpy(), atol=1e-12)
    (y * y).sum().backward()
    (y2 * y2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), x2.grad.numpy(), atol=1e-11)
    ours = np.concatenate([p.weight.grad.numpy().T for p in inputs])
    np.testing.assert_allclose(ours, oracle.in_proj_weight.grad.numpy(), atol=1e-11)


@pytest.mark.parametrize("kind", ["linear", "conv", "transposed"])
def test_spectral_norm(kind):
    build = {
        "linear": lambda: (nn.Linear(4, 3, rng=rng(), dtype=F64), TN.Linear(4, 3), VECTOR, same, to_torch),
        "conv": lambda: (nn.Conv2d(4, 5, 3, rng=rng(), dtype=F64), TN.Conv2d(4, 5, 3), IMAGE, channels_first, to_torch),
        "transposed": lambda: (
            nn.ConvTranspose2d(4, 5, 3, rng=rng(), dtype=F64),
            TN.ConvTranspose2d(4, 5, 3),
            IMAGE,
            channels_first,
            to_torch_transposed,
        ),
    }
    inner, oracle, shape, axes, weight_axes = build[kind]()
    copied(inner, oracle.double(), weight_axes)
    layer = nn.SpectralNorm(inner, rng=rng())
    oracle = TN.utils.parametrizations.spectral_norm(oracle)
    parametrization = oracle.parametrizations.weight[0]
    v = np.random.default_rng(7).standard_normal(layer.v.shape[0])
    v /= np.linalg.norm(v)
    kernel = inner.weight.shape[:-2]
    v2 = np.moveaxis(v.reshape(*kernel, 4), -1, 0).ravel() if kernel else v  # rows of the matrix in torch's order
    layer.v.copy_(v)
    layer.u.copy_(unit(v @ inner.weight.numpy().reshape(len(v), -1)))
    with torch.no_grad():
        parametrization._v.copy_(torch.tensor(v2))
        parametrization._u.copy_(torch.tensor(layer.u.numpy().copy()))
    x = np.random.default_rng(8).standard_normal(shape)
    for training in (True, True, False):
        layer.train(training).zero_grad()
        oracle.train(training).zero_grad()
        y, y2 = layer(minigen.tensor(x)), oracle(torch.tensor(np.ascontiguousarray(axes(x))))
        expected = channels_last(y2.detach().numpy()) if axes is channels_first else y2.detach().numpy()
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-9, atol=1e-11)
        (y * y).sum().backward()
        (y2 * y2).sum().backward()
        gradient = oracle.parametrizations.weight.original.grad.numpy()
        np.testing.assert_allclose(weight_axes(inner.weight.grad.numpy()), gradient, rtol=1e-8, atol=1e-10)


def unit(x):
    return x / np.linalg.norm(x)


@pytest.mark.parametrize(
    "build, build_oracle",
    [
        (lambda: nn.Linear(200, 300, rng=rng()), lambda: TN.Linear(200, 300)),
        (lambda: nn.Conv2d(16, 40, 3, groups=2, rng=rng()), lambda: TN.Conv2d(16, 40, 3, groups=2)),
        (lambda: nn.ConvTranspose2d(16, 40, 4, rng=rng()), lambda: TN.ConvTranspose2d(16, 40, 4)),
        (lambda: nn.Embedding(100, 100, rng=rng()), lambda: TN.Embedding(100, 100)),
    ],
)
def test_initial_weights_are_distributed_as_torchs(build, build_oracle):
    torch.manual_seed(0)
    for p, q in zip(build().parameters(), build_oracle().parameters(), strict=True):
        assert p.numpy().std() == pytest.approx(q.std().item(), rel=0.03 if p.ndim > 1 else 0.3)
        assert np.abs(p.numpy()).max() == pytest.approx(q.abs().max().item(), rel=0.2)
