"""Clipping: PyTorch's results, and what a norm that is not finite does."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import optim
from minigen.errors import NonFiniteError, UserError


def with_gradients(scale=1.0, dtype=np.float32):
    rng = np.random.default_rng(0)
    ps = [minigen.Parameter(np.zeros(shape, dtype)) for shape in [(3, 4), (5,), ()]]
    for p in ps:
        p.grad = minigen.tensor((scale * rng.standard_normal(p.shape)).astype(dtype))
    return ps


def flat(ps):
    return np.concatenate([p.grad.numpy().ravel() for p in ps])


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_the_norm_is_bounded_and_the_direction_kept(scale, max_norm):
    ps = with_gradients(scale, np.float64)
    before = flat(ps)
    norm = optim.clip_grad_norm_(ps, max_norm)
    assert isinstance(norm, float) and norm == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(flat(ps)) == pytest.approx(min(norm, max_norm * norm / (norm + 1e-6)), rel=1e-9)
    np.testing.assert_allclose(flat(ps) * norm, before * np.linalg.norm(flat(ps)), rtol=1e-9)
    if norm + 1e-6 <= max_norm:
        np.testing.assert_array_equal(flat(ps), before)


@given(st.floats(0, 2))
def test_values_are_bounded(limit):
    ps = with_gradients(dtype=np.float64)
    before = flat(ps)
    optim.clip_grad_value_(ps, limit)
    np.testing.assert_array_equal(flat(ps), np.clip(before, -limit, limit))


def test_torch(torch):
    ps = with_gradients(3.0)
    oracle = [torch.nn.Parameter(torch.zeros(p.shape)) for p in ps]
    for p, q in zip(ps, oracle, strict=True):
        q.grad = torch.tensor(p.grad.numpy().copy())
    norm, norm2 = optim.clip_grad_norm_(ps, 1.0), torch.nn.utils.clip_grad_norm_(oracle, 1.0)
    assert norm == pytest.approx(norm2.item(), rel=1e-6)
    np.testing.assert_allclose(flat(ps), np.concatenate([q.grad.numpy().ravel() for q in oracle]), rtol=1e-6)


def test_frozen_parameters_do_not_count():
    ps = with_gradients()
    ps[0].requires_grad_(False)
    before, norm = ps[0].grad.numpy().copy(), np.linalg.norm(flat(ps[1:]))
    assert optim.clip_grad_norm_(ps, 0.1) == pytest.approx(norm)
    np.testing.assert_array_equal(ps[0].grad.numpy(), before)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_norm_that_is_not_finite_is_reported_or_raised(value):
    ps = with_gradients()
    ps[1].grad[2] = value
    before = flat(ps)
    with pytest.raises(NonFiniteError, match=r"parameters are not finite: 1 \(5,\)"):
        optim.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(flat(ps), before)
    assert not math.isfinite(optim.clip_grad_norm_(ps, 1.0))


def test_bad_limits_are_refused():
    for clip in (optim.clip_grad_norm_, optim.clip_grad_value_):
        with pytest.raises(UserError, match="at least 0"):
            clip(with_gradients(), -1.0)
        with pytest.raises(UserError, match="no parameters"):
            clip([], 1.0)


@given(st.integers(0, 99))
def test_the_total_norm_is_that_of_all_gradients_joined(seed):
    rng = np.random.default_rng(seed)
    parameters = [minigen.Parameter(np.zeros(shape)) for shape in ((3, 2), (5,), ())]
    gradients = [rng.normal(size=p.shape) for p in parameters]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = minigen.tensor(g)
    joined = np.concatenate([g.ravel() for g in gradients])
    assert optim.get_total_norm(parameters) == pytest.approx(np.linalg.norm(joined), rel=1e-12)
    for p, g in zip(parameters, gradients, strict=True):
        np.testing.assert_array_equal(p.grad.numpy(), g)
