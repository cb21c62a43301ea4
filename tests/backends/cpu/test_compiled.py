"""What compiling must not change: names, meaning without the compiler, and the use of the cache."""

import importlib
import inspect

import numpy as np
import pytest

from minigen import backends

numba = pytest.importorskip("numba")

MODULES = ("activated", "coupling", "elementwise", "mlp", "norm", "optim", "pool", "random", "reduce", "spline")

EVERY_KERNEL = """
import numpy as np
from minigen.backends.cpu import activated, coupling, elementwise, mlp, norm, optim, pool, random
from minigen.backends.cpu import rectified, reduce, shape, spline, sums, threads
from minigen.backends.reference import activated as a, coupling as c, elementwise as e, mlp as m, norm as n, optim as o
from minigen.backends.reference import pool as p, random as r, reduce as d, spline as l

threads.PATIENCE = float("inf")  # large arrays go to the parallel kernels, busy as the machine may be


def agree(got, expected):
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (got, expected)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)

x, t = np.random.default_rng(0).normal(size=(2, 1, 5, 4, 3)).astype(np.float32)
agree(elementwise.sigmoid(x), e.sigmoid(x))
agree(elementwise.softplus(x), e.softplus(x))
agree(elementwise.bce_with_logits(x, t), e.bce_with_logits(x, t))
agree(elementwise.relu(x), e.relu(x))
agree(elementwise.relu_grad(t, x), e.relu_grad(t, x))
points = t.reshape(-1, 3), x.reshape(-1, 6)[:, :3].sum(1).repeat(2), x.reshape(-1, 3), t.reshape(-1, 3)[:, :2].copy()
agree(coupling.affine_coupling(*points[2:], 1), c.affine_coupling(*points[2:], 1))
agree(coupling.affine_coupling_grad(*points, 1), c.affine_coupling_grad(*points, 1))
layers = (x.reshape(-1, 12)[:3, :3].copy(), t.reshape(-1, 4)[:3].copy()), (x.ravel()[:3].copy(), t.ravel()[:4].copy())
for name in mlp.CODES:
    outputs = m.multilayer_perceptron(points[2], *layers, name)
    agree(mlp.multilayer_perceptron(points[2], *layers, name), outputs)
    backward = outputs[-1], (points[2], outputs[0]), layers[0], [None] * 4, True, name
    agree(mlp.multilayer_perceptron_grad(*backward), m.multilayer_perceptron_grad(*backward))
standard = n.standardize(x, 1e-5)
agree(norm.standardize(x, 1e-5), standard)
agree(norm.standardize_grad(t, standard[0], standard[2], 1e-5), n.standardize_grad(t, standard[0], standard[2], 1e-5))
for x4, t4 in ((x, t), (np.tile(x[:, :1], (1, 9000, 1, 1)), np.tile(t[:, :1], (1, 9000, 1, 1)))):
    affine = x4, x4[0, 0].ravel(), t4[0, 0].ravel()
    for name, options in (("silu", (1e-5,)), ("leaky_relu", (1e-5, 0.2))):
        results = []
        for module in (activated, a):
            y, *statistics = getattr(module, f"normalize_{name}")(*affine, *options)
            gradients = getattr(module, f"normalize_{name}_grad")(t4, *affine, *statistics, *options)
            results.append((y, *statistics, *(v / len(v.ravel()) for v in gradients)))
        agree(*results)
    agree(reduce.softmax(x4, -1), d.softmax(x4, -1))
    agree(reduce.softmax_grad(t4, x4, -1), d.softmax_grad(t4, x4, -1))
    agree(shape.cut(shape.concatenate((x4, t4), 3), (3, 3), 3), (x4, t4))
    agree(sums.add(x4, t4), x4 + t4)
    agree(sums.sum(x4, (0, 1)) / len(x4[0]), x4.mean((0, 1), np.float64))
bins = np.tile(t.reshape(-1, 5), (9000, 1))
values = bins[:, 0].copy(), bins[:, 1].copy(), bins[:, 2] * 2
agree(spline.rational_quadratic_spline(values[2], bins, 2.0), l.rational_quadratic_spline(values[2], bins, 2.0))
gradients = (*values, bins, 2.0)
agree(spline.rational_quadratic_spline_grad(*gradients), l.rational_quadratic_spline_grad(*gradients))
agree(rectified.leaky_relu(x, 0.2), e.leaky_relu(x, 0.2))
agree(rectified.leaky_relu_grad(t, x, 0.2), e.leaky_relu_grad(t, x, 0.2))
window = (2, 2), (1, 2), (1, 0)
values, indices = p.max_pool2d(x, *window)
agree(pool.max_pool2d(x, *window), (values, indices))
agree(pool.pool_gather(x, indices), values)
agree(pool.pool_scatter(values, indices, (5, 4)), p.pool_scatter(values, indices, (5, 4)))
agree(pool.avg_pool2d(x, *window), p.avg_pool2d(x, *window))
agree(pool.avg_pool2d_adjoint(values, (5, 4), *window), p.avg_pool2d_adjoint(values, (5, 4), *window))
agree(random.philox_bits(2**64 - 1, 2**64 - 1, 2**66 - 4, 4), r.philox_bits(2**64 - 1, 2**64 - 1, 2**66 - 4, 4))
for dtype in (np.float32, np.float64):
    agree(random.philox_uniform(1, 2, 3, 9, dtype), r.philox_uniform(1, 2, 3, 9, dtype))
    assert (random.philox_normal(1, 2, 3, 9, dtype) == r.philox_normal(1, 2, 3, 9, dtype)).all()
got, expected = np.ones((2, 4, 7), np.float32)
for module, state in ((optim, got), (o, expected)):
    module.adam_step(*state, 3, 0.1, 0.9, 0.99, 1e-8, 0.1, 0.1)
    module.sgd_step(*state[:3], 0.1, 0.9, 0.1, 0.1, True, False)
    module.lerp_(state[3], state[0], 0.1)
    agree(np.array(module.squared_norm(state)), np.array(np.square(state).sum()))
agree(got, expected)
"""


