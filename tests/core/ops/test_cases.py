"""Every op, from one table: its values, its first and its second derivative, on both backends."""

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

import minigen
from minigen import functional as F
from minigen.testing import CASES
from minigen.testing.proofs import check_derivatives, check_forward, check_single_precision
from minigen.testing.strategies import layouts, samples

BACKENDS = ("reference", "cpu")
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(params=BACKENDS)
def on_backend(request):
    if request.param == "cpu":
        pytest.importorskip("numba", reason="the cpu backend needs Numba")
    with minigen.backend(request.param):
        yield request.param


def test_table_is_complete():
    assert set(CASES) == set(F.__all__)


@pytest.mark.parametrize("name", F.__all__)
def test_forward(name, on_backend):
    case = CASES[name]

    @given(samples(case), layouts(), st.sampled_from([np.float64, np.float32]))
    def agrees_with_reference(sample, layout, dtype):
        check_forward(case, sample, layout, dtype)

    agrees_with_reference()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.differentiable])
def test_derivatives(name, on_backend):
    """Twenty cases: ten on each backend, by another seed on each."""
    case = CASES[name]

    @seed(BACKENDS.index(on_backend))
    @settings(max_examples=min(10, settings().max_examples))
    @given(samples(case), seeds)
    def first_and_second_agree_with_differences(sample, random):
        check_derivatives(case, sample, order=2, rng=np.random.default_rng(random))

    first_and_second_agree_with_differences()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.differentiable])
def test_single_precision_gradients(name, on_backend):
    case = CASES[name]

    @settings(max_examples=10)
    @given(samples(case), seeds)
    def agree_with_double(sample, seed):
        check_single_precision(case, sample, np.random.default_rng(seed))

    agree_with_double()
