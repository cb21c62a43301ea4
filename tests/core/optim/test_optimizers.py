"""SGD, Adam and AdamW: PyTorch's trajectories, groups, frozen and tied parameters, resuming."""

import numpy as np
import pytest

import minigen
from minigen import nn, optim
from minigen.errors import CheckpointError, GraphError, UserError
from minigen.testing.trajectories import gradients, initial, push


def parameters(dtype=np.float64, seed=0):
    return [minigen.Parameter(w) for w in initial(dtype, seed)]


def train(ps, optimiser, steps, start=0):
    for t in range(start, start + steps):
        optimiser.zero_grad()
        push(ps, t)
        optimiser.step()
    return [p.numpy().copy() for p in ps]


def test_a_model_trained_by_our_gradients_follows_torch(torch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16, 4)), rng.standard_normal((16, 2))
    model = nn.Sequential(
        nn.Linear(4, 8, rng=rng, dtype=np.float64), nn.Tanh(), nn.Linear(8, 2, rng=rng, dtype=np.float64)
    )
    oracle = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()
    with torch.no_grad():
        for p, q in zip(model.parameters(), oracle.parameters(), strict=True):
            q.copy_(torch.tensor(p.numpy().T.copy()))
    ours, theirs = optim.Adam(model.parameters(), lr=0.01), torch.optim.Adam(oracle.parameters(), lr=0.01)
    for _ in range(100):
        ours.zero_grad()
        loss = ((model(minigen.tensor(x)) - minigen.tensor(y)) ** 2).mean()
        loss.backward()
        optim.clip_grad_norm_(model.parameters(), 0.5)
        ours.step()
        theirs.zero_grad()
        loss2 = ((oracle(torch.tensor(x)) - torch.tensor(y)) ** 2).mean()
        loss2.backward()
        torch.nn.utils.clip_grad_norm_(oracle.parameters(), 0.5)
        theirs.step()
        assert loss.item() == pytest.approx(loss2.item(), rel=1e-6)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_a_resumed_run_is_bit_identical(kind):
    options = {"lr": optim.LinearWarmup(5, optim.Cosine(0.01, 30))} | ({"momentum": 0.9} if kind == "SGD" else {})
    build = getattr(optim, kind)
    whole, ps, again = parameters(np.float32), parameters(np.float32), parameters(np.float32, seed=9)
    expected = train(whole, build(whole, **options), 20)
    first = build(ps, **options)
    values, state = train(ps, first, 8), first.state_dict()
    for p, w in zip(again, values, strict=True):
        p.copy_(w)
    second = build(again, **options)
    second.load_state_dict(state)
    assert second.lr == first.lr
    train(ps, first, 3, start=8)  # the state is a copy
    for a, b in zip(train(again, second, 12, start=8), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_state_does_not_depend_on_the_layout():
    """Saved with all parameters packed together, loaded where two of them already lay elsewhere."""
    ps, others = parameters(), parameters()
    first = optim.Adam(ps)
    train(ps, first, 3)
    optim.FlatBuffer(others[2:])
    second = optim.Adam(others)
    second.load_state_dict(first.state_dict())
    for a, b in zip(first.state_dict().items(), second.state_dict().items(), strict=True):
        assert a[0] == b[0]
        np.testing.assert_array_equal(a[1], b[1])


def test_a_foreign_state_is_refused_and_nothing_changes():
    ps = parameters()
    optimiser, state = optim.Adam(ps), optim.Adam(parameters()).state_dict()
    train(ps, optimiser, 2)
    before = optimiser.state_dict()
    short = state | {"exp_avg_sq.float64": np.zeros(3)}
    for bad in ({}, {"step": 1}, short, optim.SGD(parameters()).state_dict(), optim.Adam(ps[:2]).state_dict()):
        with pytest.raises(CheckpointError, match="another model or optimiser"):
            optimiser.load_state_dict(bad)
    for name, value in optimiser.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_groups_have_their_own_hyper_parameters():
    ps, alone = parameters(), parameters()
    groups = [{"params": ps[:2], "lr": 0.1}, {"params": iter(ps[2:]), "weight_decay": 0.5}]
    together = train(ps, optim.AdamW(groups, lr=0.01, weight_decay=0.0), 5)
    first, second = optim.AdamW(alone[:2], lr=0.1, weight_decay=0), optim.AdamW(alone[2:], lr=0.01, weight_decay=0.5)
    for t in range(5):
        first.zero_grad()
        second.zero_grad()
        push(alone, t)
        first.step()
        second.step()
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


def test_a_frozen_parameter_stays_and_thaws_with_its_own_bias_correction(torch):
    ps = parameters()
    oracle = [torch.nn.Parameter(torch.tensor(w)) for w in initial()]
    ours, theirs = optim.Adam(ps, lr=0.01, weight_decay=0.1), torch.optim.Adam(oracle, lr=0.01, weight_decay=0.1)
    for t in range(10):
        ps[1].requires_grad_(t >= 5)
        train(ps, ours, 1, start=t)
        for i, (q, g) in enumerate(zip(oracle, gradients(t), strict=True)):
            q.grad = None if i == 1 and t < 5 else torch.tensor(g)
        theirs.step()
        if t == 4:
            np.testing.assert_array_equal(ps[1].numpy(), initial()[1])
    for p, q in zip(ps, oracle, strict=True):
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=1e-9)


