"""PyTorch's own samples: right ops pass, ops wrong on purpose do not, and what is refused has a reason."""

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen.testing import CASES

torch = pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")
pytest.importorskip("expecttest", reason="PyTorch's OpInfos need it (extra oracle)")
opinfo = pytest.importorskip("minigen.testing.opinfo")
conversions = pytest.importorskip("minigen.testing.conversions")
conditioning = pytest.importorskip("minigen.testing.conditioning")

pytestmark = pytest.mark.oracle
TOLERANCES = (1e-10, 1e-8, 1e-6)


def tally(name, spell=None, opinfo_name=None):
    chosen = None if spell is None else [conversions.Conversion(opinfo_name or name, name, spell)]
    return opinfo.opinfo_tally(name, TOLERANCES, conversions=chosen)


@pytest.mark.parametrize("name", ["sub", "where", "getitem", "std", "solve", "conv_transpose2d", "rms_norm", "dropout"])
def test_all_samples_of_an_op_pass(name):
    found = tally(name)
    assert found.passed == found.converted == found.total > 0 and not found.failures


def test_every_op_has_samples():
    """But those that torch has under other names, whose samples prove these: as a loss, or as functions in turn."""
    fused = {"affine_coupling", "batch_norm_leaky_relu", "bernoulli_log_prob", "gaussian_bottleneck", "group_norm_silu"}
    fused |= {"linear_relu", "linear_tanh", "rational_quadratic_spline", "relu_mlp", "tanh_mlp"}
    fused |= {"standard_normal_log_prob"}
    assert set(CASES) - set(conversions.CONVERSIONS) == fused
    assert {c.opinfo for each in conversions.CONVERSIONS.values() for c in each} <= set(opinfo.OPINFOS)
    assert opinfo.opinfo_tally("bernoulli_log_prob", TOLERANCES) is None


def test_refusals_have_their_reasons():
    found = tally("interpolate")
    assert found.refusals == {"volumes (N, C, D, H, W): minigen resizes images": 9}
    assert found.total == found.converted + 9 and found.passed == found.converted


def test_both_batch_norms_share_the_samples():
    training, fixed = tally("batch_norm_train"), tally("batch_norm")
    assert training.total + fixed.total == 12 and training.total and fixed.total


def test_samples_without_a_derivative_are_counted():
    found = tally("argmax")
    assert found.forward_only == found.total == found.passed


def straight(x):
    """x², right in value and first derivative, whose second derivative is gone."""
    return x * x.detach() * 2.0 - (x * x).detach()


@pytest.mark.parametrize(
    "spell, wrong",
    [
        (lambda x: x * x * 1.001, "forward"),
        (lambda x: x * x.detach(), "first"),
        (straight, "second"),
    ],
)
def test_a_wrong_op_is_seen_in_its_order(spell, wrong):
    found = tally("square", spell)
    assert found.passed < found.converted and found.failures
    errors = found.worst._asdict()
    assert errors.pop(wrong) > 1e-6
    assert all(e <= 1e-10 for kind, e in errors.items() if kind == "forward")


def test_a_wrong_shape_and_an_exception_are_failures():
    assert tally("square", lambda x: F.square(x).reshape(-1)).failures[-1].endswith("second=0.0)")
    found = tally("square", lambda x: F.square(x, 2))
    assert found.converted == found.total and found.passed == 0
    assert "TypeError" in found.failures[0] and "square(float64(20,))" in found.failures[0]


def test_dropout_gets_torchs_mask():
    x = np.ones((7, 9))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        expected = torch.nn.functional.dropout(torch.tensor(x), 0.3).numpy()
    (conversion,) = conversions.CONVERSIONS["dropout"]
    np.testing.assert_allclose(conversion.spell(minigen.tensor(x), 0.3).numpy(), expected)


def test_condition_numbers():
    a = np.diag([1.0, 4.0])
    assert conditioning.condition_number("solve", [np.stack([a, np.eye(2)])]) == pytest.approx(4)
    assert conditioning.condition_number("matmul", [a]) == 1
    assert conditioning.condition_number("inv", [np.zeros((0, 3, 3))]) == 1
    upper = {"upper": True, "unitriangular": True}
    assert conditioning.condition_number("solve_triangular", [a + np.tri(2, k=-1)], upper) == pytest.approx(1)
    assert conditioning.condition_number("solve_triangular", [a], {"upper": False}) == pytest.approx(4)
