"""Every layer against PyTorch's in float64, from equal weights: outputs, gradients, and gradients of gradients."""

import numpy as np
import pytest

from minigen import nn

pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")

import torch

from minigen.testing.layers import LayerCase, layer_parity
from minigen.testing.special_layers import LAYER_CHECKS

pytestmark = pytest.mark.oracle
TN = torch.nn


@pytest.mark.parametrize("name", LAYER_CHECKS)
def test_layer(name):
    errors = LAYER_CHECKS[name]()
    assert errors.forward <= 1e-10 and errors.first <= 1e-8 and errors.second <= 1e-6, errors


def test_every_layer_is_checked():
    """Containers hold others; Dropout draws its own noise, and is checked as an op by a given mask."""
    checked = {name.split()[0] for name in LAYER_CHECKS}
    assert checked == set(nn.__all__) - {"Module", "ModuleList", "Sequential", "Dropout", "init"}


@pytest.mark.parametrize(
    "layer, oracle, wrong",
    [
        (lambda: nn.GELU("tanh"), TN.GELU, "forward"),
        (lambda: Cut(), TN.Identity, "first"),
    ],
)
def test_a_wrong_layer_is_seen(layer, oracle, wrong):
    assert getattr(layer_parity(LayerCase(layer, oracle)), wrong) > 1e-6


class Cut(nn.Module):
    """The identity, without its gradient."""

    def forward(self, x):
        return x.detach() + x * 0.0


def rng():
    return np.random.default_rng(0)


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
