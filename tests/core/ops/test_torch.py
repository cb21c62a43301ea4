"""Every op against PyTorch in float64: values to 1e-10, gradients to 1e-8, gradients of gradients to 1e-6."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigen.testing import CASES
from minigen.testing.strategies import samples

pytest.importorskip("torch", reason="the oracle is PyTorch (extra oracle)")

from minigen.testing.oracle import COUNTERPARTS
from minigen.testing.parity import parity

pytestmark = pytest.mark.oracle


def test_every_op_has_a_counterpart():
    assert set(COUNTERPARTS) == set(CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_agrees_with_torch(case):
    @given(samples(case), st.integers(0, 2**32 - 1))
    def values_gradients_and_their_gradients_agree(sample, seed):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, on shapes that it deprecates or broadcasts
            errors = parity(case, sample, np.random.default_rng(seed))
        assert errors.forward <= 1e-10
        assert errors.first <= 1e-8
        assert errors.second <= 1e-6

    values_gradients_and_their_gradients_agree()