@pytest.mark.needs_jit
@pytest.mark.parametrize("module", MODULES)
def test_names_and_signatures_are_those_of_the_reference(module):
    cpu, reference = (importlib.import_module(f"minigen.backends.{b}.{module}") for b in ("cpu", "reference"))
    kernels = [f for name, f in vars(cpu).items() if inspect.isfunction(f) and f.__module__ == cpu.__name__]
    public = [f for f in kernels if not f.__name__.startswith("_")]
    assert public
    for kernel in public:
        assert inspect.signature(kernel) == inspect.signature(getattr(reference, kernel.__name__))


def test_every_kernel_runs_without_the_compiler(script):
    script(EVERY_KERNEL.replace("9000", "9"), NUMBA_DISABLE_JIT="1")  # loops of plain Python: short ones


@pytest.mark.needs_jit
def test_a_second_process_compiles_nothing(second_process_compiles_nothing):
    second_process_compiles_nothing(EVERY_KERNEL)


@pytest.mark.needs_jit
def test_a_kernel_is_announced_when_it_is_compiled_and_only_then():
    @numba.njit
    def twice(x):
        return 2 * x

    @numba.njit
    def kernel(x):
        return np.zeros(3)[0] + twice(x)  # np.zeros compiles parts of Numba's, whose names say nothing

    names = []
    with backends.compiling_announced(names.append):
        kernel(1.0)
        assert sorted(names) == ["kernel", "twice"]
        kernel(2.0)
    kernel(1)  # other types, but nobody listens any more
    assert len(names) == 2
    with backends.backend("reference"), backends.compiling_announced(names.append):
        kernel(1j)
    assert len(names) == 2
