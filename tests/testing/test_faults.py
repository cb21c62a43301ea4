"""An op wrong on purpose, in five ways and more: each is caught, and the message names the fault.

Twice: at a point of the reader's choice (`check_gradients`), and found and made small by hypothesis (`check_op`).
"""

import re

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from minigen.core.autograd import Op
from minigen.testing import Case, GradientError, Sample, check_gradients
from minigen.testing.search import check_op
from minigen.testing.strategies import broadcastable

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


def walked(x):
    """What a kernel reads that walks through memory as if x lay in C order."""
    strides = [x.itemsize * int(np.prod(x.shape[i + 1 :])) for i in range(x.ndim)]
    return np.lib.stride_tricks.as_strided(x, x.shape, strides)


class Walked(Op):
    """y = x, by a kernel that walks."""

    def forward(self, x):
        return np.array(walked(x))

    def backward(self, g):
        return g


class WrongAtAStride(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y, g * Walked.apply(x)


class WrongForwardAtAStride(Product):
    def forward(self, x, y):
        return walked(x) * y


class WrongInSecondOrder(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y.detach(), g * x


class Cut(Product):
    def backward(self, g):
        x, y = self.saved
        return g * y, g * x * 0.0


FAULTS = [
    (WrongSign, X + 2, "the sign: every element is −1 times what it should be", 1),
    (WrongFactor, X + 2, "a constant factor: every element is 2 times what it should be", 0),
    (NoUnbroadcast, ROW, "missing un-broadcast: input 1 (y) of shape (4,) is broadcast", 1),
    (MeanForSum, ROW, "missing un-broadcast: input 1 (y) of shape (4,) is broadcast", 1),
    (WrongAtAStride, X + 2, "right for contiguous and wrong for strided inputs: wrong at a stride", 1),
    (WrongInSecondOrder, X + 2, "right in first and wrong in second order", None),
    (Cut, X + 2, "the graph is cut", 1),
]


@pytest.mark.parametrize(("op", "second", "fault", "where"), FAULTS)
def test_a_wrong_op_is_caught_and_the_fault_is_named(op, second, fault, where):
    with pytest.raises(GradientError, match=re.escape(fault)) as caught:
        check_gradients(op.apply, X, second, order=2)
    error = caught.value
    assert fault in error.diagnosis
    assert where is None or (error.input, error.name) == (where, "xy"[where])
    assert "direction 0" in str(error)
    assert str(error).startswith(
        f"the {'second derivative' if where is None else 'gradient'} of {op.__name__} is wrong"
    )


def test_the_right_op_passes():
    check_gradients(Product.apply, X, X + 2, order=2)
    check_gradients(Product.apply, X, ROW, order=2)
    check_op(as_case(Product), examples=10)


def test_the_message_tells_input_element_expected_and_got():
    message = r"input 1 \(y\) of shape \(3, 4\), element \(\d, \d\): expected .*, got "
    with pytest.raises(GradientError, match=message) as caught:
        check_gradients(WrongSign.apply, X, X + 2)
    error = caught.value
    # v is unknown here, but the fault is a sign: got is −expected, at the element where that hurts most
    assert error.got == pytest.approx(-error.expected, rel=1e-6)
    assert error.relative_error > 0.1


def test_a_forward_pass_that_ignores_strides_is_named():
    with pytest.raises(GradientError, match="wrong at a stride"):
        check_gradients(WrongForwardAtAStride.apply, X, X + 2)


def test_first_order_alone_says_nothing_of_the_second():
    """The check tells about the order and the point that it was given."""
    check_gradients(WrongInSecondOrder.apply, X, X + 2, order=1)
    check_gradients(MeanForSum.apply, X, X + 2, order=2)  # nothing is broadcast here


# the same, found by search and made small


def as_case(op):
    return Case(op.__name__, op.apply, np.multiply, lambda d: Sample([d.values(s) for s in d.broadcastable()]))


SMALLEST = [
    (WrongSign, "the sign", 1, [(), ()]),
    (WrongFactor, "2 times what it should be", 0, [(), ()]),
    (NoUnbroadcast, "missing un-broadcast", None, [(), (1,)]),
    (WrongAtAStride, "wrong at a stride", 1, [(2,), (2,)]),
    (WrongInSecondOrder, "right in first and wrong in second order", None, [(), ()]),
]


@pytest.mark.parametrize(("op", "fault", "where", "smallest"), SMALLEST)
def test_the_smallest_case_is_reported(op, fault, where, smallest):
    with pytest.raises(GradientError, match=fault) as caught:
        check_op(as_case(op), examples=200)
    error = caught.value
    assert where is None or error.name == "xy"[where]
    shapes = re.search(r"Sample\((\(.*?\)), (\(.*?\))\)", str(error)).groups()
    assert sorted(map(str, smallest)) == sorted(shapes)
    assert any("sample=Sample(" in note for note in error.__notes__)


def test_a_test_of_ones_own_shrinks_too():
    """Three lines of a user: given, a name, a check."""

    @settings(database=None, report_multiple_bugs=False, phases=(Phase.generate, Phase.shrink))
    @given(broadcastable())
    def test_wrong_sign(xs):
        check_gradients(WrongSign.apply, *xs)

    with pytest.raises(GradientError, match=r"input 1 \(y\) of shape \(\), element \(\): .*the sign"):
        test_wrong_sign()