def test_a_tied_parameter_is_updated_once_by_the_sum_of_its_gradients():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 3, bias=False, rng=rng, dtype=np.float64))
    model.append(model[0])
    before, x = model[0].weight.numpy().copy(), rng.standard_normal((2, 3))
    optimiser = optim.SGD(model.parameters(), lr=0.1)
    model(minigen.tensor(x)).sum().backward()
    optimiser.step()
    gradient = np.outer(x.sum(0), before.sum(1)) + np.outer((x @ before).sum(0), np.ones(3))
    np.testing.assert_allclose(model[1].weight.numpy(), before - 0.1 * gradient)


def test_a_step_between_forward_and_backward_is_an_error():
    ps = parameters()
    optimiser = optim.SGD(ps, lr=0.1)
    loss = (ps[0] * ps[0]).sum()
    optimiser.step()
    with pytest.raises(GraphError, match="changed in place"):
        loss.backward()


def test_one_optimisers_step_leaves_the_graphs_of_other_parameters_alone():
    ps = parameters()
    optim.EMA(ps)  # one buffer for all
    ours, other = optim.SGD(ps[:2], lr=0.1), optim.SGD(ps[2:], lr=0.1)
    loss = (ps[3] * ps[3]).sum()
    ours.step()
    loss.backward()
    other.step()


def test_the_learning_rate_is_the_schedules_at_this_step():
    p = minigen.Parameter(np.zeros(1))
    optimiser = optim.SGD([p], lr=lambda t: 10.0**-t)
    for t, total in enumerate([1, 1.1, 1.11]):
        assert optimiser.lr == pytest.approx(10.0**-t)
        optimiser.zero_grad()
        (-p).sum().backward()
        optimiser.step()
        assert p.item() == pytest.approx(total)
    optimiser.param_groups[0]["lr"] = 0.5
    assert optimiser.lr == 0.5 and "10,000" not in repr(optimiser) and "1 numbers in 1 parameters" in repr(optimiser)


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda ps: optim.SGD([]), "no parameters"),
        (lambda ps: optim.SGD([{"params": []}]), "no parameters"),
        (lambda ps: optim.SGD(ps[0]), "single Parameter"),
        (lambda ps: optim.SGD(ps, lr=-0.1), "lr is -0.1"),
        (lambda ps: optim.SGD(ps, lr=float("nan")), "lr is nan"),
        (lambda ps: optim.SGD(ps, momentum=-1), "momentum"),
        (lambda ps: optim.SGD(ps, nesterov=True), "nesterov"),
        (lambda ps: optim.SGD(ps, momentum=0.9, dampening=0.1, nesterov=True), "nesterov"),
        (lambda ps: optim.Adam(ps, betas=(0.9, 1.0)), "betas"),
        (lambda ps: optim.Adam(ps, betas=(0.9,)), "betas"),
        (lambda ps: optim.Adam(ps, eps=-1e-8), "eps"),
        (lambda ps: optim.AdamW(ps, weight_decay=-1), "weight_decay"),
        (lambda ps: optim.Adam([{"params": ps, "momentum": 0.9}]), "keys"),
        (lambda ps: optim.Adam([{"lr": 0.9}]), "keys"),
        (lambda ps: optim.Adam([{"params": ps[:2]}, {"params": ps[1:]}]), "twice"),
    ],
)
def test_bad_arguments_are_refused(build, message):
    with pytest.raises(UserError, match=message):
        build(parameters())
