"""Sizes, operations and bytes are those of what is really computed, and all libraries compute the same."""

import importlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from benchmarks.kernels import race
from benchmarks.kernels.shapes import Convolution, Product, from_json, smaller, to_json
from minigen import backends, grad, tensor
from minigen.core import functional as F
from minigen.insight import count_operations

PARTS = ("forward", "input grad", "weight grad")
SIZES = st.integers(1, 20)
PRODUCTS = st.builds(Product, SIZES, SIZES, SIZES, st.sampled_from(("NN", "NT", "TN")), st.integers(1, 3))


@st.composite
def convolutions(draw):
    kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    height, width = (draw(st.integers(kernel, 9)) for _ in range(2))
    channels, outputs = (draw(st.sampled_from((1, 3, 16))) for _ in range(2))
    image = (draw(st.integers(1, 3)), height, width, channels)
    return Convolution(
        draw(st.sampled_from(PARTS)), image, (kernel, kernel), outputs, stride, draw(st.integers(0, kernel // 2))
    )


SHAPES = st.one_of(PRODUCTS, convolutions())


def exact(shape):
    """By the reference backend, in float64."""
    operands = [x.astype(np.float64) for x in shape.operands()]
    if isinstance(shape, Product):
        return operands[0] @ operands[1]
    geometry = ((shape.stride,) * 2, (shape.padding,) * 2, (1, 1), 1)
    with backends.backend("reference") as kernels:
        if shape.part == "forward":
            return kernels.conv2d(*operands, *geometry)
        if shape.part == "input grad":
            return kernels.conv2d_input_grad(*operands, shape.image[1:3], *geometry)
        return kernels.conv2d_weight_grad(*operands, shape.kernel, *geometry)


def results(module, shape):
    return {
        name: np.asarray(module.to_numpy(shape, function()))
        for name, function in module.prepare(shape, shape.operands()).items()
    }


@given(SHAPES)
def test_bytes_are_those_of_operands_and_result(shape):
    operands, result = shape.operands(), exact(shape)
    assert all(x.dtype == np.float32 for x in operands)
    assert shape.bytes == sum(x.nbytes for x in operands) + result.nbytes // 2


@given(SHAPES)
def test_operations_are_the_closed_form(shape):
    """As `minigen.insight` counts them, forward and backward."""
    if isinstance(shape, Product):
        a, b = (tensor(np.ones(x.shape), requires_grad=True) for x in shape.operands())
        with count_operations() as count:
            a @ b
    else:
        x, weight = (tensor(np.ones(size), requires_grad=True) for size in (shape.image, shape.weight))
        with count_operations() as count, backends.backend("reference"):
            grad(F.conv2d(x, weight, stride=shape.stride, padding=shape.padding).sum(), [x, weight])
    (name,) = {"forward": ["Conv2d"], "input grad": ["Conv2dInputGrad"], "weight grad": ["Conv2dWeightGrad"]}.get(
        getattr(shape, "part", None), ["MatMul"]
    )
    assert count.by_op[name] == shape.operations


@given(SHAPES)
def test_a_shape_survives_json_and_shrinks(shape):
    assert from_json(json.loads(json.dumps(to_json(shape)))) == shape
    assert smaller(shape, 1).kind == shape.kind
    assert smaller(shape, 1).operations <= shape.operations


@pytest.mark.parametrize(("module", "package"), race.LIBRARIES.items())
def test_all_libraries_compute_the_same(module, package):
    pytest.importorskip(package)
    module = importlib.import_module(module)

    few = min(settings.default.max_examples, 5 if package == "jax" else 20)  # JAX compiles each shape

    @settings(max_examples=few)
    @given(SHAPES)
    def check(shape):
        for name, result in results(module, shape).items():
            race.check(shape, {race.OURS: exact(shape), name: result})

    check()
