"""What a case must show, for one sample: three laws, each a function that raises where it is broken."""

import numpy as np

from .. import backends
from ..core.autograd import grad
from ..core.tensor import Tensor
from .comparison import scaled_error
from .gradients import check_gradients
from .law import arguments_of, outputs, tensors, weights
from .layouts import laid_out


def forward(case, sample, layout="contiguous", dtype=np.float64):
    """What the op and what its reference make of a sample: two lists of arrays of equal length.

    The op gets inputs of ``dtype`` in a memory ``layout``, the reference the same numbers in float64.
    """
    arrays = [laid_out(x.astype(dtype), layout) for x in sample.inputs]
    results = case.op(*tensors(arrays), **sample.options)
    expected = case.reference(*[x.astype(np.float64) for x in arrays], **sample.options)
    results = [results] if isinstance(results, Tensor) else list(results)
    expected = list(expected) if isinstance(expected, tuple) else [expected]
    assert len(results) == len(expected), f"{case.name} returned {len(results)} results, its reference {len(expected)}"
    return [y.numpy() for y in results], expected


def check_forward(case, sample, layout="contiguous", dtype=np.float64):
    """The op's values are the reference's, in ``dtype`` and with inputs in a memory ``layout``.

    Raises:
        AssertionError: they differ by more than the case allows, or the op's dtype is not its inputs'.
    """
    allowed = case.tolerance if dtype == np.float64 else case.single
    for i, (got, wanted) in enumerate(zip(*forward(case, sample, layout, dtype), strict=True)):
        if got.dtype.kind == "f":
            assert got.dtype == dtype, f"{case.name} made {got.dtype} of {np.dtype(dtype)}: {sample}"
        error = scaled_error(got, wanted)
        assert error <= allowed, (
            f"result {i} of {case.name} ({layout}, {np.dtype(dtype)}) is off by {error:.2e}, {allowed:.0e} is allowed,"
            f" for {sample}: got {got!r}, expected {wanted!r}"
        )


def check_derivatives(case, sample, order=2, rng=None):
    """First and second derivative of the op agree with differences (`check_gradients`)."""
    if case.differentiable and sample.inputs:

        def f(*xs):
            return case.op(*xs, **sample.options)

        f.__name__ = f"{case.name} of {sample}"
        names = arguments_of(case.op, len(sample.inputs))
        check_gradients(f, *sample.inputs, order=order, rng=rng, directions=1, names=names)


def check_single_precision(case, sample, rng, tolerance=1e-4):
    """Gradients in float32 on the current backend are those in float64 on the reference, to float32's precision."""
    if not case.differentiable:
        return
    seed = int(rng.integers(2**32))
    _, single = values_and_gradients(case, sample, seed, np.float32)
    with backends.backend("reference"):
        _, double = values_and_gradients(case, sample, seed, np.float64)
    for i, (got, wanted) in enumerate(zip(single, double, strict=True)):
        error = 0.0 if got is wanted is None else scaled_error(got, wanted)
        assert error <= tolerance, (
            f"the float32 gradient of input {i} of {case.name} is off by {error:.2e} for {sample}"
        )


def values_and_gradients(case, sample, seed, dtype):
    """The op's results on the sample rounded to float32, and vᵀ J with v drawn by ``seed``, computed in ``dtype``.

    Returns:
        Two lists of arrays, the latter one for each input: None where there is no derivative.
    """
    leaves = tensors([x.astype(np.float32).astype(dtype) for x in sample.inputs])
    if case.differentiable:
        leaves = [x.requires_grad_() for x in leaves]
    results = case.op(*leaves, **sample.options)
    results, ys = ([results] if isinstance(results, Tensor) else list(results)), outputs(results)
    gradients = [None] * len(leaves)
    if case.differentiable and ys[0].requires_grad:
        vs = weights(np.random.default_rng(seed), [y.shape for y in ys])
        gradients = grad(ys, leaves, tensors([v.astype(dtype) for v in vs]))
    return [y.numpy() for y in results], [None if g is None else g.numpy() for g in gradients]
