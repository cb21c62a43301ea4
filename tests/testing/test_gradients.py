"""The gradient check passes what is right, and names what is wrong."""

import numpy as np
import pytest
from hypothesis import given

from minigen import functional as F
from minigen.core.autograd import Op
from minigen.errors import UserError
from minigen.testing import GradientError, check_gradients
from minigen.testing.differences import central_difference, complex_step
from minigen.testing.strategies import arrays

X = np.linspace(-1.0, 1.3, 12).reshape(3, 4)
ROW = np.linspace(0.5, 1.1, 4)


class Product(Op):
    """z = x y, right; the base of the wrong ones below."""

    saves = (0, 1)
    broadcasts = True

    def forward(self, x, y):
        return x * y

    def backward(self, g):
        x, y = self.saved
        return g * y, g * x


class WrongSign(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y, -(g * x)


class WrongFactor(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y * 2.0, g * x


class NoUnbroadcast(Product):
    broadcasts = False


class MeanForSum(Product):
    """The right shape, but the mean over the broadcast axis instead of the sum."""

    def backward(self, g):
        x, y = self.saved
        gy = g * x
        return g * y, gy.mean(0) if y.shape != gy.shape else gy


class WrongAtAStride(Product):
    """A kernel that walks through memory as if every array were contiguous."""

    def backward(self, g):
        x, y = self.saved
        return g * y, g * x.wrap(np.lib.stride_tricks.as_strided(x.numpy(), x.shape, X.strides))


class WrongForwardAtAStride(Product):
    def forward(self, x, y):
        return np.lib.stride_tricks.as_strided(x, x.shape, X.strides) * y


class WrongInSecondOrder(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y.detach(), g * x


class Cut(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y, g * x * 0.0


@pytest.mark.parametrize(
    ("op", "second", "fault", "where"),
    [
        (WrongSign, X + 2, "sign", 1),
        (WrongFactor, X + 2, "factor: every element is 2 times", 0),
        (NoUnbroadcast, ROW, "missing un-broadcast", 1),
        (MeanForSum, ROW, "missing un-broadcast", 1),
        (WrongAtAStride, X + 2, "wrong at a stride", 1),
        (WrongInSecondOrder, X + 2, "right in first and wrong in second order", None),
        (Cut, X + 2, "graph is cut", 1),
    ],
)
def test_wrong_ops_are_caught_and_the_fault_is_named(op, second, fault, where):
    with pytest.raises(GradientError, match=fault) as caught:
        check_gradients(op.apply, X, second, order=2)
    assert fault in caught.value.diagnosis
    assert where is None or caught.value.input == where
    assert "direction 0" in str(caught.value)


def test_message_tells_input_element_expected_and_got():
    with pytest.raises(
        GradientError, match=r"input 1 of shape \(3, 4\), element \(\d, \d\): expected .*, got "
    ) as caught:
        check_gradients(WrongSign.apply, X, X + 2)
    error = caught.value
    # v is unknown here, but the fault is a sign: got is −expected, at the element where that hurts most
    assert error.got == pytest.approx(-error.expected, rel=1e-6)
    assert error.relative_error > 0.1


def test_a_forward_pass_that_ignores_strides_is_named():
    with pytest.raises(GradientError, match="wrong at a stride"):
        check_gradients(WrongForwardAtAStride.apply, X, X + 2)


class WrongExp(Op):
    """eˣ with the derivative of one element, or of all, off by a factor."""

    saves_outputs = (0,)

    def forward(self, x):
        return np.exp(x)

    def backward(self, g):
        return g * self.outputs[0] * self.factor


@pytest.mark.parametrize("fault", [1e-3, 1e-6])
@pytest.mark.parametrize("large", [20.0, 12.0, 2.0])
def test_one_wrong_element_does_not_hide_behind_large_ones(fault, large):
    x = np.array([0.3, large, -0.4])
    check_gradients(lambda x: WrongExp.apply(x, factor=np.ones(3)), x, order=2)
    with pytest.raises(GradientError, match="no simple pattern") as caught:
        check_gradients(lambda x: WrongExp.apply(x, factor=np.array([1.0, 1.0, 1.0 + fault])), x)
    assert (caught.value.input, caught.value.element) == (0, (2,))


def test_a_wrong_small_input_does_not_hide_behind_a_large_one_by_differences():
    with pytest.raises(GradientError, match="input 0 of shape"):
        check_gradients(
            lambda a, b: (WrongExp.apply(a, factor=1.0 + 1e-3), F.exp(b)), X[:1], X + 12.0, method="difference"
        )


def test_a_factor_near_one_is_told_in_full():
    with pytest.raises(GradientError, match=r"every element is \(1 \+1e-06\) times"):
        check_gradients(lambda x: WrongExp.apply(x, factor=1.000001), X)
    with pytest.raises(GradientError, match=r"every element is 1\.001 times"):
        check_gradients(lambda x: WrongExp.apply(x, factor=1.001), X)


@pytest.mark.parametrize("op", [Product, WrongSign, WrongFactor, MeanForSum])
def test_right_first_order_says_nothing_of_the_wrong_second(op):
    """An op whose faults do not show at this input passes: the check tells about the point it was given."""
    if op is Product:
        check_gradients(op.apply, X, ROW, order=2)
    elif op is MeanForSum:
        check_gradients(op.apply, X, X + 2, order=2)
    else:
        with pytest.raises(GradientError):
            check_gradients(op.apply, X, X + 2, order=1)
    check_gradients(WrongInSecondOrder.apply, X, X + 2, order=1)


@given(arrays(dtype=np.float64, avoid=(0.0,)))
def test_right_functions_pass(x):
    for f in (F.tanh, F.relu, F.sign, F.erf, lambda x: F.abs(x) * x, lambda x: (x, x * x)):
        check_gradients(f, x, order=2)


@pytest.mark.parametrize("f", [F.abs, F.sign, F.erf, F.logaddexp, F.maximum, F.norm, F.relu])
def test_ops_that_are_not_analytic_fall_back_to_differences(f):
    """|z|, sign z and erf z of a complex z are refused or mean something else: no false alarm, no false pass."""
    inputs = (X + 0.05, X.T.copy().reshape(3, 4) + 3.0) if f in (F.logaddexp, F.maximum) else (X + 0.05,)
    check_gradients(f, *inputs, order=2)

    def wrong(*xs):
        return f(*xs) + (xs[0] - xs[0].detach())

    with pytest.raises(GradientError):
        check_gradients(wrong, *inputs)


def test_complex_step_is_exact_and_refuses_what_it_cannot_do():
    check_gradients(F.tanh, X, order=2, method="complex_step", tolerance=1e-13)
    with pytest.raises(UserError, match="analytic"):
        check_gradients(F.erf, X, method="complex_step")


def test_both_methods_find_a_known_derivative():
    evaluate, one = lambda xs: [np.exp(np.sin(xs[0]))], np.ones(())
    x = np.asarray(0.7)
    exact = np.cos(0.7) * np.exp(np.sin(0.7))
    found, error = central_difference(evaluate, [x], [one], [one], 1e-12)
    assert abs(found - exact) <= max(error, 1e-12) < 1e-10
    assert complex_step(evaluate, [x], [one], [one]) == pytest.approx(exact, rel=1e-15)


def test_kink_is_named():
    with pytest.raises(GradientError, match="kink"):
        check_gradients(F.relu, np.zeros(3))


def test_noise_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(GradientError, match="different values"):
        check_gradients(lambda x: x * rng.random(), X)


def test_integers_are_handed_on_and_float32_is_checked_in_double():
    check_gradients(lambda w, i: F.embedding(i, w), X.astype(np.float32), np.array([0, 2, 2]), order=2)
    with pytest.raises(UserError, match="floating-point"):
        check_gradients(lambda i: i, np.array([1, 2]))
    with pytest.raises(UserError, match="order"):
        check_gradients(F.tanh, X, order=3)


def test_unused_inputs_constants_and_empties_pass():
    check_gradients(lambda x, y: x * 2.0, X, ROW, order=2)
    check_gradients(F.tanh, np.zeros((0, 3)), order=2)
    check_gradients(F.tanh, np.asarray(0.3), order=2)
    check_gradients(lambda x: F.exp(x).sum(), X[:, ::-2], order=2)
