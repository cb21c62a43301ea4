"""no_grad records nothing; anomaly names where the first NaN or infinity was born."""

import numpy as np
import pytest

import minigen
from minigen import functional as F
from minigen.core.autograd import named_scope
from minigen.errors import NonFiniteError

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, of the infinities made here


def leaf(values):
    return minigen.tensor(np.array(values, dtype=np.float64), requires_grad=True)


def test_no_grad_records_nothing_and_nests():
    x = leaf([1.0])
    with minigen.no_grad():
        with minigen.no_grad():
            assert not (x * 2.0).requires_grad
        assert not (x * 2.0).requires_grad
    assert (x * 2.0).requires_grad


def test_no_grad_decorates_and_survives_an_error():
    x = leaf([1.0])

    @minigen.no_grad()
    def fails(fail):
        y = x * 2.0
        assert not y.requires_grad
        if fail:
            raise KeyError("on purpose")
        return y

    assert fails(False).is_leaf
    with pytest.raises(KeyError):
        fails(True)
    assert (x * 2.0).requires_grad


def test_anomaly_names_op_module_path_and_step_in_the_forward_pass():
    with minigen.anomaly() as watch, named_scope("encoder"), named_scope("0"):
        for watch.step in range(3):
            if watch.step == 2:
                with pytest.raises(NonFiniteError) as caught:
                    leaf([1.0, -1.0]).log()
    message = str(caught.value)
    for part in ("NaN", "forward pass of Log of (2,)", "module encoder.0", "step 2", "1 of 2 values", "[-1, 1]"):
        assert part in message


def test_anomaly_names_op_module_path_and_step_in_the_backward_pass():
    with minigen.anomaly(step=7):
        with named_scope("decoder"):
            y = leaf([0.0, 4.0]).sqrt()  # finite, but its derivative at 0 is not
        with pytest.raises(NonFiniteError) as caught:
            y.sum().backward()
    message = str(caught.value)
    for part in ("infinity", "backward pass of Sqrt of (2,)", "module decoder", "step 7"):
        assert part in message


def test_anomaly_names_the_first_op_not_the_last():
    with minigen.anomaly(), pytest.raises(NonFiniteError, match="Exp of"):
        (F.exp(leaf([1000.0])) * 0.0).sum().tanh()


def test_anomaly_ends_with_its_block_and_says_so_outside_modules():
    with minigen.anomaly(), pytest.raises(NonFiniteError, match="outside any module"):
        leaf([-1.0]).log()
    assert np.isnan(leaf([-1.0]).log().item())


def test_finite_computations_pass_under_anomaly():
    with minigen.anomaly():
        x = leaf([1.0, 2.0])
        F.softmax(x, 0).log().sum().backward()
        assert (x > 1.5).tolist() == [False, True]
        assert F.argmax(x).item() == 1


def test_no_grad_may_be_entered_twice():
    quiet = minigen.no_grad()
    x = minigen.tensor([1.0], requires_grad=True)
    with quiet, quiet:
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_anomaly_knows_what_it_cannot_know():
    """A NaN that came in from outside is not said to be born here, nor a module named that nobody watched."""
    with minigen.anomaly(), pytest.raises(NonFiniteError, match="not born here, but already in the input: NaN"):
        minigen.tensor([np.nan]) + 1
    x = minigen.tensor([0.0], requires_grad=True)
    y = x.sqrt().sum()
    with minigen.anomaly(), np.errstate(divide="ignore"), pytest.raises(NonFiniteError, match="unknown module"):
        y.backward()
