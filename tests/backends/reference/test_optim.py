"""Laws of the update rules, for the reference and the cpu kernels alike where Numba is there."""

import importlib

import numpy as np
import pytest

from minigen.errors import ShapeError

STEPS, SIZE = 100, 37


@pytest.fixture(params=["reference", "cpu"], scope="module")
def optim(request):
    if request.param == "cpu":
        pytest.importorskip("numba")
    return importlib.import_module(f"minigen.backends.{request.param}.optim")


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    return rng.normal(size=SIZE), rng.normal(size=(STEPS, SIZE))


def torch_run(torch, optimizer, param, grads, **settings):
    p = torch.tensor(param.copy(), requires_grad=True)
    stepper = getattr(torch.optim, optimizer)([p], **settings)
    for g in grads:
        p.grad = torch.tensor(g.copy())
        stepper.step()
    return p.detach().numpy()


@pytest.mark.parametrize("name, l2, decay", [("Adam", 0, 0), ("Adam", 0.1, 0), ("AdamW", 0, 0.1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_agrees_with_torch(torch, optim, problem, name, l2, decay, dtype):
    param, grads = (a.astype(dtype) for a in problem)
    expected = torch_run(torch, name, param, grads, lr=1e-2, betas=(0.8, 0.95), weight_decay=l2 + decay)
    m, v = np.zeros(SIZE, dtype), np.zeros(SIZE, dtype)
    for step, g in enumerate(grads, 1):
        optim.adam_step(param, g, m, v, step, 1e-2, 0.8, 0.95, 1e-8, l2, decay)
    np.testing.assert_allclose(param, expected, atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"momentum": 0},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True},
    ],
)
def test_sgd_agrees_with_torch(torch, optim, problem, settings):
    param, grads = problem
    expected = torch_run(torch, "SGD", param, grads, lr=1e-2, **settings)
    velocity = np.full(SIZE, np.nan) if settings["momentum"] else None
    options = settings["momentum"], settings.get("dampening", 0), settings.get("weight_decay", 0)
    for i, g in enumerate(grads):
        optim.sgd_step(param, g, velocity, 1e-2, *options, settings.get("nesterov", False), i == 0)
    np.testing.assert_allclose(param, expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_hold_no_subnormals(optim, dtype):
    tiny = np.finfo(dtype).tiny
    param, grad = np.ones(5, dtype), np.zeros(5, dtype)
    m = np.array([tiny, -tiny, 3 * tiny, 0, 1], dtype)
    v = np.array([tiny, tiny, 3 * tiny, 0, 1], dtype)
    velocity = m.copy()
    optim.adam_step(param, grad, m, v, 1, 0.0, 0.5, 0.5, 1e-8, 0.0, 0.0)
    optim.sgd_step(param, grad, velocity, 0.0, 0.5, 0.0, 0.0, False, False)
    for moment in (m, v, velocity):
        np.testing.assert_array_equal(moment, np.array([0, 0, 1.5 * tiny, 0, 0.5], dtype))


def test_squared_norm_adds_in_float64(optim):
    x = np.full(100_000, 1e-4, np.float32)
    x[0] = 1e4
    exact = float(x[0]) ** 2 + 99_999 * float(x[1]) ** 2
    assert optim.squared_norm(x) == pytest.approx(exact, rel=1e-12)
    assert optim.squared_norm(np.zeros(0)) == 0.0


def test_lerp(optim):
    average, x = np.array([0.0, 1.0]), np.array([1.0, 1.0])
    optim.lerp_(average, x, 0.25)
    np.testing.assert_array_equal(average, [0.25, 1.0])


def test_scale_clamp_and_all_finite():
    reference = importlib.import_module("minigen.backends.reference.optim")
    x = np.array([-3.0, np.nan, 0.5])
    reference.scale_(x, 2.0)
    np.testing.assert_array_equal(x, [-6.0, np.nan, 1.0])
    reference.clamp_(x, 2.0)
    np.testing.assert_array_equal(x, [-2.0, np.nan, 1.0])
    assert not reference.all_finite(x) and not reference.all_finite(np.array([np.inf])) and reference.all_finite(x[2:])


@pytest.mark.parametrize("sizes", [(37, 20), (20, 37), (37, 1), (1, 37)])
@pytest.mark.parametrize("late", [False, True])
def test_buffers_of_different_sizes_are_refused_and_left(optim, sizes, late):
    """Nothing is broadcast, and nothing written; `late`: the last buffer is the one that differs."""
    a, b = (np.ones(size, np.float32) for size in sizes)
    adam = (a, a.copy(), a.copy(), b) if late else (a, b, a.copy(), a.copy())
    sgd = (a, a.copy(), b) if late else (a, b, a.copy())
    for update in (
        lambda: optim.adam_step(*adam, 1, 0.1, 0.9, 0.99, 1e-8, 0.0, 0.0),
        lambda: optim.sgd_step(*sgd, 0.1, 0.9, 0.0, 0.0, False, True),
        lambda: optim.lerp_(a, b, 0.5),
    ):
        with pytest.raises(ShapeError, match=rf"\({sizes[1]},\).* pass all of one shape"):
            update()
    assert all((x == 1).all() for x in (*adam, *sgd))


def test_gradient_descent_without_momentum_checks_its_gradient(optim):
    with pytest.raises(ShapeError):
        optim.sgd_step(np.ones(3), np.ones(1), None, 0.1, 0, 0.0, 0.0, False, True)
