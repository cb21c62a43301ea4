"""What an op cannot take it refuses, in a sentence that says what it got and what it wants."""

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen import nn, tensor
from minigen.core.autograd import Op
from minigen.errors import DTypeError, GraphError, ShapeError


def zeros(*shape):
    return tensor(np.zeros(shape))


REFUSED = [
    ("conv2d without channels", lambda: F.conv2d(zeros(4, 4, 1), zeros(3, 3, 1, 1)), r"conv2d got x \(4, 4, 1\)"),
    ("conv2d weight", lambda: F.conv2d(zeros(1, 4, 4, 1), zeros(3, 1, 1)), r"weight \(3, 1, 1\)"),
    ("unknown padding", lambda: F.conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 1), padding="full"), "full"),
    ("same", lambda: F.conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 1), stride=2, padding="same"), "same"),
    ("conv1d", lambda: F.conv1d(zeros(1, 4, 4, 1), zeros(3, 1, 1)), r"it needs \(N, L, C\)"),
    ("conv_transpose2d", lambda: F.conv_transpose2d(zeros(1, 4, 4, 2), zeros(3, 3, 1, 1)), "conv_transpose2d got x"),
    ("output_padding", lambda: F.conv_transpose2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 1), output_padding=2), "smaller"),
    ("no pixels", lambda: F.conv_transpose2d(zeros(1, 1, 1, 1), zeros(1, 1, 1, 1), padding=1), "none are left"),
    ("attention", lambda: F.scaled_dot_product_attention(zeros(2, 3), zeros(2, 4), zeros(2, 4)), "attention got query"),
    ("gather of a scalar", lambda: F.index_select(zeros(), 0, np.array([0])), "without axes"),
    ("index out of range", lambda: F.index_select(zeros(3), 0, np.array([3])), r"indices in \[3, 3\] for axis 0"),
    ("take_along_dim axes", lambda: F.take_along_dim(zeros(3, 2), np.array([0]), 0), "take_along_dim"),
    ("event_dims", lambda: F.bernoulli_log_prob(zeros(3), zeros(3), event_dims=2), "event_dims=2"),
    ("cross_entropy", lambda: F.cross_entropy(zeros(), np.array(0)), r"needs logits \(\.\.\., C\)"),
    ("kl_div", lambda: F.kl_div(zeros(), zeros(), reduction="batchmean"), "batchmean"),
    ("group_norm", lambda: F.group_norm(zeros(2, 3), 2), "must be divisible"),
    ("padding of a pool", lambda: F.max_pool2d(zeros(1, 4, 4, 1), 2, padding=2), "more than half the kernel"),
    ("kernel of a pool", lambda: F.avg_pool2d(zeros(1, 4, 4, 1), 6), "larger than the padded image"),
    ("roll", lambda: F.roll(zeros(3, 3), (1, 2)), "name an axis for each"),
    ("interpolate a vector", lambda: F.interpolate(zeros(3), scale_factor=2), r"it needs images \(N, H, W, C\)"),
    ("interpolate mode", lambda: F.interpolate(zeros(1, 2, 2, 1), scale_factor=2, mode="cubic"), "mode is 'cubic'"),
    ("interpolate to nothing", lambda: F.interpolate(zeros(1, 2, 2, 1), scale_factor=0.1), "use a larger factor"),
    ("cat of nothing", lambda: F.cat([]), "cat got no tensors"),
    ("split", lambda: F.split(zeros(3), 0), "must be positive"),
    ("pad mode", lambda: F.pad(zeros(3), (1, 1), mode="circular"), "mode is 'circular'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_is_refused_in_a_sentence(call, words):
    with pytest.raises(ShapeError, match=words):
        call()


def test_what_is_no_number_cannot_meet_a_tensor():
    with pytest.raises(DTypeError, match="a str cannot meet a tensor"):
        zeros(3) + "1"


def test_padding_by_name():
    x, weight = tensor(np.arange(16.0).reshape(1, 4, 4, 1)), tensor(np.ones((2, 2, 1, 1)))
    valid, same = (F.conv2d(x, weight, padding=name) for name in ("valid", "same"))
    assert (valid.shape, same.shape) == ((1, 3, 3, 1), (1, 4, 4, 1))  # an even kernel: the extra pixel comes last
    np.testing.assert_array_equal(same.numpy()[:, :3, :3], valid.numpy())


def test_norms_of_any_order_of_nothing():
    np.testing.assert_array_equal(F.norm(zeros(2, 0), 3, dim=1).numpy(), [0, 0])
    np.testing.assert_array_equal(abs(tensor([-1.0, 2.0])).numpy(), [1, 2])


class OfAnotherType(Op):
    """y = x, with a gradient in another dtype."""

    def forward(self, x):
        return x * 1

    def backward(self, g):
        return g.detach().to("float32")


def test_a_wrong_backward_is_told_with_the_op():
    x = zeros(3).requires_grad_()
    with pytest.raises(GraphError, match=r"the backward of OfAnotherType .* returned float32 for input 0 of float64"):
        OfAnotherType.apply(x).sum().backward()
    with pytest.raises(GraphError, match="grad's input 0 is a ndarray"):
        minigen.grad(x.sum(), [x.numpy()])


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        (nn.LeakyReLU(0.2), "LeakyReLU(0.2)"),
        (nn.ELU(0.5), "ELU(0.5)"),
        (nn.MaxPool2d(2, stride=1, padding=1), "MaxPool2d(2, stride=1, padding=1)"),
        (nn.LayerNorm(3), "LayerNorm(3, eps=1e-05)"),
        (nn.Embedding(5, 2, rng=np.random.default_rng(0)), "Embedding(5, 2)"),
        (nn.Flatten(), "Flatten()"),
        (nn.Softmax(dim=1), "Softmax"),
    ],
)
def test_layers_show_their_options(layer, shown):
    assert shown in repr(layer)
