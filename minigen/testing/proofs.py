"""What a case must show, for one sample: three laws, each a function that raises where it is broken."""

from contextlib import nullcontext

import numpy as np

from .. import backends
from ..core.autograd import grad
from ..core.tensor import Tensor
from .comparison import scaled_error
from .gradients import check_gradients
from .law import outputs, tensors, weights
from .layouts import laid_out


def check_forward(case, sample, layout="contiguous", dtype=np.float64):
    """The op's values are the reference's, in ``dtype`` and with inputs in a memory ``layout``.

    Raises:
        AssertionError: they differ by more than the case allows, or the op's dtype is not its inputs'.
    """
    arrays = [laid_out(x.astype(dtype), layout) for x in sample.inputs]
    results = case.op(*tensors(arrays), **sample.options)
    expected = case.reference(*[x.astype(np.float64) for x in arrays], **sample.options)
    results = [results] if isinstance(results, Tensor) else list(results)
    expected = list(expected) if isinstance(expected, tuple) else [expected]
    assert len(results) == len(expected), f"{case.name} returned {len(results)} results, its reference {len(expected)}"
    allowed = case.tolerance if dtype == np.float64 else case.single
    for i, (got, wanted) in enumerate(zip(results, expected, strict=True)):
        if got.dtype.kind == "f":
            assert got.dtype == dtype, f"{case.name} made {got.dtype} of {np.dtype(dtype)}: {sample}"
        error = scaled_error(got.numpy(), wanted)
        assert error <= allowed, (
            f"result {i} of {case.name} ({layout}, {np.dtype(dtype)}) is off by {error:.2e}, {allowed:.0e} is allowed,"
            f" for {sample}: got {got.numpy()!r}, expected {wanted!r}"
        )


def check_derivatives(case, sample, order=2, rng=None):
    """First and second derivative of the op agree with differences (`check_gradients`)."""
    if case.differentiable and sample.inputs:

        def f(*xs):
            return case.op(*xs, **sample.options)

        f.__name__ = f"{case.name} of {sample}"
        check_gradients(f, *sample.inputs, order=order, rng=rng, directions=1)


def check_single_precision(case, sample, rng, tolerance=1e-4):
    """Gradients in float32 on the current backend are those in float64 on the reference, to float32's precision."""
    if not case.differentiable:
        return
    inputs = [x.astype(np.float32) for x in sample.inputs]
    vs = None
    found = []
    for arrays, backend in ((inputs, None), ([x.astype(np.float64) for x in inputs], "reference")):
        with backends.backend(backend) if backend else nullcontext():
            leaves = [x.requires_grad_() for x in tensors(arrays)]
            ys = outputs(case.op(*leaves, **sample.options))
            vs = weights(rng, [y.shape for y in ys]) if vs is None else vs
            seeds = tensors([v.astype(arrays[0].dtype) for v in vs])
            found.append(grad(ys, leaves, seeds) if ys[0].requires_grad else [None] * len(leaves))
    for i, (single, double) in enumerate(zip(*found, strict=True)):
        error = 0.0 if single is double is None else scaled_error(single.numpy(), double.numpy())
        assert error <= tolerance, (
            f"the float32 gradient of input {i} of {case.name} is off by {error:.2e} for {sample}"
        )
