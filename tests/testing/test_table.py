"""The table's tools: draws stay in their domains, layouts keep values, errors are measured as said."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import backends
from minigen.backends import reference
from minigen.core.autograd import Op
from minigen.testing import CASES, LAYOUTS, Case, Draw, Sample, laid_out, scaled_error
from minigen.testing.law import outputs, tensors
from minigen.testing.proofs import check_derivatives, check_forward, check_single_precision
from minigen.testing.strategies import arrays, broadcastable_shapes, draws, samples, shapes


@given(arrays(layout="contiguous"), st.sampled_from(LAYOUTS))
def test_layouts_keep_values(x, layout):
    y = laid_out(x, layout)
    np.testing.assert_array_equal(x, y)
    assert y.dtype == x.dtype
    assert not np.shares_memory(x, y)


def test_layouts_are_what_they_say():
    x = np.ones((3, 4))
    assert [laid_out(x, layout).strides for layout in LAYOUTS] == [(32, 8), (128, 16), (-32, -8), (8, 24)]
    with pytest.raises(ValueError, match="unknown layout"):
        laid_out(x, "diagonal")


@given(broadcastable_shapes(3))
def test_broadcastable_shapes_broadcast(three):
    assert len(np.broadcast_shapes(*three)) == max(map(len, three))


@given(shapes(least_axes=1, most_axes=2, least=2, most=5))
def test_shapes_stay_in_their_bounds(shape):
    assert 1 <= len(shape) <= 2
    assert all(2 <= n <= 5 for n in shape)


@given(arrays(low=-1, high=1, avoid=(0.0, 0.5), gap=0.05))
def test_arrays_stay_away_from_kinks(x):
    assert all((np.abs(x - kink) >= 0.0499).all() for kink in (0.0, 0.5))
    assert (np.abs(x) <= 1.0001).all()


@given(draws())
def test_distinct_numbers_have_no_ties(d):
    x = d.distinct((3, 5))
    gaps = np.diff(np.sort(x, axis=None))
    assert gaps.min() >= 0.049


@pytest.mark.parametrize("case", CASES.values(), ids=str)
def test_draws_are_a_function_of_the_seed(case):
    a, b = (case.draw(Draw(np.random.default_rng(5))) for _ in range(2))
    assert repr(a) == repr(b)
    for x, y in zip(a.inputs, b.inputs, strict=True):
        np.testing.assert_array_equal(x, y)
        assert x.dtype == np.float64


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        ([1.0, 2.0], [1.0, 4.0], 0.5),
        ([0.1], [0.2], 0.1),
        ([np.inf, 1.0], [np.inf, 1.0], 0.0),
        ([np.nan], [1.0], np.inf),
        ([1.0], [np.inf], np.inf),
        ([1.0, 2.0], [1.0], np.inf),
        ([1, 2], [1, 3], np.inf),
        ([], [], 0.0),
    ],
)
def test_scaled_error(a, b, error):
    assert scaled_error(np.array(a), np.array(b)) == pytest.approx(error)


def _double(x):
    return x * 2.0


WRONG = Case("double", _double, lambda x: x * 2.0001, lambda d: Sample((d.values((3,)),)))
CUT = Case("double", lambda x: x.detach() * x, lambda x: x * x, lambda d: Sample((d.values((3,)),)))


@given(samples(WRONG))
def test_a_wrong_value_is_caught(sample):
    with pytest.raises(AssertionError, match=r"double .* is off by"):
        check_forward(WRONG, sample)


@given(samples(CUT))
def test_a_wrong_derivative_is_caught(sample):
    check_forward(CUT, sample)
    with pytest.raises(AssertionError, match=r"constant factor: every element is 0\.5"):
        check_derivatives(CUT, sample)


@given(samples(WRONG))
def test_a_gradient_wrong_in_single_precision_is_caught(sample):
    single = Case("single", lambda x: x * (2.0 if x.dtype == np.float64 else 3.0), WRONG.reference, WRONG.draw)
    with pytest.raises(AssertionError, match="float32 gradient of input 0 of single"):
        check_single_precision(single, sample, np.random.default_rng(0))


def test_the_checks_need_neither_pytest_nor_hypothesis_nor_torch():
    absent = ["pytest", "hypothesis", "torch", "scipy"]
    code = f"import sys, minigen.testing; print([name for name in {absent} if name in sys.modules])"
    root = str(Path(minigen.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert result.stdout.strip() == "[]"


OFF_THE_TABLE = {"Cast"}  # Tensor.to; tests/core/test_tensor.py
NO_OP_CALLS_IT = {"optim", "random"}  # files of kernels that tests/backends prove by themselves


def every(kind):
    for one in kind.__subclasses__():
        yield one
        yield from every(one)


def twice_backward(case, sample):
    """The op, its gradient, and the gradient of that by the inputs and by the incoming gradient."""
    xs = [x.requires_grad_() for x in tensors(sample.inputs)]
    ys = [y for y in outputs(case.op(*xs, **sample.options)) if y.requires_grad]
    if not ys or not case.differentiable:
        return
    vs = [x.requires_grad_() for x in tensors([np.ones(y.shape) for y in ys])]
    minigen.grad(ys, xs, vs, retain_graph=True)  # by fused gradients, where no graph is asked for
    gradients = [g for g in minigen.grad(ys, xs, vs, create_graph=True) if g is not None and g.requires_grad]
    if gradients:
        minigen.grad(gradients, [*xs, *vs], tensors([np.ones(g.shape) for g in gradients]))


def test_the_table_reaches_every_op_and_every_kernel(monkeypatch):
    """An op or a kernel that no case comes to is proved by nothing, whatever list it stands in."""
    seen, apply, kernels = set(), Op.apply.__func__, backends.Backend("reference")  # it keeps what was asked for

    def recorded(cls, *inputs, **options):
        seen.add(cls)
        return apply(cls, *inputs, **options)

    monkeypatch.setattr(Op, "apply", classmethod(recorded))
    before = backends.activate(kernels)
    try:
        for case in CASES.values():
            for seed in range(12):
                twice_backward(case, case.draw(Draw(np.random.default_rng(seed))))
    finally:
        backends.activate(before)
    ops = {op for op in every(Op) if op.__module__.startswith("minigen.core.ops.") and not op.__abstractmethods__}
    assert ops
    assert {op.__name__ for op in ops - seen} - OFF_THE_TABLE == set()
    own = {name: kernel for name, kernel in vars(reference).items() if inspect.isfunction(kernel)}
    own = {name for name, kernel in own.items() if kernel.__module__.startswith("minigen.backends.reference.")}
    exempt = {name for name in own if getattr(reference, name).__module__.split(".")[-1] in NO_OP_CALLS_IT}
    assert own - exempt - set(vars(kernels)) == set()
