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
    with pytest.raises(GradientError, match=r"input 0 \(a\) of shape"):
        check_gradients(
            lambda a, b: (WrongExp.apply(a, factor=1.0 + 1e-3), F.exp(b)), X[:1], X + 12.0, method="difference"
        )


def test_a_factor_near_one_is_told_in_full():
    with pytest.raises(GradientError, match=r"every element is \(1 \+1e-06\) times"):
        check_gradients(lambda x: WrongExp.apply(x, factor=1.000001), X)
    with pytest.raises(GradientError, match=r"every element is 1\.001 times"):
        check_gradients(lambda x: WrongExp.apply(x, factor=1.001), X)


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
    with pytest.raises(UserError, match="1 inputs and 2 names"):
        check_gradients(F.tanh, X, names=("x", "y"))
    with pytest.raises(UserError, match="it knows contiguous, strided"):
        check_gradients(F.tanh, X, layouts=("diagonal",))


def test_messages_call_inputs_by_their_names_and_positions():
    def f(index, weight):
        return WrongExp.apply(F.embedding(index, weight), factor=-1.0)

    with pytest.raises(GradientError, match=r"input 1 \(weight\) of shape \(3, 4\)") as caught:
        check_gradients(f, np.array([0, 2]), X)
    assert (caught.value.input, caught.value.name) == (1, "weight")
    with pytest.raises(GradientError, match=r"input 1 \(table\) of shape"):
        check_gradients(f, np.array([0, 2]), X, names=("i", "table"))
    with pytest.raises(GradientError, match=r"input 0 of shape"):
        check_gradients(lambda *xs: WrongExp.apply(*xs, factor=-1.0), X)


def test_one_wrong_element_of_a_small_input_beside_a_large_one_is_found():
    def f(small, large):
        return WrongExp.apply(small, factor=np.array([1.0, -1.0, 1.0])).sum() + large.sin().sum()

    with pytest.raises(GradientError, match=r"input 0 \(small\) of shape \(3,\), element \(1,\)"):
        check_gradients(f, X[0, :3], np.linspace(-1, 1, 1000).reshape(10, 100))


def test_unused_inputs_constants_and_empties_pass():
    check_gradients(lambda x, y: x * 2.0, X, ROW, order=2)
    check_gradients(F.tanh, np.zeros((0, 3)), order=2)
    check_gradients(F.tanh, np.asarray(0.3), order=2)
    check_gradients(lambda x: F.exp(x).sum(), X[:, ::-2], order=2)
