"""EMA: a weighted mean of the weights after each update, never of the initial ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import optim
from minigen.errors import CheckpointError, GraphError, UserError


def parameters(dtype=np.float64):
    return [minigen.Parameter(np.full(shape, 100.0, dtype)) for shape in [(3, 2), (2,), ()]]


def history(steps):
    return [np.random.default_rng(t).standard_normal() for t in range(steps)]


def follow(ps, average, values):
    for value in values:
        for p in ps:
            p.copy_(value)
        average.update()


def mean_of(ps, average):
    with average.applied():
        values = {float(v) for p in ps for v in p.numpy().ravel()}
    assert len(values) == 1
    return values.pop()


@given(st.floats(0, 0.9999), st.floats(1, 100), st.integers(1, 12))
def test_the_average_is_a_weighted_mean_that_the_initial_weights_are_not_part_of(decay, warmup, steps):
    ps = parameters()
    average = optim.EMA(ps, decay, warmup)
    assert mean_of(ps, average) == 100
    follow(ps, average, history(steps))
    decays = [min(decay, (1 + t) / (warmup + t)) for t in range(steps)]
    weights = np.array([(1 - d) * np.prod(decays[t + 1 :]) for t, d in enumerate(decays)])
    assert mean_of(ps, average) == pytest.approx(weights @ history(steps) / weights.sum(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("warmup", [1, 10])
def test_after_one_update_the_average_is_the_parameter(warmup):
    ps = parameters(np.float32)
    average = optim.EMA(ps, 0.9999, warmup)
    follow(ps, average, [3.0])
    assert mean_of(ps, average) == 3.0


def test_the_weights_come_back_after_an_exception_too_and_graphs_notice():
    ps = parameters()
    average = optim.EMA(ps)
    follow(ps, average, [1.0, 2.0])
    loss = (ps[0] * ps[0]).sum()
    with pytest.raises(KeyError), average.applied():
        assert ps[0].numpy()[0, 0] < 2
        raise KeyError
    assert all((p.numpy() == 2).all() for p in ps)
    with pytest.raises(GraphError, match="changed in place"):
        loss.backward()


def test_no_update_and_no_second_application_inside():
    average = optim.EMA(parameters())
    with average.applied():
        with pytest.raises(GraphError, match="leave the block"):
            average.update()
        with pytest.raises(GraphError, match="already"), average.applied():
            pass
    average.update()


def test_state_round_trip():
    ps, others = parameters(), parameters()
    average, resumed = optim.EMA(ps), optim.EMA(others)
    follow(ps, average, history(5))
    resumed.load_state_dict(average.state_dict())
    for a, rest in ((average, ps), (resumed, others)):
        follow(rest, a, [0.5, 0.7])
    assert mean_of(ps, average) == mean_of(others, resumed)
    with pytest.raises(CheckpointError, match="lacks product"):
        resumed.load_state_dict({"updates": 3})
    with pytest.raises(CheckpointError, match="another model"):
        resumed.load_state_dict({"updates": 3, "product": 0.5, "average.float64": np.zeros(2)})


def test_training_with_an_average_lets_the_optimiser_be():
    ps, alone = parameters(), parameters()
    average = optim.EMA(ps, 0.9)
    for members, extra in ((ps, average), (alone, None)):
        optimiser = optim.Adam(members, lr=0.1)
        for _ in range(5):
            optimiser.zero_grad()
            sum((p * p).sum() for p in members).backward()
            optimiser.step()
            if extra:
                extra.update()
                with extra.applied():
                    pass
    for p, q in zip(ps, alone, strict=True):
        np.testing.assert_array_equal(p.numpy(), q.numpy())


def test_bad_arguments_are_refused():
    for options in ({"decay": 1.0}, {"decay": -0.1}, {"warmup": 0}):
        with pytest.raises(UserError, match="EMA's"):
            optim.EMA(parameters(), **options)
    with pytest.raises(UserError, match="no parameters"):
        optim.EMA([])
