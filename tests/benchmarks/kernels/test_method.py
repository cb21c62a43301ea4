"""The method's operations are those of what the kernels do."""

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.kernels.figure import method
from benchmarks.kernels.method import Method, additions, instructions, method_of, steps_of
from benchmarks.kernels.shapes import Convolution, Product
from minigen.backends.cpu import transforms
from minigen.backends.cpu.transforms import ALGORITHMS, STEPS
from minigen.backends.cpu.vectors import MASKS

SMALL = [
    Convolution(part, image, kernel, outputs, stride, padding)
    for part in ("forward", "input grad", "weight grad")
    for image, kernel, outputs, stride, padding in (
        ((2, 6, 8, 5), (3, 3), 6, 1, 1),
        ((1, 8, 8, 6), (4, 4), 5, 2, 1),
        ((1, 8, 6, 5), (3, 3), 5, 2, 1),
        ((3, 4, 4, 8), (1, 1), 6, 2, 0),
    )
]


@pytest.mark.parametrize("shape", SMALL, ids=lambda shape: f"{shape.kind} {shape.name}")
def test_the_direct_steps_of_a_convolution_take_its_closed_form(shape):
    steps = steps_of(shape)
    assert {step.algorithm for step in steps} == {None}
    assert sum(step.operations for step in steps) == shape.operations
    assert (method_of(shape).name, method_of(shape).operations) == ("direct", shape.operations)
    assert sum(operations for operations, passed in method_of(shape).stages) == shape.operations


@pytest.mark.parametrize(
    ("part", "method"), [("forward", "product"), ("input grad", "product"), ("weight grad", "direct")]
)
def test_one_tap_is_a_product(part, method):
    shape = Convolution(part, (3, 4, 4, 8), (1, 1), 6)
    found = method_of(shape)
    assert (found.name, found.operations) == (method, shape.operations)


def test_few_channels_are_told_apart():
    for part, outputs, channels in (("forward", 1, 8), ("input grad", 8, 1)):
        shape = Convolution(part, (2, 6, 8, channels), (3, 3), outputs, 1, 1)
        assert method_of(shape) == Method("taps first", shape.operations)
        assert method("taps first") == "taps first"


@pytest.mark.needs_jit
@pytest.mark.skipif(not MASKS, reason="Winograd needs masked loads")
@pytest.mark.parametrize("part", ["forward", "input grad", "weight grad"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (4, 2)])
def test_winograd_takes_fewer_multiplications_and_a_bit(part, kernel, stride):
    shape = Convolution(part, (8, 16, 16, 64), (kernel, kernel), 64, stride, 1)
    found = method_of(shape)
    name, operations = found.name, found.operations
    assert method(name) == method(f"{name} + direct") == "Winograd"
    assert type(operations) is int  # which JSON can say
    assert name == {3: "Winograd F(4×4, 3×3)", 4: "Winograd F(4×4, 2×2)"}[kernel]
    m, r = (4, 3) if kernel == 3 else (4, 2)
    products = shape.operations * (m + r - 1) ** 2 / (m * r) ** 2
    assert products < operations < 1.4 * products
    assert sum(step.direct_operations for step in steps_of(shape)) == shape.operations
    for step in steps_of(shape):
        (before, weights), (transform, image), (multiply, all_three), (back, result) = step.stages
        depth = step.x[3] * step.stride[0] * step.stride[1]
        assert multiply < step.operations < before + transform + multiply + back < 2 * multiply
        assert weights + image + result == all_three and image * step.y[3] == result * depth == 2 * multiply
    assert len(found.stages) == 4 * len(steps_of(shape))


def test_products_take_what_they_take():
    shape = Product(5, 6, 7, "TN", 2)
    assert method_of(shape) == Method("product", 2 * 2 * 5 * 6 * 7)


class Counted:
    """Stands for the compiler: adds up what is emitted."""

    def __init__(self):
        self.operations = self.instructions = 0

    def _one(self, *args):
        self.operations += 1
        self.instructions += 1

    fadd = fsub = fmul = _one

    def multiply_add(self, *args):
        self.operations += 2
        self.instructions += 1


@pytest.mark.parametrize("which", range(len(ALGORITHMS)))
def test_additions_are_counted_as_they_are_emitted(which, monkeypatch):
    monkeypatch.setattr(transforms._Sandwich, "_constant", lambda self, value: value)
    for steps in STEPS[which :: len(ALGORITHMS)]:
        counted = Counted()
        counted.builder = counted
        transforms._Sandwich(counted, steps, None, None)._combine(np.zeros(steps[0].shape[1]))
        expected = sum(map(additions, steps)), sum(map(instructions, steps))
        assert (counted.operations, counted.instructions) == expected
